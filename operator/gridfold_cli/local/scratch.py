"""The folder for temporary files of one command: below GRIDFOLD_SCRATCH, else where the system has such files."""

import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridfold.api.handoff import SCRATCH_VARIABLE
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.interrupts import INTERRUPTED, tell

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Read by Python and the libraries; the trainer's processes get it, too, so that nothing of theirs is left behind.
TEMPORARY_VARIABLE = "TMPDIR"
_PREFIX = "gridfold-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder of one's own, which is removed afterwards: after Ctrl-C, too.

    Raises:
        InvalidInputError: it cannot be made, or its disk is full.
        SystemExit: someone pressed Ctrl-C.
    """
    before = signal.getsignal(signal.SIGINT)
    folder = _make()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on there is something to clean up
    try:
        yield folder
    except KeyboardInterrupt:
        tell()
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise InvalidInputError(full(folder, str(error.strerror))) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGINT, before)


def full(folder: Path, why: str) -> str:
    """Return what to do where the disk of the temporary folder is full."""
    return (
        f"the disk of the temporary folder {folder} is full ({why}): free some room, or let {SCRATCH_VARIABLE} name a "
        "folder on a larger disk"
    )


def has_room(folder: Path) -> bool:
    """Tell whether a short message could still be written."""
    return shutil.disk_usage(folder).free > 0


def _make() -> Path:
    named = os.environ.get(SCRATCH_VARIABLE)
    try:
        if named:
            Path(named).mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=Path(named).absolute()))
        return Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        where = (
            f"{SCRATCH_VARIABLE} is {named}" if named else f"temporary files go to {tempfile.tempdir or 'no folder'}"
        )
        raise InvalidInputError(
            f"{where}, but no folder can be made there ({error.strerror or error}): let {SCRATCH_VARIABLE} name a "
            "folder on a disk with room that you may write to"
        ) from error
