"""What commands are given: the file of a job, and where its results go."""

from pathlib import Path

import click

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import cell_count
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.documents import load_training_job
from gridfold_cli.reading.locations import relocate

job_file = click.argument("file", metavar="JOB.yaml", type=click.Path(path_type=Path))
output_option = click.option(
    "--output",
    metavar="URI",
    help="Folder of results and cache, in place of spec.output: s3://BUCKET/FOLDER/, file:FOLDER/ "
    "(as in the YAML file: relative to its folder) or a path (relative to the current one).",
)


def load(file: Path, output: str | None = None) -> TrainingJob:
    """Return the job of a file, with another output folder if one is given.

    Raises:
        InvalidInputError: with everything that is wrong.
    """
    job = load_training_job(file)
    cells, limit = cell_count(job.spec.search), job.spec.search.max_cells
    if cells > limit:
        raise InvalidInputError(
            f"{file}: spec.search.grid has {cells} cells, spec.search.maxCells allows {limit}: take values out of the "
            "grid, or raise maxCells (at most 10000)"
        )
    return job if output is None else relocate(job, output)
