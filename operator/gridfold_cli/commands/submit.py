"""`gridfold submit`: a TrainingJob into the cluster, and its way to the end if that is waited for."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.commands.arguments import job_file, load
from gridfold_cli.commands.cluster_options import Connect, cluster_options, refuse_conflict
from gridfold_cli.commands.endings import exit_code
from gridfold_cli.commands.examples import examples
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.documents import read_resource
from gridfold_cli.terminal.console import VisibleConsole
from gridfold_cli.terminal.output import print_results, result_console
from gridfold_cli.terminal.progress import Pace, PlainDisplay, TerminalDisplay
from gridfold_cli.terminal.say import say

if TYPE_CHECKING:
    from gridfold_cli.cluster.training_jobs import TrainingJobs

LOCAL = "file:"


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
    job, document = load(file), read_resource(file)
    problems = [*_local_uris(job, file), *_waiting_problems(job, file, wait=wait, require_targets=require_targets)]
    if problems:
        raise InvalidInputError(*problems)
    namespace = _namespace(document, connect, file)
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


def _local_uris(job: TrainingJob, file: Path) -> Iterator[str]:
    """Yield what a cluster cannot reach."""
    spec = job.spec
    uris = {f"spec.dataset.sources[{number}].uri": source.uri for number, source in enumerate(spec.dataset.sources)}
    uris |= {"spec.output.uri": spec.output.uri, "spec.output.cacheUri": spec.cache_uri}
    for path, uri in uris.items():
        if uri.startswith(LOCAL) and (path != "spec.output.cacheUri" or spec.output.cache_uri):
            yield (
                f"{file}: {path} is {uri}, a file of this machine, which no pod can see; put it into object storage "
                f"(s3://BUCKET/KEY), or compute here: gridfold run {file}"
            )


def _waiting_problems(job: TrainingJob, file: Path, *, wait: bool, require_targets: bool) -> Iterator[str]:
    if require_targets and not wait:
        yield "--require-targets needs --wait: nothing is known of targets before the job has ended"
    if require_targets and not job.spec.scoring.targets:
        yield f"{file}: --require-targets is given, but spec.scoring.targets is empty; add a target or drop the option"
    if wait and job.spec.suspend:
        yield f"{file}: spec.suspend is true, so that nothing runs and --wait would never end; set it to false"


def _namespace(document: dict[str, Any], connect: Connect, file: Path) -> str:
    """Return the namespace that the file names, "" if none; as with kubectl, -n must not name another one."""
    named = (document.get("metadata") or {}).get("namespace") or ""
    if named and connect.namespace and named != connect.namespace:
        raise InvalidInputError(
            f"{file}: metadata.namespace is {named}, and -n says {connect.namespace}: leave one of them out"
        )
    return named


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
