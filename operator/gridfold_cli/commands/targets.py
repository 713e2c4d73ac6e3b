"""NAME|JOB.yaml: what an argument names, a file here or a TrainingJob in the cluster."""

import re

import click
from click.shell_completion import CompletionItem

from gridfold_cli.commands.cluster_options import Connect
from gridfold_cli.errors import CommandError, InvalidInputError

_FILE_ENDINGS = (".yaml", ".yml", ".json")
_KINDS = re.compile(r"^(tj|trainingjobs?)(\.gridfold\.dev)?/(?P<name>[^/]+)$")


def complete_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the jobs of the namespace that begin so; none where no cluster answers: a shell shows no errors."""
    given = {name: str(context.params.get(name) or "") for name in ("context", "namespace", "kubeconfig")}
    try:
        with Connect(**given)() as jobs:
            names = (job["metadata"]["name"] for job in jobs.all())
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
    except (CommandError, InvalidInputError):
        return []


def complete_names_and_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the same, and have the shell add its files."""
    return [*complete_names(context, parameter, incomplete), CompletionItem(incomplete, type="file")]


job_name = click.argument("name", metavar="NAME", shell_complete=complete_names)
job_names = click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_names)
job_or_file = click.argument("job", metavar="NAME|JOB.yaml", shell_complete=complete_names_and_files)


def name_in_cluster(argument: str) -> str | None:
    """Return the name of the TrainingJob that an argument names, None where it is a file."""
    if with_kind := _KINDS.match(argument):
        return with_kind["name"]
    return None if "/" in argument or argument.lower().endswith(_FILE_ENDINGS) else argument


def name_without_output(argument: str, output: str | None) -> str | None:
    """Return the same of a command that has --output.

    Raises:
        InvalidInputError: there is an output, and the argument is a name.
    """
    name = name_in_cluster(argument)
    if name is not None and output is not None:
        raise InvalidInputError(f"--output is for files, and {argument} is a name: its spec.output says where it is")
    return name


def plain_name(argument: str) -> str:
    """Return the name of an argument that can only be a name, also where it is written tj/NAME."""
    with_kind = _KINDS.match(argument)
    return with_kind["name"] if with_kind else argument
