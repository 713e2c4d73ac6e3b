"""A Cluster in memory, with the Job controller's rules as far as the port can see them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import Stage, StageInput
from gridfold.api.status import TrainingJobStatus
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold.domain.cell_ends import ends_of_cells
from gridfold.domain.ends import is_final
from gridfold.domain.keys import attempt_digest
from gridfold.domain.observed import Children, ObservedJob, ProcessEnd, Progress, SingleStage, Waiting, Wave
from gridfold.domain.plan import Action, Change, Delete, Drain, SetParallelism, SetTtl, StartStage, StartWave
from gridfold.domain.stage_needs import memory_of
from gridfold.engine.ports import ConflictError, JobKey

PLATFORM_IMAGE = "never-pulled:1"
FINAL_STAGE_EXITS = {ExitCode.DATA, ExitCode.MEMORY, ExitCode.TIMEOUT, ExitCode.KILLED}


@dataclass
class FakeChild:
    """A stage or wave, whose it is, and what its pods were told."""

    owner: str
    stage: Stage
    view: SingleStage | Wave
    told: StageInput
    failures: dict[int, int] = field(default_factory=dict)


@dataclass
class FakeCluster:
    """Implements gridfold.engine.ports.Cluster."""

    documents: dict[JobKey, dict[str, Any]] = field(default_factory=dict)
    children: dict[tuple[str, str], FakeChild] = field(default_factory=dict)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    started: int = 0  #: children so far

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        document = self.documents.get(key)
        if document is None:
            return None
        job = parse_training_job({**document, "spec": VALID_SPEC, "status": {}})
        status = _known_part(document.get("status", {}))
        try:
            spec = parse_training_job({**document, "status": {}}).spec
            return ObservedJob(job.metadata, spec, status, image=PLATFORM_IMAGE)
        except InvalidTrainingJobError as error:
            return ObservedJob(job.metadata, None, status, error.problems)

    async def observe_children(self, job: ObservedJob) -> Children:
        mine = [child for child in self.children.values() if child.owner == job.metadata.uid]
        for child in mine:
            same_run = job.status.run_digest == child.told.run_digest
            image = (job.status.prepared.image if job.status.prepared and same_run else "") or PLATFORM_IMAGE
            started_with = (attempt_digest(child.told.spec), child.view.image)
            outdated = job.spec is not None and (attempt_digest(job.spec), image) != started_with
            child.view = replace(child.view, outdated=outdated)
        return Children(
            tuple(c.view for c in mine if c.stage is Stage.PREPARE and isinstance(c.view, SingleStage)),
            tuple(c.view for c in mine if isinstance(c.view, Wave)),
            tuple(c.view for c in mine if c.stage is Stage.REFIT and isinstance(c.view, SingleStage)),
        )

    async def apply(self, job: ObservedJob, action: Action) -> None:
        place = (job.metadata.namespace, action.name)
        child = self.children.get(place)
        if child:
            _check(child, job, action)
        match action:
            case Delete():
                self.children.pop(place, None)
            case SetParallelism():
                if child and isinstance(child.view, Wave):
                    view = replace(child.view, parallelism=action.parallelism)
                    child.view = replace(view, suspended=True, running=frozenset()) if view.queue else view
            case Drain():
                if child and isinstance(child.view, Wave):
                    child.view = replace(child.view, draining=True)
            case SetTtl():
                if child:
                    child.view = replace(child.view, ttl_seconds=action.ttl_seconds)
            case _ if child is None:
                self.started += 1
                made = _new_child(job.metadata.uid, action)
                made.view = replace(made.view, uid=f"child-{self.started}")
                self.children[place] = made

    async def save_status(self, job: ObservedJob, status: TrainingJobStatus) -> None:
        key = JobKey(job.metadata.namespace, job.metadata.name)
        document = self.documents.get(key)
        if document is None or document["metadata"]["resourceVersion"] != job.metadata.resource_version:
            raise ConflictError(f"{key} has changed")
        self.write(key, status=status.document())

    def write(self, key: JobKey, **parts: Any) -> None:
        """Replace parts of a resource; its version changes."""
        document = self.documents[key]
        metadata = document["metadata"]
        metadata = {**metadata, "resourceVersion": str(int(metadata["resourceVersion"]) + 1)}
        if "spec" in parts:
            metadata["generation"] += 1
        self.documents[key] = {**document, **parts, "metadata": metadata}

    def end(self, place: tuple[str, str], end: ProcessEnd, index: int) -> None:
        """Apply the Job controller's rules to the end of a pod."""
        child = self.children[place]
        retries = child.told.spec.execution.retries
        if end.exit_code == ExitCode.STORAGE:
            child.view = _away(child.view, end, index)
            return
        child.failures[index] = child.failures.get(index, 0) + 1
        spent = child.failures[index] > retries
        if isinstance(child.view, Wave):
            child.view = _end_of_group(child.view, end, index, spent)
            return
        progress = child.view.progress
        if end.exit_code == 0:
            progress = Progress.SUCCEEDED
        elif end.exit_code in FINAL_STAGE_EXITS or spent:
            progress = Progress.FAILED
        child.view = replace(child.view, end=end, progress=progress, running_pods=0, away_seconds=None)


def _check(child: FakeChild, job: ObservedJob, action: Action) -> None:
    """Make sure that a child is the job's, and the one that was observed."""
    if child.owner != job.metadata.uid:
        raise ConflictError(f"{action.name} belongs to {child.owner}, expected {job.metadata.uid}")
    if isinstance(action, Change) and action.uid not in {"", child.view.uid}:
        raise ConflictError(f"{action.name} is another one now (uid {child.view.uid}, expected {action.uid})")


def _away(view: SingleStage | Wave, end: ProcessEnd, index: int) -> SingleStage | Wave:
    """Return a child after a process could not reach storage, which counts as no failure."""
    if isinstance(view, SingleStage):
        return replace(view, end=end, running_pods=0, away_seconds=0.0)
    group, ends = view.groups[index], ends_of_cells(view.groups[index], end)
    away = {cell for cell in group if ends[cell].exit_code == ExitCode.STORAGE}
    return replace(view, ends={**view.ends, **ends}, running=view.running.difference(group), away=view.away | away)


def _end_of_group(wave: Wave, end: ProcessEnd, index: int, spent: bool) -> Wave:
    group, ends = wave.groups[index], ends_of_cells(wave.groups[index], end)
    succeeded, failed = wave.succeeded, wave.failed
    if end.exit_code == 0:
        succeeded |= set(group)
    elif is_final(end) or (not wave.draining and (end.exit_code == ExitCode.KILLED or spent)):
        finished = {cell for cell in group if ends[cell].exit_code == 0}
        succeeded |= finished
        failed |= set(group) - finished
    progress = Progress.ACTIVE
    if succeeded | failed == set(wave.cells) and not wave.draining:
        progress = Progress.FAILED if failed else Progress.SUCCEEDED
    ends = {**wave.ends, **ends}
    running = wave.running.difference(group)
    away = wave.away.difference(group)
    return replace(wave, succeeded=succeeded, failed=failed, progress=progress, ends=ends, running=running, away=away)


def _new_child(owner: str, action: StartStage | StartWave) -> FakeChild:
    digest = action.input.run_digest
    if isinstance(action, StartStage):
        memory = action.memory or memory_of(action.input.spec.execution, action.stage)
        queued = bool(action.input.spec.execution.queue_name)
        stage = SingleStage(
            action.name, digest, Progress.ACTIVE, memory=memory, image=action.image or PLATFORM_IMAGE, suspended=queued
        )
        return FakeChild(owner, action.stage, stage, action.input)
    spec = action.input.spec
    memory = action.memory or memory_of(spec.execution, Stage.CELL)
    queue = spec.execution.queue_name
    wave = Wave(
        action.name,
        digest,
        action.number,
        action.groups,
        action.parallelism,
        Progress.ACTIVE,
        memory=memory,
        image=action.image or PLATFORM_IMAGE,
        spec=spec,
    )
    wave = replace(wave, queue=queue, suspended=bool(queue))
    return FakeChild(owner, Stage.CELL, wave, action.input)


def _known_part(document: dict[str, Any]) -> TrainingJobStatus:
    known = {}
    for name, value in document.items():
        try:
            TrainingJobStatus.model_validate({name: value})
        except ValidationError:
            continue
        known[name] = value
    return TrainingJobStatus.model_validate(known)


VALID_SPEC = {
    "dataset": {"sources": [{"uri": "s3://data/rows.csv"}], "target": "y"},
    "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
    "search": {"grid": [{"C": [1]}]},
    "output": {"uri": "s3://models/job/"},
}


class FakeWorld:
    """The world around the fake: what a user and a kubelet would do."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.namespace = "team"
        self._created = 0

    async def create(self, name: str, **spec: Any) -> JobKey:
        self._created += 1
        key = JobKey(self.namespace, name)
        self.cluster.documents[key] = {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "uid": f"uid-{self._created}",
                "generation": 1,
                "resourceVersion": str(100 * self._created),
            },
            "spec": {**VALID_SPEC, **spec},
        }
        return key

    async def remove(self, key: JobKey) -> None:
        uid = self.cluster.documents.pop(key)["metadata"]["uid"]
        self.cluster.children = {p: c for p, c in self.cluster.children.items() if c.owner != uid}

    async def edit(self, key: JobKey, **spec: Any) -> None:
        self.cluster.write(key, spec={**self.cluster.documents[key]["spec"], **spec})

    async def set_raw_status(self, key: JobKey, status: dict[str, Any]) -> None:
        self.cluster.write(key, status=status)

    async def take_name(self, key: JobKey, child: str) -> None:
        job = await self.cluster.load_job(key)
        assert job is not None
        assert job.spec is not None
        told = StageInput(namespace=key.namespace, name="else", run_digest="d", spec=job.spec)
        stage = SingleStage(child, "d", Progress.ACTIVE)
        self.cluster.children[key.namespace, child] = FakeChild("somebody-else", Stage.PREPARE, stage, told)

    async def run_pod(self, key: JobKey, child: str, index: int = 0) -> None:
        found = self.cluster.children[key.namespace, child]
        if isinstance(found.view, Wave):
            found.view = replace(found.view, running=found.view.running.union(found.view.groups[index]))
        else:
            found.view = replace(found.view, running_pods=1)

    async def end_pod(self, key: JobKey, child: str, end: ProcessEnd, index: int = 0) -> None:
        self.cluster.end((key.namespace, child), end, index)

    async def block_pods(self, key: JobKey, child: str, message: str) -> None:
        found = self.cluster.children[key.namespace, child]
        pods = len(found.view.groups) if isinstance(found.view, Wave) else 1
        seconds = timedelta(seconds=5).total_seconds()
        found.view = replace(found.view, waiting=(Waiting("Unschedulable", message, pods, seconds),))

    async def suspend(self, key: JobKey, child: str) -> None:
        found = self.cluster.children[key.namespace, child]
        found.view = replace(found.view, suspended=True)
        nothing = {"running": frozenset()} if isinstance(found.view, Wave) else {"running_pods": 0}
        found.view = replace(found.view, **nothing)

    async def admit(self, key: JobKey, child: str, parallelism: int = 0) -> None:
        found = self.cluster.children[key.namespace, child]
        found.view = replace(found.view, suspended=False)
        if parallelism and isinstance(found.view, Wave):
            found.view = replace(found.view, parallelism=parallelism)

    async def expire(self, key: JobKey) -> None:
        kept = {
            p: c for p, c in self.cluster.children.items() if c.view.ttl_seconds != 0 or c.view.progress == "active"
        }
        self.cluster.children = kept

    async def inputs(self, key: JobKey) -> int:
        return sum(namespace == key.namespace for namespace, _ in self.cluster.children)

    async def input_of(self, key: JobKey, child: str) -> StageInput | None:
        found = self.cluster.children.get((key.namespace, child))
        return found.told if found else None
