"""`gridfold delete`: TrainingJobs, with what runs of them."""

import time

import click

from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.targets import job_names, plain_name
from gridfold_cli.errors import CommandError
from gridfold_cli.terminal.say import say

LONGEST_WAIT_SECONDS = 300.0
PAUSE_SECONDS = 0.5


@click.command(
    short_help="Delete TrainingJobs; what they have stored stays.",
    epilog=examples("gridfold delete adult-income", "gridfold delete first second -n team-a"),
)
@job_names
@click.option("--wait/--no-wait", default=True, help="Wait until they are gone (default).")
@cluster_options
def delete(*, connect: Connect, names: tuple[str, ...], wait: bool) -> None:
    """Delete TrainingJobs with their Jobs and pods. Results and cache in object storage stay."""
    from gridfold_cli.cluster.refusals import NotFoundError
    from gridfold_cli.cluster.training_jobs import RESOURCE, TrainingJobs

    def wait_until_gone(jobs: TrainingJobs, name: str, uid: str) -> None:
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() < end:
            try:
                if jobs.find(name)["metadata"]["uid"] != uid:
                    return
            except NotFoundError:
                return
            time.sleep(PAUSE_SECONDS)
        raise CommandError(
            f"{name} is still there after {LONGEST_WAIT_SECONDS:.0f} seconds: something holds it by a finalizer; "
            f"`kubectl get tj {name} -o jsonpath='{{.metadata.finalizers}}'` says what"
        )

    missing = []
    with connect(interrupted="interrupted: what was to be deleted goes on being deleted.") as jobs:
        for name in map(plain_name, names):
            try:
                uid = jobs.find(name)["metadata"]["uid"]
                jobs.delete(name)
            except NotFoundError as error:
                missing.append(error.message)
                continue
            if wait:
                wait_until_gone(jobs, name, uid)
            say(f'{RESOURCE} "{name}" deleted')
    if missing:
        raise CommandError("\n".join(missing))
