"""The commands. What is slow to import is imported by the command that needs it."""

import sys
from pathlib import Path

import click

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import Grid
from gridfold_cli.documents import InvalidInputError, load_training_job
from gridfold_cli.locations import relocate

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
    """Check a TrainingJob and say everything that is wrong with it. Reads no data and no scikit-learn."""
    job = _load(file)
    cells, folds = len(Grid.of(job.spec.search.grid)), job.spec.cross_validation
    fits = cells * folds.folds * folds.repeats
    click.echo(f"{file}: valid, {cells} cells × {folds.folds * folds.repeats} splits = {fits} fits")


@gridfold.command()
@job_file
@click.option(
    "--output",
    metavar="URI",
    help="Folder of results and cache, in place of spec.output: s3://BUCKET/FOLDER/, file:FOLDER/ "
    "(as in the YAML file: relative to its folder) or a path (relative to the current one).",
)
@click.option("--require-targets", is_flag=True, help="End with 3 if spec.scoring.targets are not met.")
def run(file: Path, output: str | None, require_targets: bool) -> None:
    """Run a TrainingJob on this machine, with the same result as in a cluster.

    Results of cells are kept in the cache: a second run computes only what is missing.
    """
    job = _load(file)
    if output is not None:
        job = relocate(job, output)
    if require_targets and not job.spec.scoring.targets:
        raise InvalidInputError(
            f"{file}: --require-targets is given, but spec.scoring.targets is empty; add a target or drop the option"
        )
    from gridfold_cli.run import run_and_report

    sys.exit(run_and_report(job, file.absolute().parent, require_targets=require_targets))


def _load(file: Path) -> TrainingJob:
    job = load_training_job(file)
    cells, limit = len(Grid.of(job.spec.search.grid)), job.spec.search.max_cells
    if cells > limit:
        raise InvalidInputError(
            f"{file}: spec.search.grid has {cells} cells, spec.search.maxCells allows {limit}: take values out of the "
            "grid, or raise maxCells (at most 10000)"
        )
    return job
