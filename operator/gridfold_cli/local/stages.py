"""Stages on one machine: what a Job and its controller are in the cluster is a task here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gridfold.api.exit_codes import FINAL_INDEX_EXITS, FINAL_STAGE_EXITS, ExitCode
from gridfold.api.handoff import Stage
from gridfold.domain.cell_ends import Indexes, facts_of_cells
from gridfold.domain.observed import ProcessEnd, Progress, SingleStage, Wave
from gridfold.domain.plan import StartStage, StartWave
from gridfold_cli.local.gate import Gate
from gridfold_cli.local.outages import Outages
from gridfold_cli.local.processes import Attempt

LONGEST_PAUSE_SECONDS = 60.0
#: For storage that is away: a person waits, and nothing is lost before the cells run.
PREPARE_STORAGE_SECONDS = 30.0


class Processes(Protocol):
    """Runs processes of the trainer."""

    async def run(self, attempt: Attempt) -> ProcessEnd:
        """Run one process to its end; when cancelled, end it first."""


@dataclass(frozen=True)
class Machine:
    """What the stages of one machine share."""

    processes: Processes
    slots: Gate  #: processes at a time, all stages together
    changed: Callable[[], None]  #: called whenever something is worth another look
    pause_seconds: float = 1.0  #: before the first retry; doubles with each
    storage_seconds: float = 600.0  #: for which storage may be away at a time


class LocalStage:
    """Prepare or refit: one process, tried again as a Job would."""

    def __init__(self, action: StartStage, job_file: Path, machine: Machine) -> None:
        self._action, self._machine = action, machine
        self._attempt = Attempt(action.stage, job_file)
        self._end: ProcessEnd | None = None
        self._running = 0
        self._away = Outages()
        self.progress = Progress.ACTIVE
        self.ttl_seconds: int | None = None
        self.task = asyncio.create_task(self._run(), name=action.name)

    @property
    def stage(self) -> str:
        """Return prepare or refit."""
        return self._action.stage

    def observe(self) -> SingleStage:
        """Return the stage as it is now."""
        return SingleStage(
            name=self._action.name,
            run_digest=self._action.input.run_digest,
            progress=self.progress,
            end=self._end,
            running_pods=self._running,
            ttl_seconds=self.ttl_seconds,
            away_seconds=self._away.seconds(0) if self.progress is Progress.ACTIVE else None,
        )

    async def _run(self) -> None:
        retries, machine = self._action.input.spec.execution.retries, self._machine
        patience = machine.storage_seconds
        if self.stage == Stage.PREPARE:
            patience = min(patience, PREPARE_STORAGE_SECONDS)
        policy = _Policy(FINAL_STAGE_EXITS, retries, machine.pause_seconds, patience)
        succeeded = await _try(self._once, policy)
        self.progress = Progress.SUCCEEDED if succeeded else Progress.FAILED
        self._machine.changed()

    async def _once(self) -> ProcessEnd:
        async with self._machine.slots:
            self._running = 1
            self._away.started(0)
            self._machine.changed()
            try:
                self._end = await self._machine.processes.run(self._attempt)
            finally:
                self._running = 0
        self._away.ended(0, self._end)
        self._machine.changed()
        return self._end


class LocalWave:
    """A wave: one process for each group of cells, each tried again as an Indexed Job would."""

    def __init__(self, action: StartWave, job_file: Path, machine: Machine) -> None:
        self._action, self._job_file, self._machine = action, job_file, machine
        self._gate = Gate(action.parallelism)
        self._draining = False
        self._succeeded: set[int] = set()
        self._failed: set[int] = set()
        self._running: set[int] = set()
        self._starting: set[int] = set()
        self._ends: dict[int, ProcessEnd] = {}
        self._told: dict[int, str] = {}  #: what a running process says of its cells so far
        self._away = Outages()
        self.progress = Progress.ACTIVE
        self.ttl_seconds: int | None = None
        self.task = asyncio.create_task(self._run(), name=action.name)

    def resize(self, parallelism: int) -> None:
        """Change how many processes start from now on; those that run finish."""
        self._gate.resize(parallelism)

    def drain(self) -> None:
        """Start nothing more; what runs finishes."""
        self._draining = True
        self._gate.resize(0)

    def observe(self) -> Wave:
        """Return the wave as it is now."""
        away = self._away.all() - self._succeeded - self._failed
        told = {index: ProcessEnd(ExitCode.OK, "Running", text) for index, text in self._told.items()}
        seen = Indexes(self._succeeded, self._failed, self._running, self._starting, away, self._ends, told)
        return Wave(
            name=self._action.name,
            run_digest=self._action.input.run_digest,
            number=self._action.number,
            groups=self._action.groups,
            parallelism=self._gate.limit,
            progress=self.progress,
            ttl_seconds=self.ttl_seconds,
            spec=self._action.input.spec,
            draining=self._draining,
            **facts_of_cells(self._action.groups, seen),
        )

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for index in range(len(self._action.groups)):
                group.create_task(self._index(index))
        self.progress = Progress.FAILED if self._failed else Progress.SUCCEEDED
        self._machine.changed()

    async def _index(self, index: int) -> None:
        execution = self._action.input.spec.execution
        attempt = Attempt(Stage.CELL, self._job_file, index, lambda text: self._hear(index, text))
        machine = self._machine
        policy = _Policy(FINAL_INDEX_EXITS, execution.retries, machine.pause_seconds, machine.storage_seconds)
        succeeded = await _try(lambda: self._once(index, attempt), policy)
        (self._succeeded if succeeded else self._failed).add(index)
        self._machine.changed()

    def _hear(self, index: int, text: str) -> None:
        self._told[index] = text
        self._machine.changed()

    @asynccontextmanager
    async def _starts(self, index: int) -> AsyncIterator[None]:
        """Have an index be one that starts, until it runs or is cancelled."""
        self._starting.add(index)
        try:
            yield
        finally:
            self._starting.discard(index)

    async def _once(self, index: int, attempt: Attempt) -> ProcessEnd:
        async with self._gate, self._starts(index), self._machine.slots:
            self._starting.discard(index)
            self._running.add(index)
            self._away.started(index)
            self._machine.changed()
            try:
                end = await self._machine.processes.run(attempt)
            finally:
                self._running.discard(index)
                self._told.pop(index, None)
        self._ends[index] = end
        self._away.ended(index, end)
        self._machine.changed()
        return end


@dataclass(frozen=True)
class _Policy:
    """When to try again."""

    final: frozenset[ExitCode]
    retries: int
    pause_seconds: float
    storage_seconds: float


async def _try(once: Callable[[], Awaitable[ProcessEnd]], policy: _Policy) -> bool:
    """Return whether an attempt succeeded.

    A process that somebody ended with SIGTERM does not count, nor one that storage did not answer, for a while.
    """
    pause, failures, away = policy.pause_seconds, 0, Outages()
    while True:
        end = await once()
        away.ended(0, end)
        waited = away.seconds(0)
        if end.exit_code == ExitCode.OK:
            return True
        failures += waited is None and end.exit_code != ExitCode.TERMINATED
        if (
            end.exit_code in policy.final
            or failures > policy.retries
            or (waited is not None and waited >= policy.storage_seconds)
        ):
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
