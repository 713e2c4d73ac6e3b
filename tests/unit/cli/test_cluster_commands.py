"""submit, list, delete: over an API server in memory, as a user calls them."""

import json
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.api_server import job_path, kubeconfig
from tests.unit.cli.cluster_cli import Cli, complete, failed, running, s3_job

Write = Callable[[dict[str, Any]], Path]


def test_a_job_is_applied_once_and_the_second_time_nothing_changes(cli: Cli, write_job: Write) -> None:
    path = write_job(s3_job())
    first = cli("submit", path)
    assert (first.code, first.out) == (0, "trainingjob.gridfold.dev/small created in the namespace team\n")
    assert "gridfold watch small" in first.err
    assert cli("submit", path).out == "trainingjob.gridfold.dev/small unchanged in the namespace team\n"
    path.write_text(json.dumps(s3_job(cells=4)))
    assert cli("submit", path).out == "trainingjob.gridfold.dev/small configured in the namespace team\n"
    assert cli.cluster.objects[job_path("small")]["spec"] == s3_job(cells=4)["spec"], "no default is written as ours"


def test_the_namespace_of_the_file_is_meant_and_another_one_by_option_is_refused(cli: Cli, write_job: Write) -> None:
    path = write_job({**s3_job(), "metadata": {"name": "small", "namespace": "theirs"}})
    assert cli("submit", path).code == 0
    assert job_path("small", "theirs") in cli.cluster.objects
    done = cli("submit", path, "-n", "mine")
    assert done.code == 2
    assert "metadata.namespace is theirs, and -n says mine" in done.err


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (
            {"output": {"uri": "file:out/"}},
            [],
            ['spec.output.uri is "file:out/": a file of one machine', "gridfold run"],
        ),
        (
            {"dataset": {"sources": [{"uri": "file:a.csv"}], "target": "y"}},
            [],
            ['dataset.sources[0].uri is "file:a.csv"'],
        ),
        ({"suspend": True}, ["--wait"], ["spec.suspend is true"]),
        ({}, ["--require-targets"], ["--require-targets needs --wait", "spec.scoring.targets is empty"]),
        ({"estimator": {"className": "x"}}, [], ["spec.estimator.className"]),
    ],
)
def test_what_a_cluster_cannot_run_is_refused_before_it_is_asked(
    cli: Cli, write_job: Write, change: dict[str, Any], options: list[str], words: list[str]
) -> None:
    job = s3_job()
    done = cli("submit", write_job({**job, "spec": {**job["spec"], **change}}), *options)
    assert (done.code, done.out, cli.cluster.requests) == (2, "", [])
    for word in words:
        assert word in done.err


def test_what_comes_through_a_pipe_is_submitted_too(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(json.dumps(s3_job()),))
    writer.start()
    assert cli("submit", path).code == 0
    writer.join()
    assert cli.cluster.objects[job_path("small")]["spec"] == s3_job()["spec"]


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (401, "Unauthorized", ["does not know who you are", "log in again"]),
        (403, 'trainingjobs is forbidden: User "me" cannot patch', ['User "me" cannot patch', "ClusterRoles edit"]),
        (409, 'Apply failed with 1 conflict: conflict with "argocd"', ['"argocd"', "--force-conflicts"]),
        (503, "shutting down", ["cannot answer now (503): shutting down"]),
    ],
)
def test_a_refusal_is_told_with_what_to_do_and_ends_with_1(
    cli: Cli, write_job: Write, status: int, message: str, words: list[str]
) -> None:
    cli.cluster.refused["PATCH", "trainingjobs"] = status, message
    done = cli("submit", write_job(s3_job()))
    assert (done.code, done.out) == (1, "")
    for word in (*words,):
        assert word in done.err
    assert "Traceback" not in done.err


def test_what_the_api_server_finds_invalid_ends_with_2(cli: Cli, write_job: Write) -> None:
    cli.cluster.refused["PATCH", "trainingjobs"] = 422, 'TrainingJob "small" is invalid: spec.x: Invalid value'
    done = cli("submit", write_job(s3_job()))
    assert done.code == 2
    assert "spec.x: Invalid value" in done.err


@pytest.mark.parametrize("arguments", [["list"], ["delete", "small"], ["submit", "JOB.yaml"]])
def test_a_cluster_without_gridfold_is_told_as_what_it_is(cli: Cli, write_job: Write, arguments: list[str]) -> None:
    write_job(s3_job())
    cli.cluster.kinds.clear()
    done = cli(*arguments)
    assert done.code == 1
    assert "does not know the kind TrainingJob: have Gridfold installed" in done.err


@pytest.mark.parametrize(
    ("host", "words"),
    [("http://127.0.0.1:1", "nothing listens there"), ("http://no-such-host.invalid:80", "is not known")],
)
def test_a_host_that_cannot_be_reached_is_named_with_what_to_look_at(
    cli: Cli, tmp_path: Path, host: str, words: str
) -> None:
    done = cli("list", "--kubeconfig", kubeconfig(tmp_path / "other", host))
    assert (done.code, done.out) == (1, "")
    assert f"the cluster of context here ({host}) gives no answer: " in done.err
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_waiting_follows_the_job_to_its_end_and_shows_its_results(cli: Cli, write_job: Write) -> None:
    def play(name: str) -> None:
        job = cli.cluster.job(name, running(1, 3))
        cli.cluster.event(job, "Prepared", "100 rows, 4 columns")
        job = cli.cluster.job(name, complete(3))
        cli.cluster.event(job, "Completed", "cell 2 of 3 won")

    cli.cluster.on_apply = play
    done = cli("submit", write_job(s3_job()), "--wait")
    assert done.code == 0
    assert "Prepared: 100 rows, 4 columns" in done.err.splitlines()
    assert "Completed: cell 2 of 3 won" in done.err.splitlines()
    assert "Winner      cell 2: C=2.5" in done.out
    assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize(
    ("status", "options", "code"),
    [
        (failed("NoCellSucceeded", "none"), [], 1),
        (failed("InvalidSpec", "no", accepted=False), [], 2),
        (complete(3, targets="False"), [], 0),
        (complete(3, targets="False"), ["--require-targets"], 3),
        (complete(3, targets="True"), ["--require-targets"], 0),
    ],
)
def test_waiting_ends_with_the_exit_code_of_run(
    cli: Cli, write_job: Write, status: dict[str, Any], options: list[str], code: int
) -> None:
    cli.cluster.on_apply = lambda name: cli.cluster.job(name, status) and None
    job = s3_job()
    job["spec"]["scoring"] = {"targets": {"f1": "0.5"}}
    assert cli("submit", write_job(job), "--wait", *options).code == code


def test_a_job_that_is_deleted_meanwhile_ends_the_waiting_with_1(cli: Cli, write_job: Write) -> None:
    cli.cluster.on_apply = lambda name: cli.cluster.remove(job_path(name))
    done = cli("submit", write_job(s3_job()), "--wait")
    assert done.code == 1
    assert "the TrainingJob small was deleted" in done.err


def test_a_watch_that_is_too_old_lists_again(cli: Cli, write_job: Write) -> None:
    cli.cluster.too_old = True
    cli.cluster.on_apply = lambda name: cli.cluster.job(name, complete(3)) and None
    assert cli("submit", write_job(s3_job()), "--wait").code == 0


def test_ctrl_c_leaves_the_job_running_and_says_how_to_follow_and_to_end_it(cli: Cli, write_job: Write) -> None:
    process = cli.start("submit", write_job(s3_job()), "--wait", "-n", "team")
    cli.wait_for(lambda: any("watch=true" in path for _, path in cli.cluster.requests))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        "interrupted: the job goes on in the cluster. Follow it by `gridfold watch small -n team`, end it by `gridfold "
        "delete small -n team`."
    )
    assert job_path("small") in cli.cluster.objects


def test_jobs_are_listed_with_state_progress_and_best(cli: Cli) -> None:
    assert "There are no TrainingJobs in the namespace team; `gridfold submit" in cli("list").err
    cli.cluster.job("b", running(1, 3))
    cli.cluster.job("a", complete(3))
    cli.cluster.job("c", namespace="other")
    lines = cli("list").out.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "REASON", "PROGRESS", "BEST", "OBJECTIVE", "TARGETS", "AGE"]
    assert [line.split()[:3] for line in lines[1:]] == [["a", "Complete", "3/3"], ["b", "Running", "1/3"]]
    assert [line.split()[:2] for line in cli("list", "-A").out.splitlines()[1:]] == [
        ["other", "c"],
        ["team", "a"],
        ["team", "b"],
    ]


def test_lists_longer_than_a_page_are_read_to_their_end(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridfold_cli.cluster import training_jobs
    from gridfold_cli.cluster.http_api import HttpApi
    from gridfold_cli.cluster.kubeconfig import find_cluster

    monkeypatch.setattr(training_jobs, "PAGE_SIZE", "2")
    for name in "abcde":
        cli.cluster.job(name)
    api = HttpApi(find_cluster(kubeconfig=str(cli.kubeconfig)))
    found = [job["metadata"]["name"] for job in training_jobs.TrainingJobs(api, "team").all()]
    api.close()
    assert found == list("abcde")


def test_deleted_jobs_are_gone_and_those_that_are_not_there_are_told_with_those_that_are(cli: Cli) -> None:
    cli.cluster.job("a")
    cli.cluster.job("b")
    done = cli("delete", "a", "tj/nothing")
    assert (done.code, done.out) == (1, 'trainingjob.gridfold.dev "a" deleted\n')
    assert "has no TrainingJob nothing in the namespace team (it has b)" in done.err
    assert list(cli.cluster.objects) == [job_path("b")]


@pytest.mark.parametrize(
    "command",
    [
        "compare",
        "completion",
        "delete",
        "init",
        "list",
        "logs",
        "prune",
        "replay",
        "report",
        "results",
        "submit",
        "watch",
    ],
)
def test_help_has_an_example(cli: Cli, command: str) -> None:
    done = cli(command, "--help")
    assert done.code == 0
    assert re.search(rf"Examples?:\n +.*gridfold {command}", done.out)
