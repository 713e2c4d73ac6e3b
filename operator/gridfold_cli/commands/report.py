"""`gridfold report`: the page about the current run of a job."""

import shutil
import sys
import webbrowser
from pathlib import Path

import click

from gridfold.api.inspection import ResultsReport
from gridfold_cli.commands.arguments import job_file, load, output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.exits import Exit
from gridfold_cli.local.inspection import inspect
from gridfold_cli.local.scratch import scratch_folder
from gridfold_cli.reading.locations import local_path

REPORT = "report.html"


@click.command()
@job_file
@output_option
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page here: by default beside the run's results, or, where these are not on this machine, into the "
    "current folder.",
)
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
def report(file: Path, output: str | None, html: Path | None, show: bool) -> None:
    """Make the page about a TrainingJob's current run, also of a run of an earlier Gridfold.

    The page is one file that asks nobody for anything.

    \b
    Example:
      gridfold report JOB.yaml --open
    """  # noqa: D301 (click's mark for lines that stay as they are)
    job, base_folder = load(file, output), file.absolute().parent
    with scratch_folder() as scratch:
        made = scratch / REPORT
        with asking("report"):
            found = inspect(job, base_folder, ("report", "--html", str(made)), ResultsReport)
        folder = local_path(found.run, base_folder)
        path = html or (folder / REPORT if folder else Path(f"{job.metadata.name}-{REPORT}"))
        _move(made, path.absolute())
    click.echo(path)
    click.echo(found.status["summary"])
    if show and not webbrowser.open(path.absolute().as_uri()):
        click.echo("no browser could be started here: open the file above in one", err=True)
        sys.exit(Exit.FAILED)


def _move(made: Path, path: Path) -> None:
    try:
        shutil.move(made, path)
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be written: {error.strerror}; name another file with --html FILE"
        ) from error
