"""A run's folder, as it is, is a model that MLflow loads, and that says what Gridfold's says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.local_jobs import LocalJob

FRAMES, MLFLOW = (Path(sys.prefix) / f"gridfold-{name}" for name in ("frames", "mlflow"))
PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow.pyfunc, mlflow.sklearn, pandas as pd
import gridfold
folder = sys.argv[1]
X = pd.DataFrame({"age": [20.0, 80.0, None], "dose": [9, 0, 3], "city": ["Rom", None, "a city that is new"]})
ours, theirs = gridfold.open_run(folder).load_model(), mlflow.sklearn.load_model(folder)
flavor = mlflow.pyfunc.load_model(folder)
print(json.dumps([
    [ours.predict(X).tolist(), theirs.predict(X).tolist(), flavor.predict(X).tolist()],
    [ours.predict_proba(X).tolist(), theirs.predict_proba(X).tolist()],
    flavor.metadata.flavors["sklearn"]["sklearn_version"],
]))
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJob]:
    if not MLFLOW.exists():
        pytest.skip(f"MLflow is not in {MLFLOW}; `make test` installs it")
    job = LocalJob(tmp_path_factory.mktemp("mlflow"))
    job.write(search={"grid": [{"max_iter": [5, 20]}]}, estimator={"className": TRUSTED})
    code, _, err = job.run()
    assert code == 0, err
    yield job
    job.close()


#: Its model holds a type that skops must be told to trust.
TRUSTED = "sklearn.ensemble.HistGradientBoostingClassifier"


def test_mlflow_loads_the_folder_and_its_model_has_the_same_predictions_and_probabilities(job: LocalJob) -> None:
    status = json.loads((job.results() / "status.json").read_text())
    assert status["trustedTypes"] != []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (MLFLOW, FRAMES)))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(job.results())],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    predictions, probabilities, version = json.loads(done.stdout)
    assert predictions[0] == predictions[1] == predictions[2]
    assert probabilities[0] == probabilities[1]
    assert version == status["versions"]["scikit-learn"]


def test_what_it_requires_are_the_versions_of_the_run(job: LocalJob) -> None:
    status = json.loads((job.results() / "status.json").read_text())
    lines = (job.results() / "requirements.txt").read_text().splitlines()
    versions = dict(line.split("==") for line in lines if "==" in line)
    for name in ("numpy", "scipy", "scikit-learn"):
        assert versions[name] == status["versions"][name]
    assert {"skops", "pandas"} <= versions.keys() and "mlflow" in lines
    assert {"MLmodel", "requirements.txt", "python_env.yaml"} <= status["files"].keys()
