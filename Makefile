# One command each. Everything is set up by the targets themselves; a second run reuses what is there.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FRAMES := $(VENV)/gridfold-frames
PEERS  := $(VENV)/gridfold-peers
BOOSTERS := $(VENV)/gridfold-boosters
STATISTICS := $(VENV)/gridfold-statistics
MLFLOW := $(VENV)/gridfold-mlflow
SITE   := $(VENV)/gridfold-site
RAY    := $(VENV)/gridfold-ray
SBOM   := $(VENV)/gridfold-sbom
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-long check format docs crds lock images manifests release cluster-up cluster-down benchmark benchmark-scale benchmark-nodes chaos chaos-local clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(VENV)/ready ## Make the development environment in .venv.

# pandas, polars and Jinja2 lie in a folder of their own: scikit-learn imports pandas wherever it sees it, and cells must not.
$(VENV)/ready: requirements/dev.txt requirements/build.txt requirements/frames.txt pyproject.toml
	@echo "Setting up $(VENV) (about a minute the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/build.txt
	@rm -rf $(FRAMES) && $(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(FRAMES) -r requirements/frames.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(VENV)/lib $(FRAMES) || true
	@touch $@

demo: setup ## Tune on scikit-learn's breast-cancer data, on this machine.
	@$(BIN)/python hack/demo.py

# LightGBM and XGBoost, which a platform may allow: the oracle suite runs them, the trainer never has them by itself.
$(BOOSTERS)/ready: requirements/boosters.txt | setup
	@rm -rf $(BOOSTERS) && mkdir $(BOOSTERS)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(BOOSTERS) -r $<
	@$(BIN)/python -m compileall -q $(BOOSTERS) || true
	@touch $@

# statsmodels: the oracle suite compares analyses of variance with its.
$(STATISTICS)/ready: requirements/statistics.txt | setup
	@rm -rf $(STATISTICS) && mkdir $(STATISTICS)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(STATISTICS) -r $<
	@touch $@

# MLflow with its server: tests have it load the folder of a run, and take runs.
$(MLFLOW)/ready: requirements/mlflow.txt | setup
	@rm -rf $(MLFLOW) && mkdir $(MLFLOW)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(MLFLOW) -r $<
	@$(BIN)/python -m compileall -q $(MLFLOW) || true
	@touch $@

# Sphinx, which makes the documentation a site; a test does so, too.
$(SITE)/ready: requirements/site.txt | setup
	@rm -rf $(SITE) && mkdir $(SITE)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(SITE) -r $<
	@touch $@

docs: $(SITE)/ready ## Make the documentation a site, in dist/site; a link that leads nowhere is an error.
	@PYTHONPATH=$(SITE) $(BIN)/python -m sphinx -q -W --keep-going -n -c docs/site . dist/site
	@echo "Open dist/site/docs/README.html"

# What writes a release's lists of what it is made of.
$(SBOM)/ready: requirements/sbom.txt | setup
	@rm -rf $(SBOM) && $(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(SBOM) -r $<
	@touch $@

# Two at a time, who takes over what the other has not begun.
WITHOUT_CLUSTER := $(BIN)/python -m pytest --numprocesses 2 --dist worksteal
# Two at a time, each of which starts a cluster for itself; one that is there already is for one at a time. On a cluster
# that is broken every further test fails as well, after its longest wait.
ON_CLUSTER := $(BIN)/python -m pytest $(if $(GRIDFOLD_TEST_KUBECONFIG),,--numprocesses 2 --dist loadfile) --verbose --maxfail 20
# Both, of a choice; what fails without a cluster does not keep those on clusters from running.
BOTH = $(WITHOUT_CLUSTER) -m "not cluster and $(1)" && found=0 || found=1; $(ON_CLUSTER) -m "cluster and $(1)" && exit $$found
PEERS_OF_TESTS := $(BOOSTERS)/ready $(STATISTICS)/ready $(MLFLOW)/ready $(SITE)/ready $(SBOM)/ready

test: setup $(PEERS_OF_TESTS) ## Run the tests, those on a real Kubernetes cluster included, but for the long ones.
	@$(call BOTH,not long)

test-fast: setup $(PEERS_OF_TESTS) ## Run those of them that need no cluster.
	@$(WITHOUT_CLUSTER) -m "not cluster and not long"

test-long: setup $(PEERS_OF_TESTS) ## Run the long ones: whole sweeps, long waits, what takes minutes.
	@$(call BOTH,long)

# A story is three faults at three steps of one job: 14 of them are 42 combinations.
N ?= 14
chaos: setup ## Play N drawn stories of faults on the real cluster, and 1,000 × N in the simulated one; print tables.
	@$(BIN)/python -m tests.faults 0 $$(( 1000 * $(N) ))
	@GRIDFOLD_CHAOS=$(N) $(BIN)/python -m pytest -q -p no:randomly tests/e2e/test_fault_matrix.py

chaos-local: setup ## Kill `gridfold run` at 50 moments, and start it again.
	@GRIDFOLD_CHAOS=50 $(BIN)/python -m pytest -q -p no:randomly tests/e2e/test_local_kills.py

check: setup ## Format and lint, types, layers, CRD drift.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python hack/crds.py --check && $(BIN)/python hack/field_reference.py --check
	@$(BIN)/python hack/dashboard.py --check && $(BIN)/python hack/chart_readme.py --check

format: setup ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

crds: setup ## Write crds/, docs/fields.md, the chart's page and dashboard from their sources.
	@$(BIN)/python hack/crds.py && $(BIN)/python hack/field_reference.py && $(BIN)/python hack/dashboard.py && $(BIN)/python hack/chart_readme.py

lock: ## Resolve the requirement files again (needs uv).
	@hack/lock.sh --upgrade

images: ## Build both images: make images REGISTRY=registry.example.com/team [TAG=…] [PUSH=1] [AWS=1].
	@hack/build-images.sh "$(REGISTRY)" "$(TAG)"

manifests: setup ## Write the chart as plain manifests into dist/manifests: make manifests REGISTRY=registry.example.com/team [TAG=…] [NAMESPACE=…] [VALUES=FILE].
	@$(BIN)/python hack/manifests.py "$(REGISTRY)" $(TAG) $(if $(NAMESPACE),--namespace $(NAMESPACE)) $(if $(VALUES),--values $(VALUES))

release: setup $(SBOM)/ready ## Build what a release consists of into dist/VERSION; nothing is published: make release REGISTRY=registry.example.com/team [ARCHITECTURES=amd64,arm64] [BASE=…].
	@PYTHONPATH=$(SBOM) $(BIN)/python -m hack.release "$(REGISTRY)" --architectures "$(ARCHITECTURES)" --base "$(BASE)"

cluster-up: setup ## Start a real Kubernetes on this machine (Linux, root).
	@$(BIN)/python -m tests.testbed up

cluster-down: setup ## End it; nothing stays behind.
	@$(BIN)/python -m tests.testbed down

# pyarrow, which an image with pandas has; nothing of Gridfold's own may see it.
$(PEERS)/ready: requirements/benchmark.txt | setup
	@rm -rf $(PEERS) && $(BIN)/python -m pip install --quiet --require-hashes --no-deps --target $(PEERS) -r $<
	@$(BIN)/python -m compileall -q $(PEERS) || true
	@touch $@

# Ray Tune has an environment of its own.
$(RAY)/ready: requirements/ray.txt
	@rm -rf $(RAY) && $(PYTHON) -m venv $(RAY)
	@$(RAY)/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@

benchmark: setup $(PEERS)/ready $(RAY)/ready ## Print a table of ratios against peers.
	@$(BIN)/python -m tests.benchmarks

benchmark-scale: setup ## Measure the operator with 10,000 cells, 200 jobs, 1,200 jobs at rest (20 minutes; PARTS="one many rest pairs").
	@$(BIN)/python -m tests.benchmarks scale

benchmark-nodes: setup ## Measure how soon nodes are asked for, how many, how long they stay, and what ahead wins (7 minutes).
	@$(BIN)/python -m tests.benchmarks nodes

clean: ## Remove what the targets above have made here.
	@rm -rf $(VENV) demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
