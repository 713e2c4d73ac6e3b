"""`gridfold report`: the page about the current run of a job."""

import shutil
import sys
import webbrowser
from pathlib import Path

import click

from gridfold.api.inspection import ResultsReport
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.commands.arguments import load, output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_job import READING
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.finished_job import finished_job
from gridfold_cli.commands.targets import job_or_file, name_without_output
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.exits import Exit
from gridfold_cli.local.inspection import inspect
from gridfold_cli.local.scratch import scratch_folder
from gridfold_cli.reading.locations import local_path
from gridfold_cli.terminal.say import say

REPORT = "report.html"


@click.command(epilog=examples("gridfold report JOB.yaml --open", "gridfold report adult-income -n team-a --open"))
@job_or_file
@output_option
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page here: by default beside the run's results, or, where these are not on this machine, into the "
    "current folder.",
)
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@cluster_options
def report(job: str, *, connect: Connect, output: str | None, html: Path | None, show: bool) -> None:
    """Make the page about a TrainingJob's current run, also of a run of an earlier Gridfold.

    The page is one file that asks nobody for anything. It is made on this machine, which has to reach the job's storage
    for that: with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. What ends in .yaml, .yml or .json, or has a
    slash in it, is a file; anything else is the name of a TrainingJob in the cluster.
    """
    name = name_without_output(job, output)
    if name is None:
        file = Path(job)
        path, summary = _make(load(file, output), file.absolute().parent, html)
    else:
        found = finished_job(name, connect)
        say(READING, err=True)
        path, summary = _make(found, None, html)
    say(path)
    say(summary)
    if show and not webbrowser.open(path.absolute().as_uri()):
        say("no browser could be started here: open the file above in one", err=True)
        sys.exit(Exit.FAILED)


def _make(job: TrainingJob, base_folder: Path | None, html: Path | None) -> tuple[Path, str]:
    """Return where the page is by now, and what it says in a line; a base folder is that of a file's job."""
    with scratch_folder() as scratch:
        made = scratch / REPORT
        with asking("report"):
            found = inspect(job, base_folder or Path.cwd(), ("report", "--html", str(made)), ResultsReport)
        folder = local_path(found.run, base_folder) if base_folder else None
        path = html or (folder / REPORT if folder else Path(f"{job.metadata.name}-{REPORT}"))
        _move(made, path.absolute())
    return path, found.status["summary"]


def _move(made: Path, path: Path) -> None:
    try:
        shutil.move(made, path)
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be written: {error.strerror}; name another file with --html FILE"
        ) from error
