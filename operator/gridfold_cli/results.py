"""`gridfold results`: the current run of a job, and its table as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gridfold.api.inspection import ResultsReport
from gridfold.api.status import MeanStd, RankedCell, ResultsStatus, TestStatus, TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import parameter_texts
from gridfold.domain.leaderboard import format_score
from gridfold_cli.inspection import inspect
from gridfold_cli.output import print_results, result_console


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
    print_results(result_console(), to_status(report), base_folder)
    for path in (copies.csv, copies.parquet):
        if path:
            click.echo(f"{'Written':<12}{path}")


def to_status(report: ResultsReport) -> TrainingJobStatus:
    """Return what status.json says as the resource's status shows it: rounded texts."""
    document = report.status
    objective = document["objective"]
    board = [_ranked(line, objective) for line in document["leaderboard"]]
    best, test = document["best"] or {}, document["test"]
    others = {"indistinguishable_from": best.get("indistinguishableFrom")}
    return TrainingJobStatus(
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
