"""NAME|JOB.yaml: what an argument names, a file here or a TrainingJob in the cluster."""

import re

import click

#: Said by every command that takes both.
RULE = (
    "What ends in .yaml, .yml or .json, or has a slash in it, is a file; anything else is the name of a TrainingJob in "
    "the cluster. So write ./FILE for a file of another name, and tj/NAME for a job whose name looks like a file."
)
_FILE_ENDINGS = (".yaml", ".yml", ".json")
_KINDS = re.compile(r"^(tj|trainingjobs?)(\.gridfold\.dev)?/(?P<name>[^/]+)$")

job_name = click.argument("name", metavar="NAME")
job_or_file = click.argument("job", metavar="NAME|JOB.yaml")


def name_in_cluster(argument: str) -> str | None:
    """Return the name of the TrainingJob that an argument names, None where it is a file."""
    if with_kind := _KINDS.match(argument):
        return with_kind["name"]
    return None if "/" in argument or argument.lower().endswith(_FILE_ENDINGS) else argument


def plain_name(argument: str) -> str:
    """Return the name of an argument that can only be a name, also where it is written tj/NAME."""
    with_kind = _KINDS.match(argument)
    return with_kind["name"] if with_kind else argument
