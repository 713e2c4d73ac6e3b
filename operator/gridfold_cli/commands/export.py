"""`gridfold export`: the job as a script of scikit-learn's users."""

from pathlib import Path

import click

from gridfold_cli.commands.arguments import job_file, load
from gridfold_cli.commands.asking import ask_about_estimator
from gridfold_cli.errors import InvalidInputError
from gridfold_export import NoScriptError, export_script


@click.command()
@job_file
def export(file: Path) -> None:
    """Print the plain scikit-learn script that computes the same numbers. Needs no Gridfold to run."""
    job = load(file)
    estimator = ask_about_estimator(job, file, "export")
    try:
        script = export_script(job.metadata.name, job.spec, estimator)
    except NoScriptError as error:
        raise InvalidInputError(str(error)) from error
    click.echo(script, nl=False)
