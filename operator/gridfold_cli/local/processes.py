"""The trainer's processes: what a pod is in the cluster is a process group here."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import (
    BASE_FOLDER_VARIABLE,
    CREDENTIALS_VARIABLE,
    SCRATCH_VARIABLE,
    TERMINATION_LOG_VARIABLE,
    TERMINATION_MESSAGE_BYTES,
    FailureReport,
    Stage,
    decode_report,
    encode_report,
    with_failure,
)
from gridfold.api.threads import THREAD_VARIABLES
from gridfold.domain.ends import OUT_OF_MEMORY
from gridfold.domain.observed import ProcessEnd, Span
from gridfold_cli.local.scratch import TEMPORARY_VARIABLE, full, has_room
from gridfold_cli.local.server import ForkServer, ServerGoneError

TRAINER = (sys.executable, "-m", "gridfold_trainer")
#: Without a message, the last of the log takes its place, as with the kubelet's FallbackToLogsOnError.
LOG_TAIL_BYTES = 2048
#: Between two looks at what a process says while it runs.
LISTEN_SECONDS = 0.5
MEMORY_KILLS = Path("/proc/vmstat")
NO_MEMORY = (
    "the memory of this machine ran out; run fewer cells at a time (spec.execution.parallelism: 1), use less data, or "
    "a machine with more memory"
)


@dataclass(frozen=True)
class Attempt:
    """One process to start."""

    stage: Stage
    job_file: Path
    index: int | None = None  #: of the wave; None for prepare and refit
    hear: Callable[[str], None] | None = field(default=None, compare=False)  #: is told each message before the last


@dataclass(frozen=True)
class Surroundings:
    """What all processes of one run have in common."""

    scratch: Path  #: must exist; everything of the processes is below it
    base_folder: Path  #: where relative file: URIs start
    threads: int
    estimator: str = ""  #: class that the cells need; "" imports nothing in advance
    s3: bool = False  #: whether they need a client of S3
    command: tuple[str, ...] = TRAINER
    grace_seconds: float = 2.0  #: from SIGTERM to SIGKILL


class TrainerProcesses:
    """Starts the trainer's processes and ends them: each is the leader of a session of its own.

    They are forked from a process that has imported what all need; where several threads are used they are started
    fresh (OpenMP's threads do not survive a fork).
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._numbers = count()
        self._forks = surroundings.threads == 1 and surroundings.command == TRAINER
        self._server_log = surroundings.scratch / "server.txt"
        preload = {"preload": surroundings.estimator, "s3": surroundings.s3}
        wanted = preload if self._forks and surroundings.estimator else None
        self._server = ForkServer(self._environment(), self._server_log, wanted)

    async def run(self, attempt: Attempt) -> ProcessEnd:
        """Run one process to its end. If this is cancelled, its process group is ended first.

        A process that cannot be started is an end, too: exit code 1, reason StartFailed.
        """
        number = next(self._numbers)
        message, log = (self._around.scratch / f"{kind}-{number}" for kind in ("end", "log"))
        kills = _memory_kills()
        try:
            start = _now()
            async with _listening(message, attempt.hear):
                code = await self._server.run(self._request(attempt, message, log), self._around.grace_seconds)
            end = _end_of(code, message, log, out_of_memory=_memory_kills() > kills)
            return replace(end, ran=Span(start, _now()))
        except OSError as error:
            return ProcessEnd(1, "StartFailed", f"the trainer cannot be started: {error}")
        except ServerGoneError as error:
            return ProcessEnd(ExitCode.KILLED, "Error", f"{error} {_tail(self._server_log, LOG_TAIL_BYTES)}".strip())
        finally:
            message.unlink(missing_ok=True)
            log.unlink(missing_ok=True)

    async def close(self) -> None:
        """End whatever still runs."""
        await self._server.close()
        self._server_log.unlink(missing_ok=True)

    def _request(self, attempt: Attempt, message: Path, log: Path) -> dict[str, Any]:
        arguments = [attempt.stage.value, "--job", str(attempt.job_file)]
        if attempt.index is not None:
            arguments += ["--index", str(attempt.index)]
        how = {"fork": arguments} if self._forks else {"run": [*self._around.command, *arguments]}
        return {**how, "environment": {TERMINATION_LOG_VARIABLE: str(message)}, "log": str(log)}

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name != CREDENTIALS_VARIABLE},
            **dict.fromkeys(THREAD_VARIABLES, str(self._around.threads)),
            **dict.fromkeys((SCRATCH_VARIABLE, TEMPORARY_VARIABLE), str(self._around.scratch)),
            BASE_FOLDER_VARIABLE: str(self._around.base_folder),
        }


@asynccontextmanager
async def _listening(message: Path, hear: Callable[[str], None] | None) -> AsyncIterator[None]:
    """Hand on what a process says while it runs."""
    if hear is None:
        yield
        return
    task = asyncio.create_task(_listen(message, hear))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _listen(message: Path, hear: Callable[[str], None]) -> None:
    heard = ""
    while True:
        await asyncio.sleep(LISTEN_SECONDS)
        text = _tail(message, TERMINATION_MESSAGE_BYTES)
        if text != heard:
            heard = text
            hear(text)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _end_of(code: int, message: Path, log: Path, *, out_of_memory: bool) -> ProcessEnd:
    exit_code = 128 - code if code < 0 else code
    text = _tail(message, TERMINATION_MESSAGE_BYTES)
    if exit_code == ExitCode.OK:
        return ProcessEnd(exit_code, "Completed", text)
    if exit_code == ExitCode.MEMORY or (out_of_memory and exit_code == ExitCode.KILLED):
        failure = FailureReport(reason=OUT_OF_MEMORY, message=NO_MEMORY)
        return ProcessEnd(exit_code, OUT_OF_MEMORY, encode_report(with_failure(decode_report(text), failure)))
    text = text or _tail(log, LOG_TAIL_BYTES)
    if not text and not has_room(message.parent):
        text = full(message.parent, "no process can leave a message in it")
    return ProcessEnd(exit_code, "Error", text)


def _tail(path: Path, size: int) -> str:
    """Return the last bytes of a file as text, "" where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="ignore")
    except FileNotFoundError:
        return ""


def _memory_kills() -> int:
    """Return how many processes the kernel has killed for memory since it started; 0 where that is not told."""
    try:
        for line in MEMORY_KILLS.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    except OSError:
        pass  # not Linux
    return 0
