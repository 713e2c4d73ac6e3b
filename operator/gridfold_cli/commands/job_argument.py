"""NAME|JOB.yaml of a command that reads a job's storage on this machine."""

from collections.abc import Callable
from pathlib import Path

from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.commands.arguments import load
from gridfold_cli.commands.cluster_job import READING
from gridfold_cli.commands.cluster_options import Connect
from gridfold_cli.commands.finished_job import finished_job
from gridfold_cli.commands.targets import name_without_output
from gridfold_cli.terminal.say import say


def job_to_read(
    argument: str,
    output: str | None,
    connect: Connect,
    in_cluster: Callable[[str, Connect], TrainingJob] = finished_job,
) -> tuple[TrainingJob, Path]:
    """Return the job that an argument names, and the folder that its relative paths start from.

    Of a job of the cluster, which `in_cluster` finds, it is said that this machine has to reach its storage.

    Raises:
        InvalidInputError: the file has no valid job, or there is an output and the argument is a name.
        CommandError: the cluster has no such job, or not one that can be read now.
    """
    name = name_without_output(argument, output)
    if name is None:
        file = Path(argument)
        return load(file, output), file.absolute().parent
    found = in_cluster(name, connect)
    say(READING, err=True)
    return found, Path.cwd()
