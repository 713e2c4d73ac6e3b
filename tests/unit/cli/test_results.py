"""What the command line reads of a run whose files are on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.status import ResultsStatus, TrainingJobStatus
from gridfold_cli.output import Remarks
from gridfold_cli.results import remarks_of, stored_report, to_status

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
    (run / "status.json").write_text(json.dumps(STATUS), encoding="utf-8")
    return TrainingJobStatus(results=ResultsStatus(uri="file:out/runs/1-a/"))


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
