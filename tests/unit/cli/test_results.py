"""What the command line reads of a run whose files are on this machine."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.inspection import ResultsReport
from gridfold.api.status import ResultsStatus, TrainingJobStatus
from gridfold.api.validation import parse_training_job
from gridfold.domain.keys import run_digest
from gridfold_cli.commands.results import another_version
from gridfold_cli.terminal.output import Remarks
from gridfold_cli.terminal.stored import remarks_of, stored_report, to_status
from tests.unit.cli.jobs import document, training_job, with_spec

RANKED = {
    "cell": 4,
    "parameters": {"C": 0.5},
    "scores": {"f1": {"mean": 0.81239, "std": 0.01}, "accuracy": {"mean": None, "std": None}},
}
STATUS: dict[str, Any] = {
    "dataset": {"rows": 10, "columns": 3, "classes": None, "parts": {"train": 8, "validation": 1, "test": 1}},
    "objective": "f1",
    "leaderboard": [RANKED] * 10,
    "best": {**RANKED, "indistinguishableFrom": 3},
    "validation": {"f1": 0.5},
    "test": {"scores": {"f1": 0.25}, "intervals": {"f1": [0.2, 0.3]}, "openings": 2},
    "errors": "1 cell: no luck",
    "notes": ["a note"],
}


def write(folder: Path) -> TrainingJobStatus:
    run = folder / "out/runs/1-a"
    run.mkdir(parents=True)
    content = json.dumps(STATUS).encode()
    (run / "status.json").write_bytes(content)
    return TrainingJobStatus(
        results=ResultsStatus(uri="file:out/runs/1-a/", sha256=hashlib.sha256(content).hexdigest())
    )


def test_every_rank_has_every_metric_and_remarks_are_read_where_the_files_are_here(tmp_path: Path) -> None:
    report = stored_report(write(tmp_path), tmp_path)
    assert report is not None
    status = to_status(report)
    assert [line.scores["f1"].mean for line in status.leaderboard] == ["0.8124"] * 10
    assert {line.scores["accuracy"].mean for line in status.leaderboard} == {"NaN"}
    assert status.dataset is not None
    assert (status.dataset.rows, status.dataset.columns, status.dataset.classes) == (10, 3, None)
    assert status.best is not None
    assert (status.best.cell, status.best.indistinguishable_from) == (4, 3)
    assert remarks_of(report) == Remarks("1 cell: no luck", ("a note",))


@pytest.mark.parametrize("uri", [None, "s3://b/out/runs/1-a/", "file:out/runs/2-b/"])
def test_there_is_nothing_to_read_elsewhere(tmp_path: Path, uri: str | None) -> None:
    write(tmp_path)
    status = TrainingJobStatus(results=ResultsStatus(uri=uri) if uri else None)
    assert stored_report(status, tmp_path) is None


def test_a_status_file_that_is_not_the_one_of_the_run_is_not_read(tmp_path: Path) -> None:
    status = write(tmp_path)
    path = tmp_path / "out/runs/1-a/status.json"
    path.write_text(path.read_text().replace("0.81239", "0.91239"))
    assert stored_report(status, tmp_path) is None


def version_lines(edited: Any, before: Any = None) -> list[str]:
    """Return what is said of results of `before` where the file has `edited`."""
    spec = parse_training_job(before or document()).spec
    report = ResultsReport(run="file:results/runs/1-abcd/", status={"spec": spec.document()})
    return list(another_version(report, parse_training_job(edited), Path("job.yaml")))


def test_results_of_a_file_that_was_edited_since_are_said_to_be_of_another_version_and_of_which() -> None:
    estimator = {"className": "sklearn.ensemble.RandomForestClassifier", "parameters": {"max_depth": 3}}
    assert version_lines(with_spec(document(), estimator=estimator, search={"grid": [{"C": [0.5, 1.5]}]})) == [
        "job.yaml was edited since: these are the results of another version of the job, run 1-abcd.",
        '  spec.estimator.className was "sklearn.linear_model.LogisticRegression" and is now '
        '"sklearn.ensemble.RandomForestClassifier"',
        "  spec.estimator.parameters.max_depth was not given and is now 3",
        "  spec.search.grid[0].C was [0.5, 1.5, 2.5] and is now [0.5, 1.5]",
        "`gridfold run job.yaml` computes the version of the file.",
    ]


DATASET = document()["spec"]["dataset"]


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"split": {"seed": 1}}, "split.seed"),
        ({"split": {"train": 60, "validation": 20, "test": 20}}, "split.train"),
        ({"crossValidation": {"folds": 4}}, "crossValidation.folds"),
        ({"scoring": {"objective": "accuracy"}}, "scoring.objective"),
        ({"cleaning": {"dropDuplicateRows": True}}, "cleaning.dropDuplicateRows"),
        ({"dataset": {**DATASET, "target": "z"}}, "dataset.target"),
        ({"dataset": {**DATASET, "sources": [{"uri": "file:other.csv"}]}}, "dataset.sources[0].uri"),
        ({"dataset": {**DATASET, "sources": [*DATASET["sources"], {"uri": "file:b.csv"}]}}, "dataset.sources"),
        ({"dataset": {**DATASET, "excludeColumns": ["a"]}}, "dataset.excludeColumns"),
        ({"search": {"grid": [{"C": [0.5, 1.5, 2.5]}, {"C": [9.5]}]}}, "search.grid"),
        ({"search": {"grid": [{"C": [0.5, 1.5, {"int": 2}]}]}}, "search.grid[0].C"),
        ({"execution": {"threads": 2}}, "threads"),
    ],
)
def test_every_edit_that_can_change_a_number_is_named(sections: dict[str, Any], path: str) -> None:
    lines = version_lines(with_spec(document(), **sections))
    assert any(line.startswith(f"  spec.{path} was ") for line in lines), lines


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"execution": {"parallelism": 1, "retries": 5, "cellTimeoutSeconds": 60}},
        {"crossValidation": {"folds": 5}},
        {"split": {"train": 70, "validation": 15, "test": 15, "seed": 0}},
        {"scoring": {"targets": {"f1": "0.9"}}},
        {"storage": {"endpoint": "http://elsewhere"}},
        {"output": {"uri": "file:elsewhere/"}},
        {"search": {"grid": document()["spec"]["search"]["grid"], "maxCells": 7}},
        {"dataset": {**DATASET, "sources": [{"uri": "file:data.csv", "sha256": "0" * 64}]}},
        {"suspend": True, "retry": 3},
    ],
)
def test_an_edit_that_changes_no_number_is_no_other_version(sections: dict[str, Any]) -> None:
    edited = with_spec(document(), **sections)
    assert version_lines(edited) == version_lines(document(), edited) == []


def test_a_pin_of_another_content_is_another_version() -> None:
    pins = [
        with_spec(document(), dataset={**DATASET, "sources": [{"uri": "file:data.csv", "sha256": digit * 64}]})
        for digit in "01"
    ]
    assert "sources[0].sha256" in version_lines(pins[0], pins[1])[1]


def test_no_more_than_twenty_differences_are_listed() -> None:
    grid = [{f"p{number}": [1] for number in range(30)}]
    assert version_lines(with_spec(document(), search={"grid": grid}))[-2] == "  and 11 more"


def test_of_a_run_whose_spec_was_not_kept_an_edit_is_still_suspected() -> None:
    status = {"runDigest": run_digest("", training_job().spec), "job": {"uid": ""}}
    report = ResultsReport(run="file:results/runs/1-abcd/", status=status)
    assert list(another_version(report, training_job(), Path("job.yaml"))) == []
    [line] = another_version(report, training_job(5), Path("job.yaml"))
    assert line.startswith(
        "job.yaml may have been edited since: run 1-abcd is of an earlier Gridfold, which kept no spec"
    )
