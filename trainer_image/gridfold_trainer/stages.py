"""The frame around a stage: its input, its surroundings, its report, its exit code."""

import gc
import logging
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import (
    BASE_FOLDER_VARIABLE,
    CELL_EXITS,
    DEBUG_VARIABLE,
    SCRATCH_VARIABLE,
    CellReport,
    FailureReport,
    GroupReport,
    Report,
    Stage,
    StageInput,
)
from gridfold.domain.visible_log import entry, make_visible
from gridfold_trainer.advice import here, more_memory
from gridfold_trainer.errors import DataError, ScratchFullError, StorageUnreachableError, TrainerError
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.local_files import full_somewhere, is_full
from gridfold_trainer.storage.opening import SourceStores, StoreAccess, open_store
from gridfold_trainer.storage.waiting import Waiting
from gridfold_trainer.termination import leave_note, write_report

log = logging.getLogger("gridfold")

_TRACEBACK_FRAMES = 10
_COLLECT_AFTER = 50_000  # new objects; Python's default is 700
_UNEXPECTED = 1  # as of any Python program; no rule of the Job names it, so the pod is tried again


def run_stage(stage: str, job_file: Path, index: int, begin: Callable[[], None] = lambda: None) -> int:
    """Run one stage to its end and return the exit code; the termination message is written before.

    `begin` is called whenever the time of another cell begins.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    make_visible("%(asctime)s %(levelname)s %(message)s")
    try:
        job = StageInput.model_validate_json(job_file.read_bytes())
    except ValidationError as error:
        text = f"{job_file} is not an input of this version: {error}"
        return _fail(FailureReport(reason="InvalidInput", message=text), ExitCode.USAGE)
    try:
        with open_context(job) as context:
            report = _dispatch(Stage(stage), job, context, index, begin)
    except TrainerError as error:
        problems = error.problems if isinstance(error, DataError) else ()
        return _fail(FailureReport(reason=error.reason, message=str(error)), error.exit_code, problems)
    except MemoryError:
        text = f"The memory ran out; {more_memory()}."
        return _fail(FailureReport(reason="OutOfMemory", message=text), ExitCode.MEMORY)
    except Exception as error:
        if isinstance(error, OSError) and is_full(error):
            return _fail(FailureReport(reason=ScratchFullError.reason, message=full_somewhere(error)), ExitCode.PASSING)
        sys.stderr.write(f"{entry(traceback.format_exc().rstrip())}\n")
        return _fail(FailureReport(reason="InternalError", message=_unexpected(error)), _UNEXPECTED)
    write_report(report)
    return int(CELL_EXITS[report.outcome] if isinstance(report, CellReport | GroupReport) else ExitCode.OK)


def _unexpected(error: Exception) -> str:
    """Return what went wrong, then where, innermost first: a message that is too long loses its end."""
    what = "".join(traceback.format_exception_only(error)).strip()
    where = traceback.format_tb(error.__traceback__)[-_TRACEBACK_FRAMES:]
    more = here(cluster="its log has more", laptop=f"with {DEBUG_VARIABLE}=1 it tells where")
    return f"{what}\nThis is a fault of Gridfold's own; {more}. Please report it.\n{''.join(reversed(where))}"


def _dispatch(stage: Stage, job: StageInput, context: Context, index: int, begin: Callable[[], None]) -> Report:
    """Import the stage, switch the garbage collector on again, and run it."""
    if stage is Stage.PREPARE:
        from gridfold_trainer import prepare

        _collect_garbage()
        return prepare.run(job, context)
    if stage is Stage.CELL:
        from gridfold_trainer import cell

        _collect_garbage()
        return cell.run(job, index, context, begin)
    from gridfold_trainer import refit

    _collect_garbage()
    return refit.run(job, context)


def _collect_garbage() -> None:
    """What was imported stays for ever, so keep it out of every collection; scikit-learn's own import is still to come.

    The higher threshold takes 3 % off a small cell's time and adds nothing to its memory.
    """
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 100)
    gc.enable()


@contextmanager
def open_context(job: StageInput) -> Iterator[Context]:
    """Give the stage its surroundings; a scratch folder of its own is removed afterwards."""
    base = os.environ.get(BASE_FOLDER_VARIABLE)
    base_folder = Path(base).absolute() if base else None
    waiting = Waiting.of_environment(os.environ, on_laptop=base_folder is not None, notice=_note_waiting)
    access = replace(StoreAccess.of_environment(os.environ, base_folder), waiting=waiting)
    store = open_store(job.spec.storage, access)
    shared = os.environ.get(SCRATCH_VARIABLE)
    scratch = Path(shared) if shared else Path(tempfile.mkdtemp(prefix="gridfold-"))
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        yield Context(store, scratch, base_folder, SourceStores(job.spec.storage, store, access), access.source_bytes)
    finally:
        if not shared:
            shutil.rmtree(scratch, ignore_errors=True)


def _note_waiting(error: StorageUnreachableError | None) -> None:
    """Leave word of a wait for storage, for the case that this process is ended before it is over."""
    note = None if error is None else FailureReport(reason=error.reason, message=str(error))
    leave_note(note)


def _fail(report: FailureReport, exit_code: int, problems: Sequence[str] = ()) -> int:
    """Say why, in the log and as the last message; of several problems only the log has all, whole."""
    log.error("%s: %s", report.reason, report.message)
    for problem in problems[1:] and problems:
        log.error("%s", problem)
    write_report(report)
    return int(exit_code)
