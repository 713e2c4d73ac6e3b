"""The commands. What is slow to import is imported by the command that needs it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import cell_count, parse_ranges
from gridfold_cli.documents import InvalidInputError, load_training_job
from gridfold_cli.exits import Exit
from gridfold_cli.locations import relocate
from gridfold_cli.words import counted

if TYPE_CHECKING:
    from gridfold.api.inspection import EstimatorReport

output_option = click.option(
    "--output",
    metavar="URI",
    help="Folder of results and cache, in place of spec.output: s3://BUCKET/FOLDER/, file:FOLDER/ "
    "(as in the YAML file: relative to its folder) or a path (relative to the current one).",
)
job_file = click.argument("file", metavar="JOB.yaml", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gridfold", message="%(prog)s %(version)s")
def gridfold() -> None:
    """Tune scikit-learn models by grid search with cross-validation, as one Kubernetes resource.

    Exit codes: 0 complete, 1 the job failed, 2 invalid input, 3 targets not met (with --require-targets),
    130 interrupted.
    """


@gridfold.command()
@job_file
def validate(file: Path) -> None:
    """Check a TrainingJob and say everything that is wrong with it. Reads no data.

    scikit-learn is asked about the estimator and the names of its parameters, where it is installed.
    """
    job = _load(file)
    _check_estimator(job, file)
    cells, folds = cell_count(job.spec.search), job.spec.cross_validation
    splits = folds.folds * folds.repeats
    click.echo(f"{file}: valid, {counted(cells, 'cell')} × {splits} splits = {cells * splits} fits")


@gridfold.command()
@job_file
@output_option
@click.option("--require-targets", is_flag=True, help="End with 3 if spec.scoring.targets are not met.")
def run(file: Path, output: str | None, require_targets: bool) -> None:
    """Run a TrainingJob on this machine, with the same result as in a cluster.

    Results of cells are kept in the cache: a second run computes only what is missing.
    """
    job = _load(file, output)
    if job.spec.suspend:
        raise InvalidInputError(f"{file}: spec.suspend is true, so that nothing of the job runs; set it to false")
    if require_targets and not job.spec.scoring.targets:
        raise InvalidInputError(
            f"{file}: --require-targets is given, but spec.scoring.targets is empty; add a target or drop the option"
        )
    from gridfold_cli.run import run_and_report

    sys.exit(run_and_report(job, file.absolute().parent, require_targets=require_targets))


@gridfold.command()
@job_file
def export(file: Path) -> None:
    """Print the plain scikit-learn script that computes the same numbers. Needs no Gridfold to run."""
    job = _load(file)
    from gridfold_cli.export.script import export_script

    click.echo(export_script(job, _estimator(job, file, "export")), nl=False)


@gridfold.command()
@job_file
@output_option
def plan(file: Path, output: str | None) -> None:
    """Say how much work a TrainingJob is, and how much of it is in the cache. Computes and writes nothing."""
    job = _load(file, output)
    from gridfold_cli.plan import print_plan

    with _asking("plan"):
        print_plan(job, file.absolute().parent)


@gridfold.command()
@job_file
@output_option
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the table of all cells to a file.")
@click.option("--parquet", type=click.Path(path_type=Path, dir_okay=False), help="The same as Parquet.")
def results(file: Path, output: str | None, csv: Path | None, parquet: Path | None) -> None:
    """Show the results of a TrainingJob's current run, and write its table to files."""
    job = _load(file, output)
    from gridfold_cli.results import Copies, print_current_results

    with _asking("results"):
        print_current_results(job, file, Copies(csv, parquet))


def _check_estimator(job: TrainingJob, file: Path) -> None:
    """End with what is wrong with the estimator; where scikit-learn is not installed, say that nobody has looked."""
    from gridfold_cli.installed import what_is_missing

    if missing := what_is_missing():
        click.echo(f"{file}: estimator and parameters were not checked, because {missing}", err=True)
        return
    total = cell_count(job.spec.search)
    for refused in _estimator(job, file, "validate").refused:
        count = len(parse_ranges(refused.cells))
        click.echo(f"{file}: {count} of {counted(total, 'cell')} will be infeasible: {refused.message}", err=True)


def _estimator(job: TrainingJob, file: Path, command: str) -> "EstimatorReport":
    """Return what the trainer says of the estimator, or end: whatever is wrong is wrong in the file."""
    from gridfold.api.inspection import EstimatorReport
    from gridfold_cli.inspection import inspect

    with _asking(command, Exit.INVALID):
        return inspect(job, file.absolute().parent, ("estimator",), EstimatorReport)


@contextmanager
def _asking(command: str, code: Exit = Exit.FAILED) -> Iterator[None]:
    """Make sure that the trainer is there to be asked, and end with a sentence where it cannot answer."""
    from gridfold_cli.inspection import InspectionError
    from gridfold_cli.installed import check_installed

    check_installed(command)
    try:
        yield
    except InspectionError as error:
        click.echo(str(error), err=True)
        sys.exit(code)


def _load(file: Path, output: str | None = None) -> TrainingJob:
    job = load_training_job(file)
    cells, limit = cell_count(job.spec.search), job.spec.search.max_cells
    if cells > limit:
        raise InvalidInputError(
            f"{file}: spec.search.grid has {cells} cells, spec.search.maxCells allows {limit}: take values out of the "
            "grid, or raise maxCells (at most 10000)"
        )
    return job if output is None else relocate(job, output)
