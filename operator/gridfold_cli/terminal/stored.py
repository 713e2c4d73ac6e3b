"""What a run has written about its results, as the resource's status shows it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridfold.api.inspection import ResultsReport
from gridfold.api.status import (
    DatasetStatus,
    MeanStd,
    RankedCell,
    Resolved,
    ResultsStatus,
    TestStatus,
    TrainingJobStatus,
)
from gridfold.domain.grid import shown_parameters
from gridfold.domain.leaderboard import format_score
from gridfold.domain.learning_curve import curve_status
from gridfold.domain.selection import selection_status
from gridfold_cli.reading.locations import local_path
from gridfold_cli.terminal.output import Remarks

STATUS_FILE = "status.json"


def stored_report(status: TrainingJobStatus, base_folder: Path) -> ResultsReport | None:
    """Return the report of a run that has just ended, where its files are on this machine.

    A run's own status is made of a pod's last words, 4 KiB at most: it lacks scores of lower ranks, and all remarks.
    """
    uri = status.results.uri if status.results else ""
    folder = local_path(uri, base_folder)
    if folder is None or not (folder / STATUS_FILE).is_file():
        return None
    content = (folder / STATUS_FILE).read_bytes()
    known = status.results.sha256 if status.results else ""
    if hashlib.sha256(content).hexdigest() != known:
        return None  # someone else's by now: the status in memory is right, if shorter
    return ResultsReport(run=uri, status=json.loads(content))


def remarks_of(report: ResultsReport) -> Remarks:
    """Return what status.json says that the resource's status has no room for."""
    return Remarks(report.status["errors"], tuple(report.status["notes"]), report.status.get("summary", ""))


def to_status(report: ResultsReport) -> TrainingJobStatus:
    """Return what status.json says as the resource's status shows it: rounded texts."""
    document = report.status
    objective = document["objective"]
    board = [_ranked(line, objective) for line in document["leaderboard"]]
    best, test = document["best"], document["test"]
    found = document["dataset"]
    return TrainingJobStatus(
        dataset=DatasetStatus(
            rows=found["rows"], columns=found["columns"], classes=found["classes"], parts=found["parts"]
        ),
        resolved=Resolved.model_validate(document.get("resolved") or {}),
        objective=objective,
        leaderboard=board,
        best=_best(best, objective) if best else None,
        selection=selection_status(document.get("selection")),
        learning_curve=curve_status(document.get("learningCurve")),
        validation=_scores(document["validation"]) or None,
        test=TestStatus(
            scores=_scores(test["scores"]),
            intervals={name: [format_score(end) for end in ends] for name, ends in test["intervals"].items()},
            openings=test["openings"],
        ),
        results=ResultsStatus(uri=report.run),
    )


def _best(line: Mapping[str, Any], objective: str) -> RankedCell:
    return _ranked(line, objective).model_copy(update={"indistinguishable_from": line["indistinguishableFrom"]})


def _ranked(line: Mapping[str, Any], objective: str) -> RankedCell:
    scores = line["scores"]
    return RankedCell(
        cell=line["cell"],
        score=format_score(scores[objective]["mean"]),
        parameters=shown_parameters(line["parameters"]),
        scores={
            name: MeanStd(mean=format_score(score["mean"]), std=format_score(score["std"]))
            for name, score in scores.items()
        },
    )


def _scores(scores: Mapping[str, float | None]) -> dict[str, str]:
    return {name: format_score(score) for name, score in scores.items()}
