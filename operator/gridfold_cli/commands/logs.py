"""`gridfold logs`: what a pod of a job has written, or what was kept of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridfold.api.answers import LogAnswer
from gridfold.api.status import TrainingJobStatus
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_job import READING, stage_input
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.targets import job_name, plain_name
from gridfold_cli.errors import CommandError
from gridfold_cli.local.inspection import ask
from gridfold_cli.terminal.say import say

if TYPE_CHECKING:
    from gridfold_cli.cluster.training_jobs import TrainingJobs


@click.command(
    short_help="Show the log of a job's pod, or what was kept of it.",
    epilog=examples("gridfold logs adult-income", "gridfold logs adult-income --cell 17 -f"),
)
@job_name
@click.option("--cell", metavar="N", type=click.IntRange(min=0), help="Of the pod that computes this cell.")
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come, until the pod has ended.")
@cluster_options
def logs(*, connect: Connect, name: str, cell: int | None, follow: bool) -> None:
    """Show the log of the newest pod of a TrainingJob's current run: of a cell, if one is named.

    Of a process that failed the end of its log outlives its pod, in the output folder: it is shown where there is no
    pod any more. Which pod it is comes on stderr, the log on stdout. Ctrl-C ends the command alone.
    """
    plain = plain_name(name)
    with connect() as jobs:
        document, status = _find(jobs, plain, cell)
        if _show_pod(jobs, plain, status, cell, follow=follow):
            return
    say(f"There is no pod {_whose(cell)} any more; what was kept of its log is looked for. {READING}.", err=True)
    _show_kept(document, status, cell)


def _find(jobs: "TrainingJobs", name: str, cell: int | None) -> tuple[dict[str, Any], TrainingJobStatus]:
    from gridfold_cli.cluster.training_jobs import status_of

    document = jobs.find(name)
    status = status_of(document)
    total = status.cells.total if status.cells else None
    if cell is not None and total is not None and cell >= total:
        raise CommandError(f"--cell is {cell}, but {name} has {total} cells: they are numbered from 0 to {total - 1}")
    return document, status


def _show_pod(jobs: "TrainingJobs", name: str, status: TrainingJobStatus, cell: int | None, *, follow: bool) -> bool:
    """Show the log of the newest pod that has one; tell whether there was any."""
    from gridfold_cli.cluster.pods import has_started, pods_of_run, title
    from gridfold_cli.cluster.refusals import NotFoundError

    pods = pods_of_run(jobs, name, status.run_digest or "", cell)
    started = [pod for pod in pods if has_started(pod)]
    if pods and not started:
        raise CommandError(
            f"{title(pods[0])} has not started yet, so that there is no log; `kubectl get tj {name} -n "
            f"{jobs.namespace}` says what it waits for"
        )
    for pod in started:
        say(title(pod), err=True)
        try:
            for line in jobs.log(pod["metadata"]["name"], follow=follow):
                say(line.decode(errors="replace"))
        except NotFoundError:  # it went a moment ago
            continue
        return True
    if not pods and cell is None and status.state in {None, "Pending"}:
        raise CommandError(f"no pod of {name} has been made yet; `gridfold watch {name}` shows when that changes")
    return False


def _whose(cell: int | None) -> str:
    return "of the run" if cell is None else f"of cell {cell}"


def _show_kept(document: dict[str, Any], status: TrainingJobStatus, cell: int | None) -> None:
    if cell is not None and status.prepared is None:
        raise CommandError("no log is kept of a run whose data could not be prepared: its condition Failed says why")
    question = ("log", *(() if cell is None else ("--cell", str(cell))))
    with asking("logs"):
        found = ask(stage_input(document, status), Path.cwd(), question, LogAnswer)
    say(found.uri, err=True)
    for uri in found.earlier:
        say(f"earlier: {uri}", err=True)
    say(found.text, nl=not found.text.endswith("\n"))
