"""The API server of a simulated world: the fake of the port, with a watch that can be cut and names that linger."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import Metadata, TrainingJobSpec
from gridfold.api.validation import parse_training_job
from gridfold.domain.keys import attempt_digest
from gridfold.domain.observed import Children, ObservedJob, Progress, SingleStage, Wave
from gridfold.domain.plan import Action, Delete, Drain, Event, StartStage, StartWave
from gridfold.engine.ports import ConflictError, JobKey, RefusedError
from tests.contract.fake_cluster import PLATFORM_IMAGE, FakeChild, FakeCluster

T = TypeVar("T")
View = SingleStage | Wave
Place = tuple[str, str]


class ApiError(Exception):
    """The API server does not answer as it should, or its answer is lost."""


class QuotaError(RefusedError):
    """A quota allows no more Jobs."""

    @property
    def told(self) -> tuple[str, str]:
        return "QuotaExceeded", "exceeded quota: no-jobs; raise it, or delete what is not needed any more"


class KilledError(BaseException):
    """SIGKILL: nothing of what was going on is finished, and nobody catches it."""


@dataclass
class SimulatedCluster(FakeCluster):
    """The fake, made quick; what a cut watch shows of pods is old, what a LIST shows of Jobs is not."""

    before_the_cut: dict[Place, View] | None = None  #: pods as they were when the watch was cut; None: it is not
    counted: dict[Place, View] = field(default_factory=dict)  #: waves when they were drained: no Job counts ends since
    leaving: dict[Place, int] = field(default_factory=dict)  #: names of deleted Jobs, and for how many ticks more
    quota: bool = False  #: whether one refuses Jobs
    image: str = PLATFORM_IMAGE  #: the platform's
    _specs: dict[tuple[str, int], TrainingJobSpec] = field(default_factory=dict)
    _digests: dict[int, str] = field(default_factory=dict)
    _statuses: dict[str, TrainingJobStatus] = field(default_factory=dict)

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        document = self.documents.get(key)
        if document is None:
            return None
        metadata = Metadata.model_validate(document["metadata"])
        known = (metadata.uid, metadata.generation)
        if known not in self._specs:
            self._specs[known] = parse_training_job({**document, "status": {}}).spec
        return ObservedJob(metadata, self._specs[known], self.status(key), image=self.image)

    def status(self, key: JobKey) -> TrainingJobStatus:
        """Return a job's status as anybody reads it."""
        document = self.documents[key]
        version = document["metadata"]["resourceVersion"]
        if version not in self._statuses:
            self._statuses = {version: TrainingJobStatus.model_validate(document.get("status", {}))}
        return self._statuses[version]

    async def observe_children(self, job: ObservedJob) -> Children:
        mine = [(place, child) for place, child in self.children.items() if child.owner == job.metadata.uid]
        seen = [(c.stage, replace(self._seen(p, c.view), outdated=self._outdated(job, c))) for p, c in mine]
        singles = [(str(stage), view) for stage, view in seen if isinstance(view, SingleStage)]
        return Children(
            tuple(view for stage, view in singles if stage == "prepare"),
            tuple(view for _, view in seen if isinstance(view, Wave)),
            tuple(view for stage, view in singles if stage == "refit"),
        )

    def _outdated(self, job: ObservedJob, child: FakeChild) -> bool:
        prepared = job.status.prepared if job.status.run_digest == child.told.run_digest else None
        image = (prepared.image if prepared else "") or self.image
        return job.spec is not None and (self._digest(job.spec), image) != (
            self._digest(child.told.spec),
            child.view.image,
        )

    def _digest(self, spec: TrainingJobSpec) -> str:
        if id(spec) not in self._digests:  # specs live as long as the world: they are kept by generation
            self._digests[id(spec)] = attempt_digest(spec)
        return self._digests[id(spec)]

    def _seen(self, place: Place, view: View) -> View:
        """Return what is seen of a child. Pods of an ended Job whose message is missing are listed afresh."""
        if self.before_the_cut is None or view.progress is not Progress.ACTIVE:
            return view
        old = self.before_the_cut.get(place)
        if isinstance(view, Wave):
            seen = old if isinstance(old, Wave) else replace(view, ends={}, running=frozenset(), starting=frozenset())
            if view.draining:
                view = replace(view, succeeded=seen.succeeded, failed=seen.failed)
            return replace(
                view, ends=seen.ends, running=seen.running, starting=seen.starting, waiting=(), away=frozenset()
            )
        running_pods, end = (old.running_pods, old.end) if isinstance(old, SingleStage) else (0, None)
        return replace(view, running_pods=running_pods, end=end, waiting=(), away_seconds=None)

    async def apply(self, job: ObservedJob, action: Action) -> None:
        place = (job.metadata.namespace, action.name)
        if isinstance(action, StartStage | StartWave) and place not in self.children:
            if place in self.leaving:
                raise ConflictError(f"{action.name} is being deleted: observe again")
            if self.quota:
                raise QuotaError
        if isinstance(action, Delete) and place in self.children:
            self.leaving[place] = len(self.children) % 3
        if isinstance(action, Drain) and self.before_the_cut is not None and place in self.children:
            self.before_the_cut[place] = self.children[place].view  # its pods are listed then
        if isinstance(action, Drain) and place in self.children:
            self.counted.setdefault(place, self.children[place].view)
        if isinstance(action, StartStage | StartWave) and not action.image:
            action = replace(action, image=self.image)
        await super().apply(job, action)

    def tick(self) -> None:
        """Collect garbage."""
        self.leaving = {place: left - 1 for place, left in self.leaving.items() if left > 0}
        owners = {document["metadata"]["uid"] for document in self.documents.values()}
        self.children = {place: child for place, child in self.children.items() if child.owner in owners}

    def cut_the_watch(self) -> None:
        self.before_the_cut = {place: child.view for place, child in self.children.items()}

    def child(self, place: Place) -> FakeChild:
        return self.children[place]


@dataclass
class Wire:
    """Between the operator and its API server: every call may be refused, lost, held up or cut off by SIGKILL."""

    cluster: SimulatedCluster
    draw: random.Random
    trouble: str = ""  #: "refuse", "conflict" or "lose": what happens to every other call
    kill_at: int = -1  #: the call at which the operator is killed
    stop_at: int = -1  #: the call at which the operator is stopped for a while
    meanwhile: Callable[[], None] = lambda: None  #: what happens while it is stopped
    calls: int = 0  #: of this turn
    writes: list[str] = field(default_factory=list)  #: of this turn
    events: list[Event] = field(default_factory=list)
    started: Callable[[StartStage | StartWave], None] = lambda _action: None

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        return await self._call(lambda: self.cluster.load_job(key))

    async def observe_children(self, job: ObservedJob) -> Children:
        return await self._call(lambda: self.cluster.observe_children(job))

    async def apply(self, job: ObservedJob, action: Action) -> None:
        await self._call(lambda: self._apply(job, action))

    async def _apply(self, job: ObservedJob, action: Action) -> None:
        new = (job.metadata.namespace, action.name) not in self.cluster.children
        await self.cluster.apply(job, action)
        self.writes.append(f"{type(action).__name__} {action.name}")
        if new and isinstance(action, StartStage | StartWave):
            self.started(action)

    async def save_status(self, job: ObservedJob, status: TrainingJobStatus) -> None:
        await self._call(lambda: self.cluster.save_status(job, status))
        self.writes.append("status")

    async def record(self, job: ObservedJob, event: Event) -> None:
        await self._call(self._nothing, never_fails=True)
        self.events.append(event)

    async def _nothing(self) -> None:
        """Stand for a call of which only its moment matters."""

    async def _call(self, call: Callable[[], Awaitable[T]], *, never_fails: bool = False) -> T:
        self.calls += 1
        if self.calls == self.kill_at:
            raise KilledError
        if self.calls == self.stop_at:
            self.stop_at = -1
            self.meanwhile()
        trouble = self.trouble if not never_fails and self.draw.random() < 0.5 else ""
        if trouble == "conflict":
            raise ConflictError("409: the object has been modified")
        if trouble == "refuse":
            raise ApiError("429, 500 or 410")
        answer = await call()
        if trouble == "lose":
            raise ApiError("the connection was reset")
        return answer


def finish(coroutine: Any) -> Any:
    """Run a coroutine that never waits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")
