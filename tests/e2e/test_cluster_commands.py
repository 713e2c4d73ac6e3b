"""The commands around one real job of a real cluster, as a user calls them."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, two_column_table
from tests.testbed.waiting import wait_until
from tests.unit.cli.mlflow_memory import served

pytestmark = pytest.mark.cluster


def start(jobs: ClusterJobs, *arguments: object, **variables: str) -> "subprocess.Popen[str]":
    keys = {"AWS_ACCESS_KEY_ID": jobs.testbed.s3_access_key, "AWS_SECRET_ACCESS_KEY": jobs.testbed.s3_secret_key}
    return subprocess.Popen(
        [sys.executable, "-m", "gridfold_cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "KUBECONFIG": jobs.testbed.kubeconfig, **keys, **variables},
    )


def gridfold(jobs: ClusterJobs, *arguments: object, code: int = 0) -> tuple[str, str]:
    process = start(jobs, *arguments)
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, f"{out}\n{err}"
    return out, err


def test_a_job_is_submitted_followed_listed_shown_and_deleted(jobs: ClusterJobs, tmp_path: Path) -> None:
    manifest = jobs.manifest("commanded", jobs.upload(two_column_table()))
    name, namespace = manifest["metadata"]["name"], jobs.namespace
    jobs.names.append(name)
    path = tmp_path / "JOB.yaml"
    path.write_text(json.dumps(manifest))

    out, err = gridfold(jobs, "submit", path, "--wait")
    assert f"trainingjob.gridfold.dev/{name} created in the namespace {namespace}" in err
    assert "Completed: cell" in err
    assert "Winner      cell" in out
    assert f"trainingjob.gridfold.dev/{name} unchanged" in gridfold(jobs, "submit", path)[0]

    (line,) = [line for line in gridfold(jobs, "list", "-n", namespace)[0].splitlines() if line.startswith(name)]
    assert line.split()[:3] == [name, "Complete", "2/2"]
    assert "Completed: cell" in gridfold(jobs, "watch", name, "-n", namespace)[0]
    log, which = gridfold(jobs, "logs", name, "--cell", "1", "-n", namespace)
    assert "(cell, index 1, Succeeded)" in which
    assert log is not None

    table = tmp_path / "table.csv"
    assert "Winner      cell" in gridfold(jobs, "results", name, "-n", namespace, "--csv", table)[0]
    with table.open(newline="") as lines:
        assert list(csv.DictReader(lines)) == jobs.results(jobs.status(name))

    page = tmp_path / "page.html"
    assert str(page) in gridfold(jobs, "report", name, "-n", namespace, "--html", page)[0].splitlines()
    assert name in page.read_text(encoding="utf-8")
    assert "every digit: " in gridfold(jobs, "replay", name, "1", "-n", namespace)[0]
    assert "cannot be told apart (" in gridfold(jobs, "compare", name, name, "-n", namespace)[0]
    pruned = gridfold(jobs, "prune", name, "-n", namespace, "--older-than", "0", "--yes")[0].splitlines()
    assert (f"used by {namespace}/{name}" in pruned[1], pruned[-1]) == (True, "Nothing     is to be removed")

    with served() as mlflow:
        exported = gridfold(jobs, "export-mlflow", name, "-n", namespace, "--tracking-uri", mlflow.url)[0]
    assert "Cells       2 of 2 as nested runs, 2 of them sent now" in exported
    assert {place.partition("artifacts/")[2] for place in mlflow.files} >= {"model/model.skops", "report.html"}

    assert gridfold(jobs, "delete", name, "-n", namespace)[0] == f'trainingjob.gridfold.dev "{name}" deleted\n'
    assert "has no TrainingJob" in gridfold(jobs, "watch", name, "-n", namespace, code=1)[1]


def test_ctrl_c_while_waiting_leaves_the_job_running_and_its_log_can_be_followed(
    jobs: ClusterJobs, tmp_path: Path
) -> None:
    manifest = jobs.manifest("interrupted", jobs.upload(two_column_table()), **LONG_CELLS)
    name = manifest["metadata"]["name"]
    jobs.names.append(name)
    path = tmp_path / "JOB.yaml"
    path.write_text(json.dumps(manifest))
    waiting = start(jobs, "submit", path, "--wait")
    assert waiting.stderr is not None
    assert " created in the namespace " in waiting.stderr.readline()
    jobs.wait(name, "runs a cell", lambda status: (status.get("cells") or {}).get("running", 0) > 0)
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert f"`gridfold delete {name} -n {jobs.namespace}`" in err
    assert jobs.status(name)["state"] == "Running"

    following = start(jobs, "logs", name, "-f", "-n", jobs.namespace)
    assert following.stderr is not None
    assert "Running)" in following.stderr.readline()
    gridfold(jobs, "delete", name, "-n", jobs.namespace)
    wait_until(
        lambda: None if following.poll() is not None else "it goes on",
        timeout_seconds=60,
        what="the log ends with its pod",
        every_seconds=0.2,
    )
    following.communicate()
