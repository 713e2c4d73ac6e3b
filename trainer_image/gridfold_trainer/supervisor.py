"""The first process of a trainer: starts the work in a child, bounds its time, and dies and kills properly.

As process 1 of a container, Python ignores SIGTERM and would be killed after the grace period, which looks like
"out of memory"; and a signal handler never runs inside a long call into C, so time must be bounded from outside.
The child is forked before anything heavy is imported: the supervisor stays small and costs no second start.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from gridfold.api.exit_codes import ExitCode
from gridfold_trainer.deadline import Deadline
from gridfold_trainer.tail import Tail

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WAITED = {*_ENDING, signal.SIGCHLD}
_CONTAINER_INIT = 1
_LONGEST_WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class End:
    """How the work ended."""

    exit_code: int
    signal: int = 0  #: that killed the child, where the supervisor did not send it
    timed_out: bool = False


def supervise(work: Callable[[], int], deadline: Deadline, tail: Tail | None = None) -> End:
    """Run `work` in a child process group and return how it ended. It leaves no process behind.

    The supervisor should be the only thread. SIGTERM, SIGINT and SIGHUP end the work at once (exit code 143), and so
    does the death of the supervisor's own parent on a laptop; after the deadline, which the work may restart, with 15.
    `tail` keeps the end of what it writes.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
    parent = os.getppid()
    if os.getpid() != _CONTAINER_INIT and parent > _CONTAINER_INIT:
        die_after_parent(parent, signal.SIGTERM)
    deadline.restart()
    supervisor = os.getpid()
    child = os.fork()
    if child == 0:
        _run_child(work, supervisor, tail)
    if tail is not None:
        tail.follow()
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(child, child)  # the child does the same: whoever comes first
    end = _wait(child, deadline)
    _kill_group(child)
    return end


def _run_child(work: Callable[[], int], supervisor: int, tail: Tail | None) -> None:
    """Do the work and leave without the interpreter's clean-up, which takes a fifth of a cell's fixed cost."""
    code = 1
    try:
        os.setpgid(0, 0)
        if tail is not None:
            tail.redirect()
        die_after_parent(supervisor, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED)
        code = work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _wait(child: int, deadline: Deadline) -> End:
    """Wait for the child, reaping whatever else ends: orphans come to process 1."""
    while True:
        end = _reap(child)
        if end is not None:
            return end
        seen = signal.sigtimedwait(_WAITED, max(0.0, min(deadline.remaining(), _LONGEST_WAIT_SECONDS)))
        if seen is not None and seen.si_signo in _ENDING:
            _kill_group(child)
            return End(int(ExitCode.TERMINATED))
        if deadline.remaining() <= 0:
            end = _reap(child)  # it may have ended just now
            if end is None:
                _kill_group(child)
            return end or End(int(ExitCode.TIMEOUT), timed_out=True)


def _reap(child: int) -> End | None:
    """Return how the child ended, or None while it runs."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return End(1)
        if pid == 0:
            return None
        if pid == child:
            if os.WIFSIGNALED(status):
                return End(128 + os.WTERMSIG(status), signal=os.WTERMSIG(status))
            return End(os.WEXITSTATUS(status))


def _kill_group(child: int) -> None:
    """Kill all that the child started, and wait until the child is gone."""
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def die_after_parent(parent: int, death_signal: int) -> None:
    """Ask Linux for a signal when the parent dies, and die now if it is dead already."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    except (OSError, AttributeError):  # not Linux: nothing to lean on, and nothing lost but tidiness
        return
    if os.getppid() != parent:
        os._exit(int(ExitCode.TERMINATED))
