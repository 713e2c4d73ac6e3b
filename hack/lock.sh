#!/bin/sh
# Resolve every requirement file again, with hashes and without any index address.
# usage: hack/lock.sh [--upgrade]      needs: uv on the PATH
set -eu
cd "$(dirname "$0")/.."
lock() {  # lock NAME CONSTRAINTS EXTRA...
  name=$1; constraints=$2; shift 2
  set -- $(for extra in "$@"; do printf -- '--extra %s ' "$extra"; done)
  uv pip compile pyproject.toml "$@" $constraints ${upgrade:-} --quiet --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file "requirements/$name.txt"
}
upgrade=${1:-}
lock all "" operator aws trainer local dev
upgrade=
lock operator "--constraint requirements/all.txt" operator
# boto3 is in the operator's image only where that is built with it: what the operator has already is not repeated there.
lock aws "--constraint requirements/all.txt" aws
python3 hack/lock_subtract.py requirements/aws.txt requirements/operator.txt
lock trainer "--constraint requirements/all.txt" trainer
# pandas, polars and Jinja2 live in a folder of their own: what the trainer has already is not repeated there.
lock frames "--constraint requirements/all.txt" frames
python3 hack/lock_subtract.py requirements/frames.txt requirements/trainer.txt
# The development environment holds everything but that folder; moto needs markupsafe there, too.
lock dev "" operator aws trainer local dev
python3 hack/lock_subtract.py requirements/dev.txt requirements/frames.txt markupsafe
lock_one() {  # lock_one NAME REQUIREMENTS OPTION...
  name=$1; wanted=$2; shift 2
  printf '%s\n' "$wanted" | uv pip compile - "$@" --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate --output-file "requirements/$name.txt"
}
lock_one build hatchling
# What writes a release's lists of what it is made of, and judges them by CycloneDX's schema: in a folder of its own.
lock_one sbom 'cyclonedx-python-lib[json-validation]'
# What pandas.to_parquet wants, and what images with pandas have: for the benchmarks' peers alone.
lock_one benchmark pyarrow
# A peer with much of its own, which has an environment of its own.
lock_one ray 'ray[tune]'
# What platforms allow beside scikit-learn most often: for the oracle suite alone, so without what they depend on.
lock_one boosters 'lightgbm ; sys_platform == "linux"
xgboost-cpu ; sys_platform == "linux"' --no-deps
# What the oracle suite compares analyses of variance with; the rest that it needs is there.
lock_one statistics 'statsmodels
patsy' --no-deps
# The documentation as a site.
lock_one site 'sphinx
myst-parser
furo'
# MLflow with its server, for tests: what the environment has already is not repeated there, and what neither server nor
# models of scikit-learn need is left out: drawing, Arrow, containers, other systems.
left_out=$(for name in contourpy cycler docker fonttools kiwisolver matplotlib pillow pyarrow pyparsing pywin32 waitress
  do printf -- '--no-emit-package %s ' "$name"; done)
lock_one mlflow mlflow $left_out
python3 hack/lock_subtract.py requirements/mlflow.txt requirements/dev.txt
python3 hack/lock_subtract.py requirements/mlflow.txt requirements/frames.txt
rm requirements/all.txt
