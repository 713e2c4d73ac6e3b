"""`gridfold validate`: whether a job is right, as far as can be told without its data."""

from pathlib import Path

import click

from gridfold.api.estimator_names import class_name_problem
from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import cell_count, parse_ranges
from gridfold.domain.words import counted
from gridfold_cli.commands.allowed import check_allowed, load_platform
from gridfold_cli.commands.arguments import job_file, parse, settings_option
from gridfold_cli.commands.asking import ask_about_estimator
from gridfold_cli.local.installed import what_is_missing
from gridfold_cli.reading.documents import local_prefixes, read_job_file
from gridfold_cli.terminal.say import say


@click.command()
@job_file
@settings_option("what it allows")
@click.option("-n", "--namespace", default="", metavar="NAME", help="Whose limits count; default: the file's.")
@click.option(
    "--namespace-label",
    "labels",
    multiple=True,
    metavar="KEY=VALUE",
    help="A label of the namespace, where limits go by labels. May be given more than once.",
)
def validate(file: Path, settings: Path | None, namespace: str, labels: tuple[str, ...]) -> None:
    """Check a TrainingJob and say everything that is wrong with it. Reads no data.

    scikit-learn is asked about the estimator and the names of its parameters, where it is installed. With --settings
    the job is also judged by what the platform allows in its namespace, as the operator will do.
    """
    rules = load_platform(settings, namespace, labels)
    written = read_job_file(file)
    job = parse(written, rules.estimator_prefixes if rules else None)
    allowed = check_allowed(written, rules, namespace, labels) if rules else None
    _check_estimator(job, file)
    cells, folds = cell_count(job.spec.search), job.spec.cross_validation
    splits = folds.folds * folds.repeats
    say(f"{file}: valid, {counted(cells, 'cell')} × {splits} splits = {cells * splits} fits")
    if allowed is not None:
        say(f"{file}: {allowed}")


def _check_estimator(job: TrainingJob, file: Path) -> None:
    """End with what is wrong with the estimator; where this machine may not or cannot ask it, say so."""
    missing = what_is_missing()
    if not missing and class_name_problem(job.spec.estimator.class_name, local_prefixes()):
        missing = f"{ESTIMATOR_PREFIXES_VARIABLE} does not name its package for this machine"
    if missing:
        say(f"{file}: estimator and parameters were not checked, because {missing}", err=True)
        return
    total = cell_count(job.spec.search)
    for refused in ask_about_estimator(job, file, "validate").refused:
        count = len(parse_ranges(refused.cells))
        say(f"{file}: {count} of {counted(total, 'cell')} will be infeasible: {refused.message}", err=True)
