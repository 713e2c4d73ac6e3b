"""`gridfold watch`: a job of the cluster on one screen, until it has ended."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gridfold.api.status import TrainingJobStatus
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.endings import exit_code
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.targets import job_name, plain_name
from gridfold_cli.terminal.console import VisibleConsole
from gridfold_cli.terminal.progress import Pace, PlainDisplay
from gridfold_cli.terminal.say import say
from gridfold_cli.terminal.screen import ScreenDisplay

if TYPE_CHECKING:
    from gridfold_cli.cluster.training_jobs import TrainingJobs


@click.command(
    short_help="Follow a TrainingJob of the cluster on one screen.",
    epilog=examples("gridfold watch adult-income -n team-a"),
)
@job_name
@cluster_options
def watch(*, connect: Connect, name: str) -> None:
    """Show a TrainingJob of the cluster until it has ended: progress, time left, best cells, conditions, Events.

    Ctrl-C ends the watching, not the job. Without a terminal a few plain lines are written. Exit codes: 0 complete, 1
    failed, 2 the spec is refused.
    """
    interrupted = (
        f"interrupted: the job goes on in the cluster; `gridfold watch {name}{connect.options}` shows it again."
    )
    with connect(interrupted=interrupted) as jobs:
        status = _watch(jobs, plain_name(name))
    sys.exit(exit_code(status))


def _watch(jobs: "TrainingJobs", name: str) -> TrainingJobStatus:
    from gridfold_cli.commands.following_to_end import follow_to_end

    job, console = jobs.find(name), VisibleConsole()
    if not console.is_terminal:
        return follow_to_end(jobs, job, PlainDisplay(_write_line, Pace()))
    with ScreenDisplay(console, f"{jobs.namespace}/{name}", _now) as display:
        return follow_to_end(jobs, job, display)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (the command line is its own clock)


def _write_line(text: str) -> None:
    say(text)
    sys.stdout.flush()
