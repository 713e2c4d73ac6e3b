"""A simulated world around the engine: an API server, a Job controller, kubelets, an object store and an owner.

Time goes in ticks. In each, whatever is due happens to pods and Jobs, in drawn order; then the operator has its turn,
unless it is dead or stopped. Everything is drawn from one seed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import Stage
from gridfold.api.status import State, TrainingJobStatus
from gridfold.domain.cell_ends import ends_of_cells
from gridfold.domain.observed import ProcessEnd, Progress, SingleStage, Span, Waiting, Wave
from gridfold.engine.no_capacity import NoCapacity
from gridfold.engine.ports import ConflictError, JobKey, RefusedError
from gridfold.engine.reconcile import reconcile
from tests.contract.fake_cluster import VALID_SPEC, FakeChild
from tests.faults.api_server import ApiError, KilledError, Place, SimulatedCluster, Wire, finish
from tests.faults.trainer import FAILING, INFEASIBLE, REFUSED, Store, groups_of

GRID = [{"C": [0.1, 0.2, FAILING, 0.4, INFEASIBLE, 0.6, REFUSED]}]
OTHER_GRID = [{"C": [0.2, 0.6, 0.7, 0.8, INFEASIBLE]}]
KEY = JobKey("team", "job")
NO_NODE = Waiting("Unschedulable", "0/0 nodes are available", 1)
TERMINATED = ProcessEnd(ExitCode.TERMINATED, "Error", "")


@dataclass
class World:
    """What is there. Everything that is drawn comes from `draw`."""

    draw: random.Random
    cluster: SimulatedCluster = field(default_factory=SimulatedCluster)
    store: Store = field(default_factory=Store)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    spec: dict[str, Any] = field(default_factory=dict)
    created: int = 0
    wire: Wire = field(init=False)
    pods: dict[Place, list[int]] = field(default_factory=dict)  #: completion indexes of running pods, oldest first
    starting: dict[Place, list[int]] = field(default_factory=dict)  #: of pods that are there and do not run yet
    ended: dict[Place, datetime] = field(default_factory=dict)  #: when a Job ended
    nodes: bool = True
    slow: bool = False  #: nothing ends: storage answers, but hardly
    controller: bool = True  #: whether the Job controller works
    skew: timedelta = timedelta()  #: of the operator's clock
    down: int = 0  #: for how many ticks more the operator is not there
    news: bool = True  #: whether the operator has been told that something changed
    silent: int = 0  #: ticks since its last turn
    errors: int = 0  #: failed turns in a row
    turns: int = 0
    moved: Callable[[], None] = lambda: None  #: called after everything that pods do, before the operator sees it

    def __post_init__(self) -> None:
        self.wire = Wire(self.cluster, self.draw)

    # ── the owner ────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, **spec: Any) -> None:
        self.created += 1
        self.spec = {**VALID_SPEC, "search": {"grid": GRID}, **spec}
        metadata = {"name": KEY.name, "namespace": KEY.namespace, "uid": f"uid-{self.created}", "generation": 1}
        document = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "spec": self.spec}
        version = str(1000 * self.created)
        self.cluster.documents[KEY] = {**document, "metadata": {**metadata, "resourceVersion": version}}

    def edit(self, **spec: Any) -> None:
        if KEY in self.cluster.documents:
            self.spec = {**self.spec, **spec}
            self.cluster.write(KEY, spec=self.spec)

    def delete(self) -> None:
        self.cluster.documents.pop(KEY, None)

    @property
    def parallelism(self) -> int:
        """Return how many cells may run at a time, as the owner wants it."""
        found: int = self.spec.get("execution", {}).get("parallelism", 20)
        return found

    @property
    def status(self) -> TrainingJobStatus:
        return self.cluster.status(KEY) if KEY in self.cluster.documents else TrainingJobStatus()

    # ── the operator ─────────────────────────────────────────────────────────────────────────────────────────────

    def turn(self) -> None:
        """Let the operator have a turn. What fails in it is tried again."""
        self.wire.calls, self.wire.writes = 0, []
        before = self.created
        self.turns += 1
        self.silent, self.news = 0, False
        clock = _Clock(self)
        try:
            finish(reconcile(KEY, self.wire, NoCapacity(), clock, self.wire))
        except (ApiError, ConflictError, RefusedError):
            self.errors += 1
            self.news = True
        except KilledError:
            self.wire.kill_at = -1
            self.errors += 1
            self.down = self.draw.randint(1, 6)
        else:
            self.errors = 0 if before == self.created else 1  # the turn was about a namesake that is gone

    def operate(self) -> None:
        """Let the operator do what it does by itself: act on news, and look at everything now and then."""
        self.silent += 1
        if self.down:
            self.down -= 1
            self.news = True
            return
        told = self.news and self.cluster.before_the_cut is None
        if (told and self.draw.random() < 0.8) or self.silent >= 12:
            self.turn()

    # ── pods and Jobs ────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self) -> None:
        """Let time pass: garbage goes, Jobs keep to their parallelism, a pod or two get on."""
        self.now += timedelta(seconds=self.draw.randint(1, 5))
        self.cluster.tick()
        for pods in (self.pods, self.starting):
            for place in pods.keys() - self.cluster.children.keys():
                del pods[place]
        for place in list(self.cluster.children):
            self._keep_parallelism(place)
            self._expire(place)
        self._show_waiting()
        for _ in range(self.draw.randint(0, 2)):
            self.move()
            self.moved()

    def active(self) -> list[Place]:
        """Return the children whose pods may still do something."""
        children = self.cluster.children.items()
        return [place for place, child in children if child.view.progress is Progress.ACTIVE]

    def move(self) -> None:
        """Let one thing happen to one Job: a pod starts, writes, or ends, or the Job's end is noted."""
        places = self.active()
        if not places:
            return
        place = self.draw.choice(places)
        running, starting = self.pods.setdefault(place, []), self.starting.get(place)
        child = self.cluster.children[place]
        if self.controller and self.draw.random() < 0.7 and self._idle(place):
            self._make_pods(place, 1)
        elif starting and self.nodes and self.draw.random() < 0.7:
            self._start_pod(place)
        elif running and not self.slow:
            index = self.draw.choice(running)
            if child.stage is Stage.CELL and self.draw.random() < 0.3:
                self.store.fit_next(child.told, groups_of(child.told)[index])
                return
            self.end(place, index, self._natural_end(child, index))
        self.show(place)

    def _idle(self, place: Place) -> list[int]:
        """Return the indexes of which the Job controller may make a pod."""
        view, there = self.cluster.children[place].view, self._there(place)
        if isinstance(view, SingleStage):
            return [] if there else [0]
        if len(there) >= view.parallelism or view.draining:
            return []
        done = view.succeeded | view.failed
        indexes = (index for index, group in enumerate(view.groups) if not done.issuperset(group))
        return [index for index in indexes if index not in there]

    def _there(self, place: Place) -> list[int]:
        return [*self.pods.get(place, []), *self.starting.get(place, [])]

    def _make_pods(self, place: Place, most: int) -> None:
        """Have the Job controller make pods, of the lowest indexes first."""
        while most and self.controller and (idle := self._idle(place)):
            self.starting.setdefault(place, []).append(idle[0])
            most -= 1

    def _start_pod(self, place: Place) -> None:
        starting = self.starting.get(place, [])
        if starting and self.nodes:
            self.pods.setdefault(place, []).append(starting.pop(self.draw.randrange(len(starting))))

    def _natural_end(self, child: FakeChild, index: int) -> ProcessEnd:
        if child.stage is Stage.PREPARE:
            return self.store.prepare(child.told)
        if child.stage is Stage.REFIT:
            return self.store.refit(child.told)
        return self.store.group(child.told, groups_of(child.told)[index])

    def end(self, place: Place, index: int, end: ProcessEnd) -> None:
        """End a running pod; the Job controller counts it by its rules."""
        self.pods[place].remove(index)
        # In whole seconds, as the kubelet writes it down; the clock of a node may have been set back.
        ran = Span(self.now - timedelta(seconds=self.draw.choice([0, 0, 1, 3, 60, -2])), self.now)
        self.cluster.end(place, replace(end, ran=ran), index)
        self._note(place)

    def spare(self, place: Place, index: int, end: ProcessEnd = TERMINATED) -> None:
        """Take a running pod away in a way that is not counted: the Job makes another."""
        self.pods[place].remove(index)
        child = self.cluster.children[place]
        if isinstance(child.view, Wave):
            ends = ends_of_cells(child.view.groups[index], end) if self.draw.random() < 0.5 else {}
            child.view = replace(child.view, ends={**child.view.ends, **ends})
        elif self.draw.random() < 0.5:
            child.view = replace(child.view, end=end)
        self._note(place)

    def vanish(self, place: Place, index: int) -> None:
        """Have a running pod gone without an end (a forced deletion), which the Job controller counts."""
        self.pods[place].remove(index)
        child = self.cluster.children[place]
        child.failures[index] = child.failures.get(index, 0) + 1
        draining = isinstance(child.view, Wave) and child.view.draining
        if child.failures[index] > child.told.spec.execution.retries and not draining:
            view = child.view
            if isinstance(view, Wave):
                failed = view.failed | {*view.groups[index]}
                over = view.succeeded | failed == frozenset(view.cells)
                child.view = replace(view, failed=failed, progress=Progress.FAILED if over else view.progress)
            else:
                child.view = replace(view, progress=Progress.FAILED)
        self._note(place)

    def running(self) -> list[tuple[Place, int]]:
        there = self.cluster.children
        return [(place, index) for place, pods in self.pods.items() if place in there for index in pods]

    def pods_of_cells(self, owner: str = "") -> int:
        """Return how many pods of cells there are, of one owner if one is named."""
        children = [(p, c) for p, c in self.cluster.children.items() if c.stage is Stage.CELL]
        return sum(len(self._there(place)) for place, child in children if owner in {"", child.owner})

    def _note(self, place: Place) -> None:
        self.show(place)
        if self.cluster.children[place].view.progress is not Progress.ACTIVE:
            self.ended[place] = self.now
            self.pods[place], self.starting[place] = [], []
            self.show(place)
        elif self.draw.random() < 0.7:  # controller, scheduler and kubelet may be quicker than the operator
            self._make_pods(place, 1)
            self._start_pod(place)
            self.show(place)

    def show(self, place: Place) -> None:
        """Show in a child which of its pods run."""
        child, running = self.cluster.children[place], self.pods.get(place, [])
        view = child.view
        if isinstance(view, Wave):
            running, starting = (
                frozenset(cell for index in indexes for cell in view.groups[index])
                for indexes in (running, self.starting.get(place, []))
            )
            child.view = replace(view, running=running, starting=starting)
        else:
            child.view = replace(view, running_pods=len(running))
        self.news = True

    def _keep_parallelism(self, place: Place) -> None:
        """End the youngest pods of a wave that has too many; one may finish in its grace period, uncounted."""
        view, running = self.cluster.children[place].view, self.pods.get(place, [])
        starting = self.starting.get(place, [])
        if not isinstance(view, Wave) or view.draining or not self.controller:
            return
        if len(running) + len(starting) <= view.parallelism:
            return
        self.starting[place] = starting[: max(0, view.parallelism - len(running))]
        while len(running) > view.parallelism:
            if self.draw.random() < 0.3:
                told = self.cluster.children[place].told
                self.store.fit_next(told, groups_of(told)[running[-1]])
            self.spare(place, running[-1])
        self.show(place)

    def _expire(self, place: Place) -> None:
        ttl = self.cluster.children[place].view.ttl_seconds
        if place in self.ended and ttl is not None and self.now >= self.ended[place] + timedelta(seconds=ttl):
            self.remove(place)

    def remove(self, place: Place) -> None:
        """Have a Job go, with its pods."""
        self.cluster.children.pop(place, None)
        self.pods.pop(place, None)
        self.starting.pop(place, None)
        self.ended.pop(place, None)
        self.news = True

    def _show_waiting(self) -> None:
        for place in self.active():
            child = self.cluster.children[place]
            waits = not self.nodes and bool(self.starting.get(place))
            waiting = (NO_NODE,) if waits else ()
            if child.view.waiting != waiting:
                child.view = replace(child.view, waiting=waiting)
                self.news = True

    # ── where the run is ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def step(self) -> str:
        """Return the step of its lifecycle in which the run is, as somebody sees it who sees everything."""
        if KEY not in self.cluster.documents or not self.status.conditions:
            return "new"
        if self.status.state in {State.COMPLETE, State.FAILED}:
            return "ended"
        newest = max(self.cluster.children.items(), key=lambda item: _ORDER[item[1].stage], default=None)
        if newest is None:
            return "between"
        place, child = newest
        stage = {Stage.CELL: "search"}.get(child.stage, str(child.stage))
        if child.view.progress is not Progress.ACTIVE:
            return f"{stage} over"
        if isinstance(child.view, Wave) and child.view.succeeded:
            return "search half done"
        return f"{stage} runs" if self.pods.get(place) else f"{stage} starts"


_ORDER = {Stage.PREPARE: 0, Stage.CELL: 1, Stage.REFIT: 2}
STEPS = (
    "new", "prepare starts", "prepare runs", "prepare over", "search starts", "search runs", "search half done",
    "search over", "refit starts", "refit runs", "refit over", "ended",
)  # fmt: skip


@dataclass(frozen=True)
class _Clock:
    """The operator's clock."""

    world: World

    def now(self) -> datetime:
        return self.world.now + self.world.skew
