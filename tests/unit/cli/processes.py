"""What runs on this machine, found by what its environment says."""

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


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until a condition holds.

    Raises:
        TimeoutError: it did not.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds} s")
        time.sleep(0.02)
