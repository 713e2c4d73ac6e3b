"""Start the trainer's processes for a command line on the same machine, and let none outlive it.

A fresh Python with scikit-learn costs 0.75 to 0.9 CPU-seconds; a process forked from one that has imported it costs
0.02. So every stage is forked from this process. Prepare and refit import pandas and polars after that, each for
itself: this process must never see them.

One JSON document a line. Requests come on stdin:

    {"id": 1, "run": [program, argument, …], "environment": {…}, "log": path}   a fresh process
    {"id": 2, "fork": [argument, …], "environment": {…}, "log": path}           like `python -m gridfold_trainer …`
    {"id": 2, "signal": 15}                                                     to the whole process group
    {"preload": "sklearn.svm.SVC", "s3": false}                                 import what its cells need

Answers go to stdout: {"id": 1, "end": 0}, negative for a signal, or {"id": 1, "error": "…"} if it cannot be started.
When stdin ends, or the process that started this one dies, all processes are ended; of a parent that died, the
scratch folder is removed, too.
"""

import argparse
import contextlib
import gc
import json
import os
import selectors
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from gridfold_trainer.supervisor import die_after_parent

_GRACE_SECONDS = 2.0
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_CANNOT_START = 127
_EXITING = 0x4  #: PF_EXITING of Linux' sched.h, in the flags of a process


class ForkServer:
    """Starts processes, passes signals on to them and tells how they ended. Has one thread: it forks."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, answers
        self._names: dict[int, int] = {}  #: id of the request by pid
        self._pids: dict[int, int] = {}  #: pid by id of the request; a pid in it has not been reaped
        self._unread = b""
        self._open, self.dismissed = True, False  #: dismissed: nothing runs, and no more is to come
        self._wake_read, self._wake_write = os.pipe()

    def serve(self) -> None:
        """Work until stdin ends or a signal asks to end; no process is left then."""
        self._listen_to_signals()
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_READ, self._read_requests)
            selector.register(self._wake_read, selectors.EVENT_READ, self._read_signals)
            while self._open:
                for key, _ in selector.select():
                    key.data()
                self._reap()
        self._end_all()

    def _listen_to_signals(self) -> None:
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (*_ENDING, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def _read_signals(self) -> None:
        if any(number in _ENDING for number in os.read(self._wake_read, 4096)):
            self._open = False

    def _read_requests(self) -> None:
        piece = os.read(self._requests, 65536)
        self.dismissed = piece == b"" and not self._names
        self._open = self._open and piece != b""
        *lines, self._unread = (self._unread + piece).split(b"\n")
        for line in lines:
            self._serve_one(json.loads(line))

    def _serve_one(self, request: dict[str, Any]) -> None:
        if "preload" in request:
            _preload(request["preload"], s3=request["s3"])
        elif "signal" in request:
            self._kill(request["id"], request["signal"])
        else:
            self._start(request)

    def _start(self, request: dict[str, Any]) -> None:
        try:
            log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            server, pid = os.getpid(), os.fork()
        except OSError as error:
            self._answer({"id": request["id"], "error": str(error)})
            return
        if pid == 0:
            _become(request, log, server)
        os.close(log)
        self._names[pid], self._pids[request["id"]] = request["id"], pid

    def _kill(self, name: int, number: int) -> None:
        if name in self._pids:
            _signal_group(self._pids[name], number)

    def _reap(self) -> None:
        for pid in list(self._names):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                name = self._names.pop(pid)
                del self._pids[name]
                self._answer({"id": name, "end": os.waitstatus_to_exitcode(status)})

    def _answer(self, document: dict[str, Any]) -> None:
        line = json.dumps(document).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._answers, line) :]
        except BrokenPipeError:
            self._open = False  # nobody listens any more

    def _end_all(self) -> None:
        """End every process group, first kindly; what is left of one after the grace time is killed."""
        deadline = time.monotonic() + _GRACE_SECONDS
        number = signal.SIGTERM
        while self._names:
            for pid in self._names:
                _signal_group(pid, number)
            with selectors.DefaultSelector() as selector:
                selector.register(self._wake_read, selectors.EVENT_READ)
                while self._names and (number == signal.SIGKILL or time.monotonic() < deadline):
                    if selector.select(max(0.0, deadline - time.monotonic()) if number == signal.SIGTERM else None):
                        os.read(self._wake_read, 4096)
                    self._reap()
            number = signal.SIGKILL


def _become(request: dict[str, Any], log: int, server: int) -> None:
    """Be the process that was asked for; never returns."""
    code = _CANNOT_START
    try:
        os.setsid()
        _forget_the_server(log)
        die_after_parent(server, signal.SIGTERM)
        os.environ.update(request["environment"])
        if "run" in request:
            os.execvp(request["run"][0], request["run"])  # noqa: S606 (a shell is what nobody wants here)
        code = _work(request["fork"])
    except OSError as error:
        print(f"{request.get('run', ['the trainer'])[0]} cannot be started: {error.strerror}", file=sys.stderr)  # noqa: T201
    except SystemExit as end:  # argparse
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # nothing may climb into the server's loop, of which this is a copy
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        _flush()
        os._exit(code)


def _forget_the_server(log: int) -> None:
    """Take stdin, stdout and stderr of one's own, and the signals as every process has them at its start."""
    signal.set_wakeup_fd(-1)
    for number in (*_ENDING, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 (a device, no path of ours)
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, 64)


def _work(arguments: list[str]) -> int:
    """Do what `python -m gridfold_trainer` does."""
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed()  # scikit-learn's random_state=None uses it: each cell its own, as when fresh
    from gridfold_trainer.__main__ import main

    return main(arguments)


def _preload(class_name: str, *, s3: bool) -> None:
    """Import what cells of this estimator need, without making any garbage to collect."""
    gc.disable()
    from gridfold_trainer import cell, stages  # noqa: F401
    from gridfold_trainer.errors import TrainerError
    from gridfold_trainer.learning import estimators
    from gridfold_trainer.learning.light_imports import TRANSFORMERS, import_scikit_learn

    with contextlib.suppress(ImportError, TrainerError):  # prepare says it, and better
        estimators.load_class(class_name)
        import_scikit_learn(*TRANSFORMERS)
        if s3:
            import boto3  # noqa: F401
    gc.freeze()


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (PermissionError, ProcessLookupError):
        with contextlib.suppress(ProcessLookupError):  # it has not made its group yet
            os.kill(pid, number)


def is_ending(pid: int) -> bool:
    """Tell whether a process is on its way out, or has ended: as /proc has it, proc_pid_stat(5); elsewhere no."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] in {"Z", "X"} or bool(int(fields[6]) & _EXITING)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def main() -> None:
    """Serve the process that started this one; it names itself, so that its death before now is noticed."""
    parser = argparse.ArgumentParser(prog="python -m gridfold_trainer.forkserver", description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process id of the command line")
    parser.add_argument("--scratch", required=True, help="folder to remove at the end")
    options = parser.parse_args()
    die_after_parent(options.parent, signal.SIGTERM)
    server = ForkServer(sys.stdin.fileno(), sys.stdout.fileno())
    server.serve()
    # Also for one that is killed before it does so itself: its pipes are closed a moment before it is gone.
    if server.dismissed or os.getppid() != options.parent or is_ending(options.parent):
        shutil.rmtree(options.scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
