"""A TrainingJob of the cluster whose results are in its storage."""

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.events import TERMINAL_STATES
from gridfold_cli.commands.cluster_job import job_of
from gridfold_cli.commands.cluster_options import Connect
from gridfold_cli.errors import CommandError
from gridfold_cli.terminal.say import say


def finished_job(name: str, connect: Connect) -> TrainingJob:
    """Return a job of the cluster whose current run has ended, to be read from its storage.

    Raises:
        CommandError: the cluster has no such job, does not show it, or its run goes on.
    """
    from gridfold_cli.cluster.training_jobs import status_of

    with connect() as jobs:
        document = jobs.find(name)
    status = status_of(document)
    if status.results is None and status.state not in TERMINAL_STATES:
        raise CommandError(
            f"{name} has no results yet: it is {status.state or 'Pending'}; "
            f"`gridfold watch {name}{connect.options}` follows it to its end"
        )
    if (status.observed_generation or 0) < document["metadata"].get("generation", 0):
        say(f"{name} was edited a moment ago: this is about its run before that.", err=True)
    return job_of(document)
