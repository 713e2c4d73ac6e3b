"""One run on one machine: the engine's loop until the job has ended, or until someone interrupts."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from gridfold.api.conditions import ConditionType
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.conditions import is_true
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Event
from gridfold.engine.no_capacity import NoCapacity
from gridfold.engine.ports import ConflictError
from gridfold.engine.reconcile import reconcile
from gridfold_cli.local.cluster import LocalCluster, SystemClock
from gridfold_cli.local.processes import TRAINER, Surroundings, TrainerProcesses
from gridfold_cli.local.scratch import scratch_folder

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Reconciling takes at most this share of the time, however many cells end at once.
RECONCILE_SHARE = 0.1


class InterruptedRunError(Exception):
    """Someone stopped the run; every process has ended."""


class Display(Protocol):
    """Shows a run while it goes on."""

    def show_event(self, event: Event) -> None:
        """Show something that happened."""

    def show_status(self, status: TrainingJobStatus) -> None:
        """Show how far the job is."""


class DisplayRecorder:
    """The EventRecorder that shows events to whoever looks."""

    def __init__(self, display: Display) -> None:
        self._display = display

    async def record(self, job: ObservedJob, event: Event) -> None:  # noqa: ARG002 (there is one job)
        """Show one event."""
        self._display.show_event(event)


def run_job(
    job: TrainingJob, base_folder: Path, display: Display, command: tuple[str, ...] = TRAINER
) -> TrainingJobStatus:
    """Run a job to its end and return its last status. Leaves no process and no temporary file.

    Raises:
        InterruptedRunError: SIGINT, SIGTERM or SIGHUP came.
    """
    with scratch_folder() as scratch:
        surroundings = Surroundings(
            scratch,
            base_folder,
            threads=job.spec.execution.threads,
            estimator=job.spec.estimator.class_name,
            s3=job.spec.cache_uri.startswith("s3:"),
            command=command,
        )
        return asyncio.run(_run(job, surroundings, display))


def slots(threads: int) -> int:
    """Return how many processes with this many threads fit onto the processors that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) // threads)


async def _run(job: TrainingJob, surroundings: Surroundings, display: Display) -> TrainingJobStatus:
    processes = TrainerProcesses(surroundings)
    cluster = LocalCluster(job, processes, slots(surroundings.threads), surroundings.scratch, shares=True)
    with _interrupts() as interrupted:
        loop = asyncio.create_task(_reconcile_until_ended(cluster, display))
        stop = asyncio.create_task(interrupted.wait())
        try:
            await asyncio.wait((loop, stop), return_when=asyncio.FIRST_COMPLETED)
            if not loop.done():
                raise InterruptedRunError
            return loop.result()
        finally:
            stop.cancel()
            loop.cancel()
            await asyncio.wait((loop, stop))
            await cluster.close()
            await processes.close()


async def _reconcile_until_ended(cluster: LocalCluster, display: Display) -> TrainingJobStatus:
    capacity, clock, recorder = NoCapacity(), SystemClock(), DisplayRecorder(display)
    while True:
        cluster.changed.clear()
        started = time.monotonic()
        try:
            pause = await reconcile(cluster.key, cluster, capacity, clock, recorder)
        except ConflictError:
            continue
        display.show_status(cluster.status)
        if ended(cluster.status):
            return cluster.status
        await asyncio.sleep((time.monotonic() - started) / RECONCILE_SHARE)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):  # wait_for of Python 3.11 forgets a cancellation that comes with an end
                await cluster.changed.wait()


def ended(status: TrainingJobStatus) -> bool:
    """Tell whether a job has come to its end, good or bad."""
    return any(is_true(status.conditions, kind) for kind in (ConditionType.COMPLETE, ConditionType.FAILED))


@contextmanager
def _interrupts() -> Iterator[asyncio.Event]:
    """Give an event that is set by the signals that ask a process to end."""
    interrupted, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in INTERRUPTS:
        loop.add_signal_handler(number, interrupted.set)
    try:
        yield interrupted
    finally:
        for number in INTERRUPTS:
            loop.remove_signal_handler(number)
