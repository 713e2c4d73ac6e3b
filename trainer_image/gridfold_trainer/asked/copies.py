"""All files of the current run of a job, copied into a folder."""

import argparse
import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gridfold.api.answers import CopiesAnswer
from gridfold.api.handoff import StageInput
from gridfold.api.inspection import ResultsReport
from gridfold.api.plots import PLOTS_FILE
from gridfold.domain.visible import excerpt
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.errors import DataError
from gridfold_trainer.outcome.current_run import NoResultsError, current_run, fetch_file
from gridfold_trainer.outcome.mlflow_files import DESCRIPTION, MODEL, mlflow_files
from gridfold_trainer.outcome.page import REPORT, page_of
from gridfold_trainer.storage.context import Context

STATUS, TABLE = "status.json", "results.csv"
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)


class NoRoomError(DataError):
    """A file was found, but its copy cannot be written."""

    reason = "CopyFailed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the copies go."""
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder")


def answer(options: argparse.Namespace, job: StageInput, context: Context) -> CopiesAnswer:
    """Copy the files that status.json names, each verified, status.json itself, and the page about them, made anew.

    Of a run of an earlier Gridfold what makes its model one of MLflow is made anew, too.

    Raises:
        TrainerError: there is no run, it is another job's, or a file is not what status.json says.
    """
    folder: Path = options.folder
    found, content = current_run(job, context)
    try:
        for name in _names(found):
            shutil.move(fetch_file(found, name, context), folder / name)
        (folder / STATUS).write_bytes(content)
        for name, made in _mlflow(found.status).items():
            (folder / name).write_bytes(made)
        plots = folder / PLOTS_FILE
        page = page_of(found.status, (folder / TABLE).read_bytes(), plots.read_bytes() if plots.exists() else None)
        if page.content is not None:
            (folder / REPORT).write_bytes(page.content)
    except OSError as error:
        raise NoRoomError(
            f"{folder} cannot take the files of {found.run}: {error.strerror}; free some room."
        ) from error
    return CopiesAnswer(
        run=found.run,
        status=found.status,
        status_sha256=hashlib.sha256(content).hexdigest(),
        summary=page.summary or page.note,
    )


def _names(found: ResultsReport) -> Iterator[str]:
    """Yield the names of files; who has written status.json does not choose where this machine writes."""
    for name in found.status["files"]:
        if not _NAME.fullmatch(name) or name in {STATUS, REPORT}:
            raise NoResultsError(f"{found.run}{STATUS} names a file {excerpt(name)!r}, which no run has.")
        yield name


def _mlflow(status: Mapping[str, Any]) -> dict[str, bytes]:
    """Return what makes a model one of MLflow where a run has a model and has kept that not."""
    if MODEL not in status["files"] or DESCRIPTION in status["files"]:
        return {}
    add_frames()  # pandas is one of the versions
    return mlflow_files(status["versions"], status.get("trustedTypes") or [])
