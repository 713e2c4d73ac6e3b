"""A whole job, from kubectl apply to the model, against the protocol's script and against the laptop."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table
from tests.e2e.test_steering import patch
from tests.real_data import require
from tests.testbed.plugin import Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

PIMA = "pima-indians-diabetes.csv"
COLUMNS = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age", "positive"]
METRICS = ["accuracy", "precision", "recall", "f1"]
GRID: list[dict[str, list[Any]]] = [
    {"C": [0.01, 0.1, 1.0, 10.0], "class_weight": [None, "balanced"]},
    {"solver": ["liblinear", "saga", "newton-cg", "sag"]},
]
SEED = 7


@pytest.fixture(scope="module")
def pima() -> str:
    """The table, as it is published: no header."""
    return require(PIMA).read_text(encoding="utf-8")


def pima_manifest(jobs: ClusterJobs, source: str) -> dict[str, Any]:
    return jobs.manifest(
        "pima",
        source,
        dataset={"sources": [{"uri": source}], "csv": {"header": False, "columnNames": COLUMNS}, "target": "positive"},
        estimator={"className": "sklearn.linear_model.LogisticRegression", "parameters": {"max_iter": 2000}},
        search={"grid": GRID},
        split={"train": 70, "validation": 15, "test": 15, "seed": SEED},
        crossValidation={"folds": 5, "seed": SEED},
        scoring={"targets": {"accuracy": "0.5", "f1": "0.99"}},
    )


def protocol_scores(folder: Path, table: str) -> dict[str, Any]:
    """Return what the script that a user could have written gives."""
    (folder / "pima.csv").write_text(",".join(COLUMNS) + "\n" + table, encoding="utf-8")
    case = {
        "csv": str(folder / "pima.csv"),
        "target": "positive",
        "estimator": "sklearn.linear_model.LogisticRegression",
        "parameters": {"max_iter": 2000},
        "grid": GRID,
        "split": {"method": "Stratified", "test": 15, "validation": 15, "seed": SEED},
        "cv": {"method": "Stratified", "folds": 5, "seed": SEED},
        "metrics": METRICS,
        "objective": "f1",
        "average": "Binary",
    }
    (folder / "cases.json").write_text(json.dumps({"pima": case}), encoding="utf-8")
    script = Path(__file__).parents[1] / "oracle" / "protocol_script.py"
    frames = str(Path(sys.prefix) / "gridfold-frames")
    said = run([sys.executable, str(script), str(folder / "cases.json")], PYTHONPATH=frames)
    found: dict[str, Any] = json.loads(said)["pima"]
    return found


def laptop_scores(folder: Path, manifest: dict[str, Any], testbed: Cluster) -> list[dict[str, str]]:
    """Return the results of `gridfold run` of the same resource, with an empty cache."""
    (folder / "JOB.yaml").write_text(json.dumps(manifest), encoding="utf-8")
    command = [sys.executable, "-m", "gridfold_cli", "run", str(folder / "JOB.yaml"), "--output", f"{folder}/out/"]
    run(command, AWS_ACCESS_KEY_ID=testbed.s3_access_key, AWS_SECRET_ACCESS_KEY=testbed.s3_secret_key)
    (path,) = folder.glob("out/runs/*/results.csv")
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def run(command: list[str], **variables: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **variables}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def scores(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the columns that depend on nothing but data, grid and seeds."""
    kinds = ("split", "mean_test_", "std_test_", "rank_test_", "param_")
    return [{name: value for name, value in row.items() if name.startswith(kinds)} for row in rows]


def test_every_score_of_a_whole_job_is_the_scripts_and_the_laptops_to_the_last_bit(
    jobs: ClusterJobs, pima: str, tmp_path: Path
) -> None:
    manifest = pima_manifest(jobs, jobs.upload(pima))
    name = jobs.apply(manifest)
    theirs = protocol_scores(tmp_path, pima)
    laptop = laptop_scores(tmp_path, manifest, jobs.testbed)
    status = jobs.wait_until_it_ends(name)

    assert condition(status, "Complete")["status"] == "True", status
    assert status["cells"] == {
        "total": 12, "cached": 0, "pending": 0, "running": 0, "succeeded": 12, "infeasible": 0, "failed": 0,
    }  # fmt: skip
    pods = jobs.children("pods", name, "cell")
    assert jobs.pods_per_index(name) == {f"0/{index}": 1 for index in range(12)}, "one pod for each cell"
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 1
    assert {pod["status"]["phase"] for pod in pods} == {"Succeeded"}

    rows = jobs.results(status)
    assert len(rows) == theirs["cells"] == 12
    names = [column for column in theirs["columns"] if column.startswith("split")]
    assert len(names) == 5 * len(METRICS)
    different = [
        (column, row["index"], row[column], number)
        for column, numbers in theirs["columns"].items()
        for row, number in zip(rows, numbers, strict=True)
        if float(row[column]).hex() != float(number).hex()
    ]
    assert different == []
    assert scores(rows) == scores(laptop)
    assert status["best"]["cell"] == theirs["best"]
    assert {m: float(text) for m, text in status["validation"].items()} == pytest.approx(theirs["validation"], abs=1e-3)
    assert {m: float(text) for m, text in status["test"]["scores"].items()} == pytest.approx(theirs["test"], abs=1e-3)
    assert "LogisticRegression reaches f1 0." in jobs.left(status, "report.html")
    targets = condition(status, "TargetsMet")
    assert (targets["status"], "f1" in targets["message"]) == ("False", True)


def test_a_user_sees_progress_results_and_events_by_kubectl_alone(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest("seen", jobs.upload(two_column_table()))
    name = jobs.apply(manifest)
    status = jobs.wait_until_it_ends(name)
    shown = jobs.kubectl("get", "tj", name, "--namespace", jobs.namespace)
    assert "Complete" in shown
    assert "2/2" in shown
    assert status["best"]["score"] in shown
    jobs.told(name, "Preparing", "Prepared", "Completed")
    stored = jobs.kubectl.get("tj", name, "--namespace", jobs.namespace)
    assert stored["spec"]["search"]["grid"] == manifest["spec"]["search"]["grid"], "a spec is never rewritten"
    assert stored["metadata"]["generation"] == 1
    assert "finalizers" not in stored["metadata"]
    assert set(stored["metadata"]["annotations"]) == {"kubectl.kubernetes.io/last-applied-configuration"}
    assert_told_in_the_log(jobs, name, status["runDigest"])
    for pod in jobs.children("pods", name):
        assert credentials_of(pod) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


def assert_told_in_the_log(jobs: ClusterJobs, name: str, run: str) -> None:
    """Every line of the operator's log is JSON, and whatever Events tell of a job stands in it."""
    pod, start = jobs.operator.pod()["metadata"]["name"], f"{jobs.namespace}/{name}: "
    reasons = {event["reason"] for event in jobs.events(name)}
    log = jobs.kubectl("logs", "--namespace", jobs.operator.namespace, pod)
    told = [line for line in map(json.loads, log.splitlines()) if line["message"].startswith(start)]
    assert {(line["namespace"], line["job"], line["run"]) for line in told} == {(jobs.namespace, name, run)}
    said = {line["message"].removeprefix(start).split()[0] for line in told}
    assert {f"{reason}:" for reason in reasons} | {"StartStage", "StartWave"} <= said
    assert {line["wave"] for line in told if " StartWave " in line["message"]} == {0}


@pytest.mark.long
def test_another_way_to_choose_and_a_learning_curve_need_no_cell_again(jobs: ClusterJobs) -> None:
    tree = {"className": "sklearn.tree.DecisionTreeClassifier", "parameters": {"random_state": SEED}}
    depths = {"grid": [{"max_depth": [8, 6, 5, 4, 3, 2]}]}
    source = jobs.upload(two_column_table())
    name = jobs.apply(jobs.manifest("select", source, estimator=tree, search=depths))
    before = jobs.wait_until_it_ends(name)
    simplest = [{"parameter": "max_depth", "prefer": "Lowest"}]
    choice = {"select": "OneStandardError", "simplest": simplest}
    patch(jobs, name, {"scoring": choice, "learningCurve": {"fractions": [50, 100]}})
    status = jobs.wait(
        name, "is chosen anew", lambda s: s["observedGeneration"] == 2 and condition(s, "Complete")["status"] == "True"
    )
    assert (status["cells"]["cached"], status["cells"]["succeeded"]) == (6, 0)
    rows = jobs.results(status)
    means = [float(row["mean_test_f1"]) for row in rows]
    best = means.index(max(means))
    least = means[best] - float(rows[best]["std_test_f1"])
    allowed = [row for row, mean in zip(rows, means, strict=True) if mean >= least]
    chosen = min(allowed, key=lambda row: int(row["param_max_depth"]))
    assert before["best"]["cell"] == best != status["best"]["cell"] == int(chosen["index"])
    half, whole = status["learningCurve"]["points"]
    assert (half["fraction"], whole["fraction"], whole["score"]) == (50, 100, status["best"]["score"])
    assert status["learningCurve"]["verdict"].startswith("doubling the rows brought f1 ")


def credentials_of(pod: dict[str, Any]) -> set[str]:
    """Return the keys of Secrets that reach a pod: as files, never as variables, and with no token of the API."""
    (container,) = pod["spec"]["containers"]
    assert "envFrom" not in container
    assert not any("secretKeyRef" in entry.get("valueFrom", {}) for entry in container["env"])
    assert not any(volume["name"].startswith("kube-api-access") for volume in pod["spec"]["volumes"])
    sources = [source for volume in pod["spec"]["volumes"] for source in volume.get("projected", {}).get("sources", ())]
    return {item["key"] for source in sources for item in source.get("secret", {}).get("items", ())}


def test_a_deleted_job_leaves_no_child(jobs: ClusterJobs) -> None:
    source = jobs.upload(two_column_table())
    restarts = jobs.operator.restarts()  # another test may have killed it before
    name = jobs.apply(jobs.manifest("deleted", source, **LONG_CELLS))
    jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) > 0)
    assert all(jobs.children(kind, name) for kind in ("jobs", "pods", "configmaps"))
    jobs.delete(name)

    def missing() -> str | None:
        left = [
            child["metadata"]["name"] for kind in ("jobs", "pods", "configmaps") for child in jobs.children(kind, name)
        ]
        return f"Still there: {left}." if left else None

    wait_until(missing, timeout_seconds=60, what="The children go with their job", every_seconds=0.5)
    assert jobs.operator.restarts() == restarts
