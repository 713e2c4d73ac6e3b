"""`gridfold results`: the current run of a job, and its table as a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gridfold.api.inspection import ResultsReport
from gridfold.api.status import DatasetStatus, MeanStd, RankedCell, ResultsStatus, TestStatus, TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import parameter_texts
from gridfold.domain.leaderboard import format_score
from gridfold_cli.inspection import inspect
from gridfold_cli.locations import local_path
from gridfold_cli.output import Remarks, print_results, result_console

STATUS_FILE = "status.json"


@dataclass(frozen=True)
class Copies:
    """Where copies of the table go; None: none is wanted."""

    csv: Path | None = None
    parquet: Path | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of the trainer's command."""
        wanted = (("--csv", self.csv), ("--parquet", self.parquet))
        return tuple(word for name, path in wanted if path for word in (name, str(path.absolute())))


def print_current_results(job: TrainingJob, base_folder: Path, copies: Copies) -> None:
    """Print the current run's leaderboard and scores, and write the copies.

    Raises:
        InspectionError: there is no finished run, or its files are not what they were.
    """
    report = inspect(job, base_folder, ("results", *copies.options), ResultsReport)
    click.echo(f"{'Cells':<12}{_cells(report.status)}")
    print_results(result_console(), to_status(report), base_folder, remarks_of(report))
    for path in (copies.csv, copies.parquet):
        if path:
            click.echo(f"{'Written':<12}{path}")


def stored_report(status: TrainingJobStatus, base_folder: Path) -> ResultsReport | None:
    """Return the report of a run that has just ended, where its files are on this machine.

    A run's own status is made of a pod's last words, 4 KiB at most: it lacks scores of lower ranks, and all remarks.
    """
    uri = status.results.uri if status.results else ""
    folder = local_path(uri, base_folder)
    if folder is None or not (folder / STATUS_FILE).is_file():
        return None
    return ResultsReport(run=uri, status=json.loads((folder / STATUS_FILE).read_text(encoding="utf-8")))


def remarks_of(report: ResultsReport) -> Remarks:
    """Return what status.json says that the resource's status has no room for."""
    return Remarks(report.status["errors"], tuple(report.status["notes"]))


def to_status(report: ResultsReport) -> TrainingJobStatus:
    """Return what status.json says as the resource's status shows it: rounded texts."""
    document = report.status
    objective = document["objective"]
    board = [_ranked(line, objective) for line in document["leaderboard"]]
    best, test = document["best"] or {}, document["test"]
    others = {"indistinguishable_from": best.get("indistinguishableFrom")}
    found = document["dataset"]
    return TrainingJobStatus(
        dataset=DatasetStatus(
            rows=found["rows"], columns=found["columns"], classes=found["classes"], parts=found["parts"]
        ),
        objective=objective,
        leaderboard=board,
        best=board[0].model_copy(update=others) if board else None,
        validation=_scores(document["validation"]) or None,
        test=TestStatus(
            scores=_scores(test["scores"]),
            intervals={name: [format_score(end) for end in ends] for name, ends in test["intervals"].items()},
            openings=test["openings"],
        ),
        results=ResultsStatus(uri=report.run),
    )


def _ranked(line: Mapping[str, Any], objective: str) -> RankedCell:
    scores = line["scores"]
    return RankedCell(
        cell=line["cell"],
        score=format_score(scores[objective]["mean"]),
        parameters=parameter_texts(line["parameters"]),
        scores={
            name: MeanStd(mean=format_score(score["mean"]), std=format_score(score["std"]))
            for name, score in scores.items()
        },
    )


def _scores(scores: Mapping[str, float | None]) -> dict[str, str]:
    return {name: format_score(score) for name, score in scores.items()}


def _cells(status: Mapping[str, Any]) -> str:
    """Return how the cells ended, zeros left out."""
    counts = status["cells"]
    ends = ", ".join(f"{counts[name]} {name}" for name in ("succeeded", "infeasible", "failed") if counts.get(name))
    return f"{counts['total']}: {ends}"
