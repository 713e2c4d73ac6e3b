"""A run's folder is a model that MLflow loads, and a run that is exported is one that MLflow's own client finds."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from gridfold_cli.mlflow.addresses import address_of
from gridfold_cli.mlflow.exported import IDENTITY, Exported, Metric
from gridfold_cli.mlflow.limits import names
from gridfold_cli.mlflow.sending import begin, find_run, make_experiment
from gridfold_cli.mlflow.server import MlflowServer as HttpServer
from tests.e2e.local_jobs import LocalJob
from tests.oracle.mlflow_server import MLFLOW, MlflowServer, environment, started

pytestmark = pytest.mark.long  # a real server, and MLflow itself in two processes

#: One process for all: it takes seconds to import MLflow.
PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, mlflow.pyfunc, mlflow.sklearn, pandas as pd
from mlflow import MlflowClient
import gridfold
folder, address = sys.argv[1:]
X = pd.DataFrame({"age": [20.0, 80.0, None], "dose": [9, 0, 3], "city": ["Rom", None, "a city that is new"]})
ours, flavor = gridfold.open_run(folder).load_model(), mlflow.pyfunc.load_model(folder)
mlflow.set_tracking_uri(address)
client = MlflowClient()
experiment = client.get_experiment_by_name("ill")
runs = client.search_runs([experiment.experiment_id], max_results=1000)
(whole,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
found = client.search_runs([experiment.experiment_id], "metrics.test_f1 > 0")
version = client.get_model_version_by_alias("adults", "candidate")
models = [
    ours,
    *map(mlflow.sklearn.load_model, (folder, "models:/adults@candidate", f"runs:/{whole.info.run_id}/model"))
]
print(json.dumps({
    "predictions": [model.predict(X).tolist() for model in (*models, flavor)],
    "probabilities": [model.predict_proba(X).tolist() for model in models],
    "sklearn": flavor.metadata.flavors["sklearn"]["sklearn_version"],
    "runs": [[run.info.status, run.data.params, run.data.metrics, run.data.tags] for run in runs],
    "whole": whole.info.run_id,
    "found": [run.info.run_id for run in found],
    "datasets": [[item.dataset.digest, item.dataset.name] for item in whole.inputs.dataset_inputs],
    "folds": [(metric.step, metric.value) for metric in client.get_metric_history(whole.info.run_id, "cv_f1")],
    "version": [version.version, version.run_id, version.status],
    "versions": len(client.search_model_versions("name = 'adults'")),
}))
"""
ODD_NUMBERS = (float("inf"), float("-inf"), 5e-324)
#: Its model holds a type that skops must be told to trust.
TRUSTED = "sklearn.ensemble.HistGradientBoostingClassifier"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    if not MLFLOW.exists():
        pytest.skip(f"MLflow is not in {MLFLOW}; `make test` installs it")
    with started(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def job(server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path_factory.mktemp("mlflow"))
    job.write(
        search={"grid": [{"max_iter": [5, 20], "learning_rate": [0.05, 0.3]}]},
        estimator={"className": TRUSTED, "parameters": {"max_leaf_nodes": 7}},
    )
    code, _, err = job.run()
    assert code == 0, err
    yield job
    job.close()


@pytest.fixture(scope="module")
def exported(job: LocalJob, server: MlflowServer) -> list[str]:
    """Return what two exports of the same run have said."""
    server.wait()
    options = ("--tracking-uri", server.url, "--register", "adults", "--alias", "candidate")
    said = []
    for _ in range(2):
        code, out, err = job.command("export-mlflow", *options)
        assert (code, err) == (0, ""), (out, err, server.log())
        said.append(out)
    return said


@pytest.fixture(scope="module")
def seen(job: LocalJob, server: MlflowServer, exported: list[str]) -> dict[str, Any]:
    """Return what MLflow says of the folder and of the server."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(job.results()), server.url],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=300,
    )
    assert done.returncode == 0, (done.stderr, server.log())
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def status(job: LocalJob) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((job.results() / "status.json").read_text())
    return found


def test_mlflow_loads_the_folder_and_the_exported_model_which_all_say_the_same(
    job: LocalJob, seen: dict[str, Any]
) -> None:
    assert status(job)["trustedTypes"] != []
    assert len(seen["predictions"]) == 5
    assert all(said == seen["predictions"][0] for said in seen["predictions"])
    assert all(said == seen["probabilities"][0] for said in seen["probabilities"])
    assert seen["sklearn"] == status(job)["versions"]["scikit-learn"]


def test_what_it_requires_are_the_versions_of_the_run(job: LocalJob) -> None:
    lines = (job.results() / "requirements.txt").read_text().splitlines()
    versions = dict(line.split("==") for line in lines if "==" in line)
    for name in ("numpy", "scipy", "scikit-learn"):
        assert versions[name] == status(job)["versions"][name]
    assert {"skops", "pandas"} <= versions.keys() and "mlflow" in lines
    assert {"MLmodel", "requirements.txt", "python_env.yaml"} <= status(job)["files"].keys()


def test_a_run_exported_twice_is_there_once_with_every_digit(
    job: LocalJob, exported: list[str], seen: dict[str, Any]
) -> None:
    run, (first, second) = status(job), exported
    assert "4 of 4 as nested runs, 4 of them sent now" in first
    assert "which was there" in second and "0 of them sent now" in second
    assert seen["version"] == ["1", seen["whole"], "READY"] and seen["versions"] == 1
    assert {state for state, *_ in seen["runs"]} == {"FINISHED"}
    ((_, params, metrics, tags),) = [found for found in seen["runs"] if "gridfold.status" in found[3]]
    assert params == {
        name: json.dumps(value) for name, value in {"max_leaf_nodes": 7, **run["best"]["parameters"]}.items()
    }
    assert metrics["cv_mean_f1"] == run["best"]["scores"]["f1"]["mean"]
    assert metrics["validation_f1"] == run["validation"]["f1"]
    assert [metrics["test_f1_low"], metrics["test_f1_high"]] == run["test"]["intervals"]["f1"]
    assert tags["gridfold.datasetDigest"] == run["dataset"]["digest"]
    assert json.loads(tags["gridfold.spec"]) == run["spec"]
    assert seen["datasets"] == [[run["dataset"]["digest"].removeprefix("sha256:")[:36], "rows.csv"]]


def test_what_is_odd_is_taken_by_a_real_server_too_and_once(job: LocalJob, server: MlflowServer) -> None:
    """The longest texts and the most of everything, names with all characters, numbers that are not finite."""
    server.wait()
    odd = Exported(
        "odd",
        {names([f"{chr(place)}{place}"])[f"{chr(place)}{place}"]: "ä" * 6000 for place in range(32, 142)},
        [*(Metric(f"m{place}", float(place), place % 3) for place in range(1100)), *map(Metric, "abc", ODD_NUMBERS)],
        {f"tag{place}": "x" * 5000 for place in range(99)} | {IDENTITY: "odd"},
        dataset={"name": "d" * 500, "digest": "e" * 36, "source_type": "gridfold", "source": "ä" * 16_000},
    )
    with closing(HttpServer(address_of(server.url, {}))) as there:
        place = make_experiment(there, "odd")["experiment_id"]
        for _ in range(2):
            begin(there, place, odd, find_run(there, place, "odd"))
        found = there.get("runs/get", run_id=find_run(there, place, "odd")["info"]["run_id"])["run"]
    assert {tag["key"] for tag in found["data"]["tags"]} >= odd.tags.keys()
    assert {param["key"]: param["value"] for param in found["data"]["params"]} == odd.params
    assert len(found["data"]["metrics"]) == 1103
    assert len(found["inputs"]["dataset_inputs"]) == 1


def test_each_cell_is_a_nested_run_with_the_scores_of_the_table(job: LocalJob, seen: dict[str, Any]) -> None:
    with (job.results() / "results.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    cells = {found[3]["gridfold.cell"]: found for found in seen["runs"] if "mlflow.parentRunId" in found[3]}
    assert sorted(cells) == [row["index"] for row in rows]
    for row in rows:
        _, params, metrics, tags = cells[row["index"]]
        assert tags["mlflow.parentRunId"] == seen["whole"]
        assert params == {"max_leaf_nodes": "7"} | {
            name: row[f"param_{name}"] for name in ("max_iter", "learning_rate")
        }
        for name in ("accuracy", "f1"):
            assert metrics[f"cv_mean_{name}"] == float(row[f"mean_test_{name}"])
            assert metrics[f"cv_std_{name}"] == float(row[f"std_test_{name}"])
    winner = rows[status(job)["best"]["cell"]]
    assert sorted(seen["folds"]) == [[fold, float(winner[f"split{fold}_test_f1"])] for fold in range(3)]


def test_runs_are_found_by_their_metrics(seen: dict[str, Any]) -> None:
    assert seen["found"] == [seen["whole"]]
