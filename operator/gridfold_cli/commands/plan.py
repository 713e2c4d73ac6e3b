"""`gridfold plan`: how much work a job is, and how much of it is done."""

from collections.abc import Iterator
from pathlib import Path

import click

from gridfold.api.inspection import PlanReport
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import cell_count
from gridfold.domain.words import counted, two_digits
from gridfold_cli.commands.arguments import job_file, load, output_option, settings_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.planned_nodes import Platform, Work, describe_nodes
from gridfold_cli.local.inspection import inspect
from gridfold_cli.reading.platform import load_providers
from gridfold_cli.terminal.say import say

HOUR_SECONDS = 3600


@click.command()
@job_file
@output_option
@settings_option("the nodes that spec.capacity asks for")
def plan(file: Path, output: str | None, settings: Path | None) -> None:
    """Say how much work a TrainingJob is, and how much of it is in the cache. Computes and writes nothing.

    For a cluster: also how many nodes it asks for where there is no room, for how long, and what that costs.
    """
    job = load(file, output)
    platform = Platform(load_providers(settings), settings) if settings else None
    with asking("plan"):
        report = inspect(job, file.absolute().parent, ("plan",), PlanReport)
    for title, text in (*describe(job, report), *describe_nodes(job.spec, left_of(job, report), platform)):
        say(f"{title:<12}{text}")


def describe(job: TrainingJob, report: PlanReport) -> Iterator[tuple[str, str]]:
    """Yield title and text of each line."""
    cells, folds = cell_count(job.spec.search), job.spec.cross_validation
    splits = folds.folds * folds.repeats
    yield "Cells", f"{cells} × {splits} splits = {cells * splits} fits"
    if not report.prepared:
        yield "Cached", "unknown until the data is prepared; gridfold run does it first"
        yield "CPU hours", "unknown, no cell measured"
        return
    left = cells - report.cached - report.infeasible
    refused = f"; the estimator refuses {report.infeasible}" if report.infeasible else ""
    damaged = f"; {counted(report.damaged, 'stored result')} changed or damaged" if report.damaged else ""
    text = f"{report.cached} of {counted(cells, 'cell')}, {left} to compute ({left * splits} fits){refused}{damaged}"
    yield "Cached", text
    yield "CPU hours", _hours(job, report, left)


def left_of(job: TrainingJob, report: PlanReport) -> Work:
    """Return what is left to compute, as far as it is known, and how long a cell takes."""
    cells = cell_count(job.spec.search) - report.cached - report.infeasible
    return Work(cells, report.measured_seconds / report.measured if report.measured else None)


def _hours(job: TrainingJob, report: PlanReport, left: int) -> str:
    """Return the hours to come: measured times only, of fits and scores (starting a process is not in them)."""
    if not left:
        return "0, every cell has a result"
    if not report.measured:
        return "unknown, no cell measured"
    threads = job.spec.execution.threads
    hours = left * report.measured_seconds / report.measured * threads / HOUR_SECONDS
    measured = f"if they take as long as the {report.measured} that were measured"
    return f"{two_digits(hours)} for {counted(left, 'cell')}, {measured}"
