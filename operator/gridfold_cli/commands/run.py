"""`gridfold run`: the run, what is shown of it, and the exit code."""

import sys
from pathlib import Path

import click

from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.commands.arguments import job_file, load, output_option
from gridfold_cli.commands.endings import exit_code
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.exits import Exit
from gridfold_cli.local.installed import check_installed
from gridfold_cli.local.session import InterruptedRunError, run_job
from gridfold_cli.terminal.console import VisibleConsole
from gridfold_cli.terminal.output import print_results, result_console
from gridfold_cli.terminal.progress import Pace, PlainDisplay, TerminalDisplay
from gridfold_cli.terminal.say import say
from gridfold_cli.terminal.stored import remarks_of, stored_report, to_status


@click.command()
@job_file
@output_option
@click.option("--require-targets", is_flag=True, help="End with 3 if spec.scoring.targets are not met.")
def run(file: Path, output: str | None, require_targets: bool) -> None:
    """Run a TrainingJob on this machine, with the same result as in a cluster.

    Results of cells are kept in the cache: a second run computes only what is missing.
    """
    job = load(file, output)
    if job.spec.suspend:
        raise InvalidInputError(f"{file}: spec.suspend is true, so that nothing of the job runs; set it to false")
    if require_targets and not job.spec.scoring.targets:
        raise InvalidInputError(
            f"{file}: --require-targets is given, but spec.scoring.targets is empty; add a target or drop the option"
        )
    check_installed("run")
    sys.exit(_run_and_report(job, file.absolute().parent, require_targets=require_targets))


def _run_and_report(job: TrainingJob, base_folder: Path, *, require_targets: bool) -> Exit:
    """Run a job, tell how it goes and return how the command is to end."""
    try:
        status = _run(job, base_folder)
    except InterruptedRunError:
        say(
            "interrupted: every process has ended. Finished cells are in the cache; run the same command again and it "
            "continues there.",
            err=True,
        )
        return Exit.INTERRUPTED
    if status.cells:
        _print(status, base_folder)
    return exit_code(status, require_targets=require_targets)


def _print(status: TrainingJobStatus, base_folder: Path) -> None:
    report = stored_report(status, base_folder)
    if report is None:
        print_results(result_console(), status, base_folder)
        return
    if headline := report.status.get("headline"):
        say(headline)
    whole = status.model_copy(update={"leaderboard": to_status(report).leaderboard})
    print_results(result_console(), whole, base_folder, remarks_of(report))


def _run(job: TrainingJob, base_folder: Path) -> TrainingJobStatus:
    console = VisibleConsole(stderr=True)
    if not console.is_terminal:
        return run_job(job, base_folder, PlainDisplay(_write_line, Pace()))
    with TerminalDisplay(console, Pace()) as display:
        return run_job(job, base_folder, display)


def _write_line(text: str) -> None:
    say(text, err=True)
    sys.stderr.flush()
