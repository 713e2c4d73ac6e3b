"""`gridfold validate`: whether a job is right, as far as can be told without its data."""

from pathlib import Path

import click

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.grid import cell_count, parse_ranges
from gridfold.domain.words import counted
from gridfold_cli.commands.arguments import job_file, load
from gridfold_cli.commands.asking import ask_about_estimator
from gridfold_cli.local.installed import what_is_missing
from gridfold_cli.terminal.say import say


@click.command()
@job_file
def validate(file: Path) -> None:
    """Check a TrainingJob and say everything that is wrong with it. Reads no data.

    scikit-learn is asked about the estimator and the names of its parameters, where it is installed.
    """
    job = load(file)
    _check_estimator(job, file)
    cells, folds = cell_count(job.spec.search), job.spec.cross_validation
    splits = folds.folds * folds.repeats
    say(f"{file}: valid, {counted(cells, 'cell')} × {splits} splits = {cells * splits} fits")


def _check_estimator(job: TrainingJob, file: Path) -> None:
    """End with what is wrong with the estimator; where scikit-learn is not installed, say that nobody has looked."""
    if missing := what_is_missing():
        say(f"{file}: estimator and parameters were not checked, because {missing}", err=True)
        return
    total = cell_count(job.spec.search)
    for refused in ask_about_estimator(job, file, "validate").refused:
        count = len(parse_ranges(refused.cells))
        say(f"{file}: {count} of {counted(total, 'cell')} will be infeasible: {refused.message}", err=True)
