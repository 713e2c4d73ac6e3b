"""Run many small jobs one after the other without a start of Python for each.

`gridfold run` spends three seconds of CPU on a job of milliseconds: its own imports and those of the trainer. Here one
process has imported all of it; each job gets a fork of it, which does what `gridfold run` does, with a fork for the
trainer's fork server. All else is the product's: stages, processes, files, messages. A job's own process has pandas
here, which no cell's has elsewhere.
"""

import asyncio
import contextlib
import gc
import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gridfold_cli.local import processes
from gridfold_cli.local.server import ForkServer
from gridfold_notebook import here
from gridfold_notebook.errors import SearchFailedError
from gridfold_trainer import forkserver


@dataclass
class WarmRunner:
    """Runs jobs as `gridfold run` does. What one has left is copied for the next that is the same, byte for byte."""

    process: subprocess.Popen[str]
    kept: Path
    known: set[str] = field(default_factory=set)
    copies: bool = True  #: else every job is run

    def run(self, path: Path) -> tuple[int, str]:
        """Run a job, alone in its folder with its data, to its end; return exit code and what it said on stderr."""
        output, digest = path.parent / "out", _digest(path.parent)
        if self.copies and digest in self.known:
            shutil.copytree(self.kept / digest, output)
            return 0, ""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(str(path.absolute())) + "\n")
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        if not code:
            shutil.copytree(output, self.kept / digest, dirs_exist_ok=True)
            self.known.add(digest)
        return code, said

    def use(self, patch: pytest.MonkeyPatch) -> None:
        """Run the jobs of GridSearch, until the patch is undone."""

        def run(path: Path, *, told: bool) -> None:
            code, said = self.run(path)
            if code:
                raise SearchFailedError(said)

        patch.setattr(here, "_run_job", run)


def _digest(folder: Path) -> str:
    content = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()


@contextlib.contextmanager
def warm_runner() -> Iterator[WarmRunner]:
    """Give a runner; its process ends with the context."""
    command = [sys.executable, "-m", "tests.e2e.warm_jobs"]
    root = Path(__file__).parents[2]
    with (
        tempfile.TemporaryDirectory(prefix="gridfold-") as kept,
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        yield WarmRunner(process, Path(kept))
        assert process.stdin
        process.stdin.close()


class ForkedServer(ForkServer):
    """The client of a fork server that is forked from this process, too."""

    async def _ensure_started(self) -> None:
        async with self._starting:
            if self._process is not None:
                return
            self._process = process = await _Forked.start(self._environment)
            self._listener = asyncio.create_task(self._listen(process))  # type: ignore[arg-type]


@dataclass
class _Forked:
    """As much of asyncio's Process as the client of a fork server needs."""

    pid: int
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    end: asyncio.Future[int]

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> "_Forked":
        requests, answers = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(requests[1])
            os.close(answers[0])
            try:
                os.setsid()
                os.environ.update(environment)
                forkserver.ForkServer(requests[0], answers[1]).serve()
            finally:
                os._exit(0)
        os.close(requests[0])
        os.close(answers[1])
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answers[0], "rb"))
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(requests[1], "wb")
        )
        end = asyncio.ensure_future(asyncio.to_thread(_end_of, pid))
        return cls(pid, asyncio.StreamWriter(transport, protocol, None, loop), reader, end)

    async def wait(self) -> int:
        return await self.end

    @property
    def returncode(self) -> int | None:
        return self.end.result() if self.end.done() else None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _end_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _serve() -> None:
    """Run the jobs whose paths come on stdin, a line each."""
    _import_everything()
    processes.ForkServer = ForkedServer  # type: ignore[misc]
    for line in sys.stdin:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _become(Path(json.loads(line)), write)
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as told:
            said = told.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps([code, said]), flush=True)


def _become(path: Path, log: int) -> None:
    """Be `gridfold run` of this job; never returns."""
    from gridfold_cli.__main__ import main

    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(log, 2)
        os.close(log)
        os.chdir(path.parent)
        sys.argv = ["gridfold", "run", path.name]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _import_everything() -> None:
    from gridfold_cli.commands import run  # noqa: F401
    from gridfold_trainer import cell, prepare, refit  # noqa: F401
    from gridfold_trainer.data.frames import add_frames
    from gridfold_trainer.learning.light_imports import TRANSFORMERS, import_scikit_learn

    add_frames()
    import_scikit_learn(*TRANSFORMERS)
    for name in ("gridfold_report.page", "narwhals.stable.v2", "pandas", "polars", "sklearn.linear_model", "skops.io"):
        importlib.import_module(name)
    gc.freeze()


if __name__ == "__main__":
    _serve()
