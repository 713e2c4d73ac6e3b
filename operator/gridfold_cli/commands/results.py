"""`gridfold results`: the results of the current run of a job, and its table as a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from gridfold.api.inspection import ResultsReport
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.keys import run_digest
from gridfold.domain.versions import differences
from gridfold_cli.commands.arguments import load, output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_job import READING, job_of
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.targets import job_or_file, name_without_output
from gridfold_cli.errors import CommandError
from gridfold_cli.local.inspection import inspect
from gridfold_cli.terminal.output import print_results, result_console
from gridfold_cli.terminal.say import say
from gridfold_cli.terminal.stored import remarks_of, to_status

MOST_DIFFERENCES = 20


@click.command(epilog=examples("gridfold results JOB.yaml --csv table.csv", "gridfold results adult-income -n team-a"))
@job_or_file
@output_option
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the table of all cells to a file.")
@click.option("--parquet", type=click.Path(path_type=Path, dir_okay=False), help="The same as Parquet.")
@cluster_options
def results(job: str, *, connect: Connect, output: str | None, csv: Path | None, parquet: Path | None) -> None:
    """Show the results of a TrainingJob's current run, and write its table to files.

    What ends in .yaml, .yml or .json, or has a slash in it, is a file, whose results are read from its output folder.
    Anything else is the name of a TrainingJob in the cluster, whose status has them; only for --csv and --parquet this
    machine has to reach the storage. Write ./FILE for a file of another name, tj/NAME for a job called like a file.
    """
    copies = {option: path for option, path in (("--csv", csv), ("--parquet", parquet)) if path}
    name = name_without_output(job, output)
    if name is None:
        _of_file(Path(job), output, copies)
    else:
        _of_cluster(name, connect, copies)
    for path in copies.values():
        say(f"{'Written':<12}{path}")


def _read(job: TrainingJob, base_folder: Path, copies: Mapping[str, Path]) -> ResultsReport:
    wanted = (word for option, path in copies.items() for word in (option, str(path.absolute())))
    with asking("results"):
        return inspect(job, base_folder, ("results", *wanted), ResultsReport)


def _of_cluster(name: str, connect: Connect, copies: Mapping[str, Path]) -> None:
    """Show what the status has, and copy the table if that is asked for."""
    from gridfold_cli.cluster.training_jobs import status_of

    with connect() as jobs:
        document = jobs.find(name)
    status = status_of(document)
    if not status.leaderboard:
        said = f"{status.state or 'Pending'}{f' ({status.reason})' if status.reason else ''}"
        raise CommandError(
            f"{name} has no results yet: it is {said}; `gridfold watch {name}{connect.options}` says more"
        )
    if (status.observed_generation or 0) < document["metadata"].get("generation", 0):
        say(f"{name} was edited a moment ago: these are the results before that.", err=True)
    if copies:
        say(READING, err=True)
        _read(job_of(document), Path.cwd(), copies)
    print_results(result_console(), status, Path.cwd())


def _of_file(file: Path, output: str | None, copies: Mapping[str, Path]) -> None:
    job, base_folder = load(file, output), file.absolute().parent
    report = _read(job, base_folder, copies)
    for line in another_version(report, job, file):
        say(line, err=True)
    if headline := report.status.get("headline"):
        say(headline)
    say(f"{'Cells':<12}{_cells(report.status)}")
    print_results(result_console(), to_status(report), base_folder, remarks_of(report))


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
