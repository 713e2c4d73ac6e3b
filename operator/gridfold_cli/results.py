"""`gridfold results`: the current run of a job, and its table as a file."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

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
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import parameter_texts
from gridfold.domain.keys import run_digest
from gridfold.domain.leaderboard import format_score
from gridfold.domain.versions import differences
from gridfold_cli.inspection import inspect
from gridfold_cli.locations import local_path
from gridfold_cli.output import Remarks, print_results, result_console

STATUS_FILE = "status.json"
MOST_DIFFERENCES = 20


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


def print_current_results(job: TrainingJob, file: Path, copies: Copies) -> None:
    """Print the current run's leaderboard and scores, and write the copies; say on stderr if the file was edited since.

    Raises:
        InspectionError: there is no finished run, or its files are not what they were.
    """
    base_folder = file.absolute().parent
    report = inspect(job, base_folder, ("results", *copies.options), ResultsReport)
    for line in another_version(report, job, file):
        click.echo(line, err=True)
    if headline := report.status.get("headline"):
        click.echo(headline)
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
    content = (folder / STATUS_FILE).read_bytes()
    known = status.results.sha256 if status.results else ""
    if hashlib.sha256(content).hexdigest() != known:
        return None  # someone else's by now: the status in memory is right, if shorter
    return ResultsReport(run=uri, status=json.loads(content))


def remarks_of(report: ResultsReport) -> Remarks:
    """Return what status.json says that the resource's status has no room for."""
    return Remarks(report.status["errors"], tuple(report.status["notes"]))


def another_version(report: ResultsReport, job: TrainingJob, file: Path) -> Iterator[str]:
    """Yield lines that say how the run's spec differs from the file's; none where it is the same."""
    run, spec = report.run.rstrip("/").rpartition("/")[2], report.status.get("spec")
    if spec is None:
        if report.status["runDigest"] != run_digest(report.status["job"]["uid"], job.spec):
            yield f"{file} may have been edited since: run {run} is of an earlier Gridfold, which kept no spec."
        return
    found = differences(spec, job.spec)
    if not found:
        return
    yield f"{file} was edited since: these are the results of another version of the job, run {run}."
    yield from (f"  {difference}" for difference in found[:MOST_DIFFERENCES])
    if len(found) > MOST_DIFFERENCES:
        yield f"  and {len(found) - MOST_DIFFERENCES} more"
    yield f"`gridfold run {file}` computes the version of the file."


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
        resolved=Resolved.model_validate(document.get("resolved") or {}),
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
