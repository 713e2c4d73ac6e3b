"""What runs on this machine, found by what its environment says."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path


def with_variable(start: str) -> dict[int, list[str]]:
    """Return pid and command line of the processes that have a variable which starts like this."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended, or belongs to somebody else
        if any(variable.startswith(start.encode()) for variable in variables):
            found[int(folder.name)] = words
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Poll until a condition holds.

    Raises:
        TimeoutError: it did not.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds} s")
        time.sleep(0.02)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Let the event loop turn until a condition holds.

    Raises:
        TimeoutError: it did not.
    """
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be reaped by a lazy process 1 does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(path.name for path in folder.iterdir())
