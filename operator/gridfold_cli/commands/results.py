"""`gridfold results`: the results of the current run of a job, and its table as a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from gridfold.api.inspection import ResultsReport
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.keys import run_digest
from gridfold.domain.versions import differences
from gridfold_cli.commands.arguments import job_file, load, output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.local.inspection import inspect
from gridfold_cli.terminal.output import print_results, result_console
from gridfold_cli.terminal.stored import remarks_of, to_status

MOST_DIFFERENCES = 20


@click.command()
@job_file
@output_option
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the table of all cells to a file.")
@click.option("--parquet", type=click.Path(path_type=Path, dir_okay=False), help="The same as Parquet.")
def results(file: Path, output: str | None, csv: Path | None, parquet: Path | None) -> None:
    """Show the results of a TrainingJob's current run, and write its table to files."""
    job, base_folder = load(file, output), file.absolute().parent
    copies = {"--csv": csv, "--parquet": parquet}
    wanted = (word for option, path in copies.items() if path for word in (option, str(path.absolute())))
    with asking("results"):
        report = inspect(job, base_folder, ("results", *wanted), ResultsReport)
    for line in another_version(report, job, file):
        click.echo(line, err=True)
    if headline := report.status.get("headline"):
        click.echo(headline)
    click.echo(f"{'Cells':<12}{_cells(report.status)}")
    print_results(result_console(), to_status(report), base_folder, remarks_of(report))
    for path in filter(None, copies.values()):
        click.echo(f"{'Written':<12}{path}")


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


def _cells(status: Mapping[str, Any]) -> str:
    """Return how the cells ended, zeros left out."""
    counts = status["cells"]
    ends = ", ".join(f"{counts[name]} {name}" for name in ("succeeded", "infeasible", "failed") if counts.get(name))
    return f"{counts['total']}: {ends}"
