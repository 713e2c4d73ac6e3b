"""`gridfold prune`: what is said of what goes and stays, and how the command ends."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.answers import Pile, PruneAnswer
from gridfold_cli.commands import prune as command
from tests.unit.cli.api_server import job_path
from tests.unit.cli.cluster_cli import Cli, complete, failed, running
from tests.unit.cli.jobs import document
from tests.unit.cli.test_report import Write, stored

RUN, CELLS = (
    Pile(kind="run", things=1, objects=9, size_bytes=2048),
    Pile(kind="cell", things=2, objects=2, size_bytes=30),
)
STAYS = [
    Pile(kind="run", why="reached", things=1, objects=10, size_bytes=3 * 1024**3),
    Pile(kind="prepared", why="young", things=2, objects=6, size_bytes=1),
    Pile(kind="cell", why="held", things=1, objects=1, size_bytes=1),
]
ANSWER = PruneAnswer(
    run="s3://b/out/runs/1-b/",
    users=["team-a/other", "team-a/small"],
    piles=[RUN, CELLS, *STAYS],
    runs=["s3://b/out/runs/1-a/"],
    doubts=["it is not certain"],
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the trainer is asked; its answer is the first of the list."""
    asked: list[Any] = [ANSWER]

    def inspect(job: Any, _base: object, question: tuple[str, ...], *_more: object, finishes: bool) -> PruneAnswer:
        asked.append((job.metadata.name, question[1:], finishes))
        answer: PruneAnswer = asked[0]
        return answer

    monkeypatch.setattr(command, "inspect", inspect)
    return asked


def test_without_yes_it_says_what_would_go_what_stays_and_why(cli: Cli, write_job: Write, asked: list[Any]) -> None:
    done = cli("prune", write_job(document()))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Run         s3://b/out/runs/1-b/",
        f"Cache       {document()['spec']['output']['uri']}cache/, used by team-a/other, team-a/small",
        "Would go    1 run (9 objects, 2.0 KiB)",
        "            s3://b/out/runs/1-a/",
        "Would go    2 cells' results (2 objects, 30 B)",
        "Stays       1 run (10 objects, 3.0 GiB): the current one",
        "Stays       2 prepared data sets (6 objects, 1 B): younger than 7d",
        "Stays       1 cell's result (1 object, 1 B): perhaps needed, see the notes",
        "Note        it is not certain",
        "Dry run     nothing was removed; with --yes it is 11 objects, 2.0 KiB",
    ]
    name = document()["metadata"]["name"]
    assert asked[1:] == [(name, ("--older-than", "604800", "--keep-runs", "1"), False)]


def test_with_yes_it_says_what_has_gone(cli: Cli, write_job: Write, asked: list[Any]) -> None:
    asked[0] = ANSWER.model_copy(update={"removed": [RUN, CELLS]})
    done = cli("prune", write_job(document()), "--yes", "--keep-runs", "3", "--older-than", "12h")
    assert (done.code, done.err) == (0, "")
    assert "Removed     2 cells' results (2 objects, 30 B)" in done.out.splitlines()
    assert "younger than 12h" in done.out
    assert done.out.splitlines()[-1] == "Done        11 objects, 2.0 KiB"
    assert asked[1][1:] == (("--older-than", "43200", "--keep-runs", "3", "--yes"), True)


def test_where_nothing_goes_it_says_so(cli: Cli, write_job: Write, asked: list[Any]) -> None:
    asked[0] = ANSWER.model_copy(update={"piles": STAYS, "runs": [], "users": []})
    for options in ((), ("--yes",)):
        done = cli("prune", write_job(document()), *options)
        assert (done.code, done.out.splitlines()[-1]) == (0, "Nothing     is to be removed")
    assert "used by nobody that is known" in done.out


@pytest.mark.parametrize(
    ("ends", "code", "words"),
    [
        ({"failure": "AccessDenied: s3://b/x may not be accessed"}, 1, "stopped: AccessDenied: s3://b/x may not be"),
        ({"interrupted": True}, 130, "interrupted: the current run is whole; the same command goes on with the rest"),
    ],
)
def test_a_removal_that_is_stopped_says_how_far_it_came(
    cli: Cli, write_job: Write, asked: list[Any], ends: dict[str, Any], code: int, words: str
) -> None:
    some = RUN.model_copy(update={"objects": 4, "size_bytes": 1000})
    asked[0] = ANSWER.model_copy(update={"removed": [some], **ends})
    done = cli("prune", write_job(document()), "--yes")
    assert done.code == code
    assert words in done.err
    assert "Stopped     4 objects, 1000 B of 11 objects, 2.0 KiB" in done.out.splitlines()


@pytest.mark.parametrize(
    ("age", "seconds"),
    [("0", "0"), ("30s", "30"), ("30m", "1800"), ("12h", "43200"), ("7d", "604800"), ("99999d", "8639913600")],
)
def test_ages(cli: Cli, write_job: Write, asked: list[Any], age: str, seconds: str) -> None:
    assert cli("prune", write_job(document()), "--older-than", age).code == 0
    assert asked[1][1][1] == seconds


@pytest.mark.parametrize("age", ["", "7", "d", "-1d", "1w", "1.5h", "7 d", "100000d"])
def test_what_is_no_age_is_refused_with_one_that_is(cli: Cli, write_job: Write, asked: list[Any], age: str) -> None:
    done = cli("prune", write_job(document()), "--older-than", age)
    assert done.code == 2
    assert "such as 12h or 7d" in done.err
    assert asked == [ANSWER]


def test_a_name_is_a_job_that_has_ended(cli: Cli, asked: list[Any]) -> None:
    for status in (complete(3), failed("DataError", "no such column")):
        stored(cli, status)
        assert cli("prune", "small").code == 0
    assert [name for name, *_ in asked[1:]] == ["small", "small"]


def test_a_job_that_goes_on_or_was_edited_is_refused_and_nothing_is_asked(cli: Cli, asked: list[Any]) -> None:
    stored(cli, running(1, 3))
    done = cli("prune", "small", "--yes")
    assert (done.code, "small is Running: what its run needs must not go; `gridfold watch" in done.err) == (1, True)
    stored(cli, complete(3))
    cli.cluster.objects[job_path("small")]["metadata"]["generation"] = 99
    done = cli("prune", "small", "--yes")
    assert (done.code, "was edited a moment ago" in done.err) == (1, True)
    assert asked == [ANSWER]
    assert cli("prune", "small", "--keep-runs", "0").code == 2


#: A trainer that ends when it is interrupted: before it can answer, or with an answer.
SLOW = """
import signal, sys
from pathlib import Path
def answer(*_):
    print('{"kind": "prune", "run": "r", "users": [], "piles": [], "runs": [], "doubts": [], "interrupted": true}')
    sys.exit()
if sys.argv[2] == "late":
    signal.signal(signal.SIGINT, answer)
Path(sys.argv[1]).touch()
while True:
    signal.pause()
"""
ASKING = """
import sys
from pathlib import Path
from gridfold.api.answers import PruneAnswer
from gridfold.api.handoff import StageInput
from gridfold_cli.local.inspection import ask
from gridfold_cli.local.scratch import scratch_folder
job = StageInput.model_validate_json(Path(sys.argv[1]).read_bytes())
with scratch_folder():
    program = (sys.executable, "-c", sys.argv[2], *sys.argv[3:])
    print(ask(job, Path.cwd(), (), PruneAnswer, program, finishes=True).interrupted)
"""


@pytest.mark.parametrize(
    ("when", "out", "err", "code"), [("late", "True\n", "", 0), ("early", "", "gridfold: interrupted\n", 130)]
)
def test_ctrl_c_is_passed_on_to_the_trainer_whose_answer_is_waited_for(
    cli: Cli, tmp_path: Path, when: str, out: str, err: str, code: int
) -> None:
    from tests.unit.trainer.data_jobs import stage_input

    (tmp_path / "job.json").write_text(stage_input().model_dump_json(by_alias=True))
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING, str(tmp_path / "job.json"), SLOW, str(ready), when],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    cli.started.append(process)
    cli.wait_for(ready.exists)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == (out, err)
    assert process.returncode == code
