"""`gridfold submit`: a TrainingJob into the cluster, and its way to the end if that is waited for."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.one_machine import on_one_machine
from gridfold_cli.commands.arguments import job_file, parse
from gridfold_cli.commands.cluster_options import Connect, cluster_options, refuse_conflict
from gridfold_cli.commands.endings import exit_code
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.namespaces import named_namespace
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.documents import read_job_file
from gridfold_cli.terminal.console import VisibleConsole
from gridfold_cli.terminal.output import print_results, result_console
from gridfold_cli.terminal.progress import Pace, PlainDisplay, TerminalDisplay
from gridfold_cli.terminal.say import say

if TYPE_CHECKING:
    from gridfold_cli.cluster.training_jobs import TrainingJobs


@click.command(
    short_help="Apply a TrainingJob to a cluster; with --wait, follow it to its end.",
    epilog=examples("gridfold submit job.yaml -n team-a --wait"),
)
@job_file
@click.option("--wait", is_flag=True, help="Follow it until it is complete or has failed, and show its results.")
@click.option("--require-targets", is_flag=True, help="With --wait: end with 3 if spec.scoring.targets are not met.")
@click.option("--force-conflicts", is_flag=True, help="Take over fields that somebody else has applied otherwise.")
@cluster_options
def submit(file: Path, *, connect: Connect, wait: bool, require_targets: bool, force_conflicts: bool) -> None:
    """Check a TrainingJob and apply it to a cluster (server-side, as the field manager gridfold).

    Ctrl-C while it waits leaves the job alone: it goes on. With --wait the exit code is that of `gridfold run`.
    """
    written = read_job_file(file)
    job, document = parse(written), written.resource
    unseen = written.tell(on_one_machine(job.spec))
    problems = [*unseen, *_waiting_problems(job, file, wait=wait, require_targets=require_targets)]
    if problems:
        raise InvalidInputError(*problems)
    namespace = named_namespace(document, connect.namespace, file)
    name = job.metadata.name
    options = connect.options if connect.namespace or not namespace else f"{connect.options} -n {namespace}"
    interrupted = (
        f"interrupted: the job goes on in the cluster. Follow it by `gridfold watch {name}{options}`, end it by "
        f"`gridfold delete {name}{options}`."
    )
    with connect(namespace, interrupted) as jobs:
        status = _submit(jobs, document, file, force=force_conflicts, wait=wait)
        if status is None:
            say(f"Follow it by `gridfold watch {name}{options}`.", err=True)
            return
    if status.cells:
        print_results(result_console(), status, Path.cwd())
    sys.exit(exit_code(status, require_targets=require_targets))


def _waiting_problems(job: TrainingJob, file: Path, *, wait: bool, require_targets: bool) -> Iterator[str]:
    if require_targets and not wait:
        yield "--require-targets needs --wait: nothing is known of targets before the job has ended"
    if require_targets and not job.spec.scoring.targets:
        yield f"{file}: --require-targets is given, but spec.scoring.targets is empty; add a target or drop the option"
    if wait and job.spec.suspend:
        yield f"{file}: spec.suspend is true, so that nothing runs and --wait would never end; set it to false"


def _submit(
    jobs: "TrainingJobs", document: dict[str, Any], file: Path, *, force: bool, wait: bool
) -> TrainingJobStatus | None:
    """Apply a job; return its last status if its end is waited for."""
    from gridfold_cli.cluster.refusals import ConflictError
    from gridfold_cli.cluster.training_jobs import RESOURCE

    metadata = {**document["metadata"], "namespace": jobs.namespace}
    try:
        job, meant = jobs.apply({**document, "metadata": metadata}, force=force)
    except ConflictError as error:
        raise refuse_conflict(error.message, file) from error
    say(f"{RESOURCE}/{job['metadata']['name']} {meant} in the namespace {jobs.namespace}", err=wait)
    if not wait:
        return None
    old = () if meant == "created" else {event["metadata"]["uid"] for event in jobs.events(job["metadata"]["uid"])}
    return _wait(jobs, job, old)


def _wait(jobs: "TrainingJobs", job: dict[str, Any], old_events: set[str] | tuple[()]) -> TrainingJobStatus:
    from gridfold_cli.commands.following_to_end import follow_to_end

    console = VisibleConsole(stderr=True)
    if not console.is_terminal:
        return follow_to_end(jobs, job, PlainDisplay(_write_line, Pace()), old_events)
    with TerminalDisplay(console, Pace()) as display:
        return follow_to_end(jobs, job, display, old_events)


def _write_line(text: str) -> None:
    say(text, err=True)
