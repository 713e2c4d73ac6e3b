"""`gridfold replay`: what is said of a cell that was computed again, and how the command ends."""

from typing import Any

import pytest

from gridfold.api.answers import ReplayAnswer
from gridfold_cli.commands import replay as command
from tests.unit.cli.cluster_cli import Cli, complete, running
from tests.unit.cli.jobs import document
from tests.unit.cli.test_report import Write, stored

EQUAL = ReplayAnswer(
    uri="s3://models/small/cache/cells/a.json",
    parameters={"C": 0.5},
    metrics=["f1", "accuracy"],
    folds=3,
    outcomes=("succeeded", "succeeded"),
)
OFF = {"metric": "f1", "fold": 2, "stored": 0.1, "computed": 0.30000000000000004}


def answering(monkeypatch: pytest.MonkeyPatch, answer: ReplayAnswer) -> list[Any]:
    asked: list[Any] = []

    def inspect(job: Any, _base: object, question: tuple[str, ...], *_more: object) -> ReplayAnswer:
        asked.append((job.metadata.name, question))
        return answer

    monkeypatch.setattr(command, "inspect", inspect)
    return asked


def test_a_file_and_a_name_are_replayed(cli: Cli, write_job: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, EQUAL)
    done = cli("replay", write_job(document()), "1")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Cell        1: C 0.5",
        "Stored      s3://models/small/cache/cells/a.json",
        "Equal       every digit: 3 folds of f1, accuracy (succeeded)",
    ]
    stored(cli, complete(3))
    assert cli("replay", "small", "2").code == 0
    assert asked == [(document()["metadata"]["name"], ("replay", "--cell", "1")), ("small", ("replay", "--cell", "2"))]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"differences": [OFF]}, ["f1, fold 2: 0.30000000000000004 here, stored 0.1", "It was changed, or"]),
        ({"differences": [OFF] * 23}, ["and 3 more"]),
        ({"outcomes": ("succeeded", "failed")}, ["the cell is failed here, and was succeeded"]),
        (
            {"differences": [OFF], "surroundings": {"BLAS architecture": ("Zen", "SkylakeX")}},
            ["BLAS architecture: SkylakeX here, then Zen"],
        ),
    ],
)
def test_what_differs_is_named_and_ends_with_4(
    cli: Cli, write_job: Write, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: list[str]
) -> None:
    answering(monkeypatch, ReplayAnswer.model_validate({**EQUAL.model_dump(), **changes}))
    done = cli("replay", write_job(document()), "1")
    assert done.code == 4
    assert "Equal" not in done.out
    for word in words:
        assert word in done.out


def test_other_versions_are_told_of_equal_numbers_too(
    cli: Cli, write_job: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, EQUAL.model_copy(update={"surroundings": {"scipy": ("1.0", "1.1"), "xgboost": ("2", "")}}))
    done = cli("replay", write_job(document()), "1")
    assert done.code == 0
    assert "scipy: 1.1 here, then 1.0" in done.out
    assert "xgboost: none here, then 2" in done.out


def test_wrong_use_and_a_run_that_goes_on_are_told(cli: Cli) -> None:
    stored(cli, running(1, 3))
    assert cli("replay", "small", "x").code == 2
    assert cli("replay", "small", "-1").code == 2
    assert "--output is for files" in cli("replay", "small", "1", "--output", "there").err
    done = cli("replay", "small", "1")
    assert (done.code, "it is Running; `gridfold watch small`" in done.err) == (1, True)
