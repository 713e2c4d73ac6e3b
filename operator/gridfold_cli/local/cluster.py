"""The Cluster port of one machine: the resource is in memory, stages are tasks, pods are processes."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gridfold.api.handoff import JOB_FILE, Stage, StageInput
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import MOST_PARALLEL_FOLDS, Packing, TrainingJob, TrainingJobSpec
from gridfold.domain.groups import format_groups
from gridfold.domain.observed import Children, ObservedJob
from gridfold.domain.plan import Action, Delete, Drain, SetParallelism, SetTtl, StartStage, StartWave
from gridfold.domain.shared_work import shared_groups
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_cli.local.gate import Gate
from gridfold_cli.local.identity import LOCAL_GENERATION, LOCAL_UID
from gridfold_cli.local.stages import LocalStage, LocalWave, Machine, Processes


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 (this is the adapter of the Clock port)


class LocalCluster:
    """Holds one TrainingJob and runs its stages as processes. Close it, or the processes stay.

    Where it shares, cells that were to have a process each go into processes that compute several.
    """

    def __init__(
        self, job: TrainingJob, processes: Processes, slots: int, folder: Path, *, shares: bool = False
    ) -> None:
        metadata = job.metadata.model_copy(
            update={"uid": LOCAL_UID, "generation": LOCAL_GENERATION, "resource_version": "1"}
        )
        self._job = ObservedJob(metadata, _without_packing(job.spec) if shares else job.spec, TrainingJobStatus())
        self._folder = folder  #: job.json of every stage is kept below it
        self._children: dict[str, LocalStage | LocalWave] = {}
        self._slots, self._shares = slots, shares
        self._machine = Machine(processes, Gate(slots), self._notify)
        self.changed = asyncio.Event()  #: set whenever something is worth another look

    @property
    def key(self) -> JobKey:
        """Return which job this is."""
        return JobKey(self._job.metadata.namespace, self._job.metadata.name)

    @property
    def status(self) -> TrainingJobStatus:
        """Return the status that was saved last."""
        return self._job.status

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        """Return the resource, or None for any other key."""
        return self._job if key == self.key else None

    async def observe_children(self, job: ObservedJob) -> Children:
        """Return the stages that were started and not deleted."""
        self._raise_defects()
        if _owner(job) != _owner(self._job):
            return Children()
        stages = [child for child in self._children.values() if isinstance(child, LocalStage)]
        return Children(
            prepares=tuple(child.observe() for child in stages if child.stage == Stage.PREPARE),
            waves=tuple(child.observe() for child in self._children.values() if isinstance(child, LocalWave)),
            refits=tuple(child.observe() for child in stages if child.stage == Stage.REFIT),
        )

    async def apply(self, job: ObservedJob, action: Action) -> None:
        """Carry out one action; what exists already, or is gone already, is fine.

        Raises:
            ConflictError: the action is about another job than the one that is kept here.
        """
        if _owner(job) != _owner(self._job):
            raise ConflictError(f"{action.name} cannot belong to {_owner(job)}; this is {_owner(self._job)}")
        match action:
            case StartStage() if action.name not in self._children:
                most = action.input.spec.execution.parallelism
                action = replace(action, input=self._on_all_cores(action.input, most, 1))
                self._children[action.name] = LocalStage(action, self._write(action.name, action.input), self._machine)
            case StartWave() if action.name not in self._children:
                action = self._shared(action)
                action = replace(action, input=self._on_all_cores(action.input, action.parallelism, len(action.groups)))
                self._children[action.name] = LocalWave(action, self._write(action.name, action.input), self._machine)
            case SetParallelism() | Drain():
                wave = self._children.get(action.name)
                if isinstance(wave, LocalWave):
                    wave.drain() if isinstance(action, Drain) else wave.resize(action.parallelism)
            case Delete():
                await self._delete(action.name)
            case SetTtl():  # children go with the command that runs them: noted, never acted upon
                if child := self._children.get(action.name):
                    child.ttl_seconds = action.ttl_seconds
            case _:
                return  # it was started before
        self._notify()

    async def save_status(self, job: ObservedJob, status: TrainingJobStatus) -> None:
        """Keep the status.

        Raises:
            ConflictError: another one was saved since the job was read.
        """
        version = self._job.metadata.resource_version
        if job.metadata.resource_version != version:
            raise ConflictError(f"version {job.metadata.resource_version} was read, {version} is there now")
        metadata = self._job.metadata.model_copy(update={"resource_version": str(int(version) + 1)})
        self._job = ObservedJob(metadata, self._job.spec, status)

    async def close(self) -> None:
        """End every process, at the same time, and forget the stages."""
        await asyncio.gather(*(self._delete(name) for name in list(self._children)))

    async def _delete(self, name: str) -> None:
        child = self._children.pop(name, None)
        if child is None:
            return
        child.task.cancel()
        await asyncio.wait([child.task])
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _shared(self, action: StartWave) -> StartWave:
        """Return a wave in which cells share work. What later waves repair, the reconciler has grouped for a reason."""
        if not self._shares or action.number > 0 or any(len(group) > 1 for group in action.groups):
            return action
        groups = shared_groups(action.input.spec, action.cells, min(self._slots, action.parallelism))
        stage_input = action.input.model_copy(update={"cells": format_groups(groups)})
        return replace(action, groups=groups, input=stage_input)

    def _on_all_cores(self, stage_input: StageInput, most: int, processes: int) -> StageInput:
        """Return an input by which each process computes folds side by side where so many leave cores idle."""
        if not self._shares:
            return stage_input
        spec = stage_input.spec
        folds = min(MOST_PARALLEL_FOLDS, max(1, min(self._slots, most) // processes))
        execution = spec.execution.model_copy(update={"parallel_folds": folds})
        return stage_input.model_copy(update={"spec": spec.model_copy(update={"execution": execution})})

    def _write(self, name: str, stage_input: StageInput) -> Path:
        path = self._folder / name / JOB_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(stage_input.model_dump_json(by_alias=True, exclude_none=True), encoding="utf-8")
        return path

    def _notify(self) -> None:
        self.changed.set()

    def _raise_defects(self) -> None:
        """Let an error inside a stage's task end the run instead of leaving the stage active for ever."""
        for child in self._children.values():
            if child.task.done() and not child.task.cancelled() and (error := child.task.exception()):
                raise error


def _owner(job: ObservedJob) -> tuple[str, str, str]:
    return job.metadata.namespace, job.metadata.name, job.metadata.uid


def _without_packing(spec: TrainingJobSpec) -> TrainingJobSpec:
    """Return a spec that says nothing of who goes with whom."""
    return spec.model_copy(update={"execution": spec.execution.model_copy(update={"packing": Packing()})})
