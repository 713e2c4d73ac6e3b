"""Ctrl-C while there is nothing to clean up: one line and the exit code, wherever in an import it comes."""

import os
import signal
from types import FrameType
from typing import NoReturn

#: Exit.INTERRUPTED, which is not imported here: nothing slow comes before the handler.
INTERRUPTED = 130


def end_at_once() -> None:
    """Let SIGINT end this process with one line, until something is started that has to be cleaned up."""
    signal.signal(signal.SIGINT, end)


def end(_number: int = signal.SIGINT, _frame: FrameType | None = None) -> NoReturn:
    """Say so and end."""
    tell()
    os._exit(INTERRUPTED)


def tell() -> None:
    """Say so; print is not reentrant."""
    os.write(2, b"gridfold: interrupted\n")
