"""What commands ask the trainer about a job, and how they end where it has no answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridfold.api.inspection import EstimatorReport
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.exits import Exit
from gridfold_cli.local.inspection import InspectionError, inspect
from gridfold_cli.local.installed import check_installed
from gridfold_cli.terminal.say import say


@contextmanager
def asking(command: str, code: Exit = Exit.FAILED) -> Iterator[None]:
    """Make sure that the trainer is there to be asked, and end with a sentence where it cannot answer."""
    check_installed(command)
    try:
        yield
    except InspectionError as error:
        say(str(error), err=True)
        sys.exit(code)


def ask_about_estimator(job: TrainingJob, file: Path, command: str) -> EstimatorReport:
    """Return what the trainer says of the estimator, or end: whatever is wrong is wrong in the file."""
    with asking(command, Exit.INVALID):
        return inspect(job, file.absolute().parent, ("estimator",), EstimatorReport)
