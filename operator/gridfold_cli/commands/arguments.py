"""What commands are given: the file of a job, and where its results go."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import cell_count
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.documents import JobFile, read_job_file
from gridfold_cli.reading.locations import relocate

F = TypeVar("F", bound=Callable[..., Any])

job_file = click.argument("file", metavar="JOB.yaml", type=click.Path(path_type=Path))
output_option = click.option(
    "--output",
    metavar="URI",
    help="Folder of results and cache, in place of spec.output: s3://BUCKET/FOLDER/, file:FOLDER/ "
    "(as in the YAML file: relative to its folder) or a path (relative to the current one).",
)


def settings_option(why: str) -> Callable[[F], F]:
    """Return the option that names a file with what a platform has configured, and says what for."""
    return click.option(
        "--settings",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=f"What the platform has configured, for {why}: the values of its chart, or the ConfigMap of its operator "
        "(kubectl get configmap -n NAMESPACE gridfold -o yaml).",
    )


def load(file: Path, output: str | None = None) -> TrainingJob:
    """Return the job of a file, with another output folder if one is given.

    Raises:
        InvalidInputError: with everything that is wrong.
    """
    job = parse(read_job_file(file))
    return job if output is None else relocate(job, output)


def parse(file: JobFile, prefixes: Sequence[str] | None = None) -> TrainingJob:
    """Return the job of a file that has been read.

    `prefixes` are the packages that a platform allows, in place of those of this machine.

    Raises:
        InvalidInputError: with everything that is wrong.
    """
    job = file.parse(prefixes)
    cells, limit = cell_count(job.spec.search), job.spec.search.max_cells
    if cells > limit:
        raise InvalidInputError(
            f"{file.path}: spec.search.grid has {cells} cells, spec.search.maxCells allows {limit}: take values out of "
            "the grid, or raise maxCells (at most 10000)"
        )
    return job
