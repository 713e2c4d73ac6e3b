"""`gridfold logs` and `results NAME`: which pod is meant, what is left where there is none, what the status has."""

import signal
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.answers import LogAnswer
from gridfold_cli.commands import logs as command
from tests.unit.cli.cluster_cli import Cli, complete, failed, running, s3_job
from tests.unit.cli.pseudo_terminal import Terminal

RUN = "a" * 64


def wave(cli: Cli, number: int, cells: str, run: str = RUN) -> None:
    annotations = {labels.RUN: run, **({labels.CELLS: cells} if cells else {})}
    name = f"small-w{number}"
    metadata = {"name": name, "namespace": "team", "labels": {labels.JOB: "small"}, "annotations": annotations}
    cli.cluster.put(f"/apis/batch/v1/namespaces/team/jobs/{name}", {"metadata": metadata})


def pod(cli: Cli, job: str, index: int, phase: str = "Running", *lines: str) -> None:
    name = f"{job}-{index}-x"
    marks = {labels.JOB: "small", labels.STAGE: "cell", "batch.kubernetes.io/job-name": job}
    cli.cluster.pod(name, marks, phase, **{"batch.kubernetes.io/job-completion-index": str(index)})
    cli.cluster.logs[name] = list(lines)


@pytest.fixture
def searching(cli: Cli) -> Cli:
    """A run with two waves, and a pod of another run that is still there."""
    cli.cluster.put(
        "/apis/gridfold.dev/v1alpha1/namespaces/team/trainingjobs/small",
        {
            **s3_job(8),
            "metadata": {"name": "small", "namespace": "team", "generation": 1},
            "status": {**running(2, 8), "runDigest": RUN},
        },
    )
    wave(cli, 0, "0-3;4-7;")
    wave(cli, 1, "5")
    wave(cli, 9, "5", run="b" * 64)
    pod(cli, "small-w9", 0, "Running", "of another run")
    pod(cli, "small-w0", 0, "Succeeded", "cells 0 to 3")
    pod(cli, "small-w0", 1, "Failed", "cells 4 to 7")
    pod(cli, "small-w1", 0, "Running", "cell 5 again")
    return cli


@pytest.mark.parametrize(
    ("options", "log", "which"),
    [
        ([], "cell 5 again", "pod small-w1-0-x (cell, index 0, Running)"),
        (["--cell", "5"], "cell 5 again", "pod small-w1-0-x"),
        (["--cell", "6"], "cells 4 to 7", "pod small-w0-1-x (cell, index 1, Failed)"),
        (["--cell", "0"], "cells 0 to 3", "pod small-w0-0-x"),
    ],
)
def test_the_log_of_the_newest_pod_of_the_cell_comes_on_stdout_and_its_name_on_stderr(
    searching: Cli, options: list[str], log: str, which: str
) -> None:
    done = searching("logs", "small", *options)
    assert (done.code, done.out) == (0, f"{log}\n")
    assert which in done.err


def test_a_cell_that_the_grid_does_not_have_is_told_with_those_it_has(searching: Cli) -> None:
    done = searching("logs", "small", "--cell", "8")
    assert done.code == 1
    assert "--cell is 8, but small has 8 cells: they are numbered from 0 to 7" in done.err


def test_a_pod_that_has_not_started_is_told_as_that(searching: Cli) -> None:
    pod(searching, "small-w1", 0, "Pending")
    searching.cluster.remove("/api/v1/namespaces/team/pods/small-w0-1-x")
    done = searching("logs", "small", "--cell", "5")
    assert done.code == 1
    assert "has not started yet, so that there is no log" in done.err


def test_where_no_pod_is_left_what_was_kept_is_shown_with_its_place(
    searching: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def ask(given: Any, _folder: Any, question: Any, _answer: Any) -> LogAnswer:
        asked.extend((given.run_digest, question))
        return LogAnswer(uri="s3://models/small/runs/1-0/logs/k-2.txt", text="out of time", earlier=["s3://x/k-1.txt"])

    monkeypatch.setattr(command, "ask", ask)
    status = {
        **failed("TooManyFailedCells", "all"),
        "runDigest": RUN,
        "cells": {"total": 8, "failed": 8},
        "dataset": {"digest": "d", "splitDigest": "s"},
        "prepared": {"environment": "e"},
    }
    searching.cluster.objects.clear()
    searching.cluster.put(
        "/apis/gridfold.dev/v1alpha1/namespaces/team/trainingjobs/small",
        {**s3_job(8), "metadata": {"name": "small", "namespace": "team", "generation": 2}, "status": status},
    )
    done = searching("logs", "small", "--cell", "3")
    assert (done.code, done.out) == (0, "out of time\n")
    assert "runs/1-0/logs/k-2.txt\nearlier: s3://x/k-1.txt\n" in done.err
    assert asked == [RUN, ("log", "--cell", "3")]


def test_a_log_is_followed_on_a_terminal_until_ctrl_c(searching: Cli) -> None:
    terminal = Terminal(searching, "logs", "small", "-f")
    terminal.read_until("cell 5 again")
    terminal.process.send_signal(signal.SIGINT)
    code, text = terminal.close()
    assert code == 130
    assert text.endswith("gridfold: interrupted\r\n")
    assert "Traceback" not in text


def test_the_results_of_a_name_come_from_its_status(cli: Cli) -> None:
    cli.cluster.job("small", complete(3))
    done = cli("results", "small")
    assert done.code == 0
    assert "Winner      cell 2: C=2.5" in done.out
    assert "s3://models/small/runs/1-00000000/" in done.out
    assert cli("results", "tj/small").out == done.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["small"], 1, "small has no results yet: it is Running; `gridfold watch small`"),
        (["small", "--output", "s3://x/"], 2, "--output is for files, and small is a name"),
        (["./small"], 2, "small: there is no such file"),
        (["small.yaml"], 2, "small.yaml: there is no such file"),
        (["tj/small.yaml"], 1, "has no TrainingJob small.yaml in the namespace team (it has small)"),
    ],
)
def test_a_name_and_a_file_are_told_apart_by_how_they_are_written(
    cli: Cli, arguments: list[str], code: int, words: str
) -> None:
    cli.cluster.job("small", running(1, 3))
    done = cli("results", *arguments)
    assert done.code == code
    assert words in done.err
