"""Processes by number *and* start time, so that nothing is ended that is not ours."""

import contextlib
import os
import select
import signal
from pathlib import Path

from tests.testbed.errors import TestbedError


def start_time(pid: int, root: Path = Path("/")) -> int | None:
    """Return a process's start in clock ticks since boot, or None if it is gone; a zombie is gone."""
    try:
        text = (root / "proc" / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[18])


def is_alive(pid: int | None, started: int | None) -> bool:
    """Tell whether that very process still runs."""
    return pid is not None and started is not None and start_time(pid) == started


def end(pid: int, started: int, timeout_seconds: float = 30) -> None:
    """Kill that very process and wait for its end; do nothing if it has gone or the number is another's now."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)  # holds the process: the number cannot change hands below
        try:
            if start_time(pid) != started:
                return
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            if not select.select([handle], [], [], timeout_seconds)[0]:
                raise TestbedError(f"Process {pid} did not end within {timeout_seconds:.0f} s of SIGKILL.")
        finally:
            os.close(handle)


def of_namespace(inode: str) -> list[int]:
    """Return the processes whose pid namespace is `inode` (as /proc/PID/ns/pid reads)."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str((entry / "ns" / "pid").readlink()) == inode:
                found.append(int(entry.name))
    return found
