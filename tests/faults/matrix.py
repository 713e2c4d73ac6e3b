"""One run of the fault matrix: a fault at a step, others drawn beside it, and what must hold whatever happens."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gridfold.api.handoff import Outcome, StageInput, decode_cells
from gridfold.api.status import State
from gridfold.domain.plan import StartStage, StartWave
from tests.faults.broken import BrokenInvariantError, reproducible
from tests.faults.faults import FAULTS, MORE_MEMORY, Fault
from tests.faults.trainer import FAILING, INFEASIBLE, REFUSED
from tests.faults.world import KEY, STEPS, World

TICKS = 600  #: more than any run needs: one that has not ended then never does
#: The first time that all combinations of fault and step are met, the second …
PACKINGS: tuple[dict[str, Any], ...] = ({"mode": "Cell"}, {"mode": "Fixed", "cellsPerPod": 3}, {"mode": "Auto"})
REST = 8  #: turns in a row after which nothing may be left to write


@dataclass
class Active:
    """A fault that has begun."""

    fault: Fault
    left: int  #: ticks until it is lifted


@dataclass
class Run:
    """One seeded run."""

    seed: int
    fault: Fault
    step: str
    packing: dict[str, Any] = field(default_factory=lambda: PACKINGS[0])
    world: World = field(init=False)
    waiting: list[tuple[Fault, str]] = field(default_factory=list)  #: faults, and the steps at which they begin
    active: list[Active] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    finished: tuple[object, int] = (None, 0)  #: of which run, how many cells
    retries: int = 0
    forgiven: set[str] = field(default_factory=set)  #: reasons for which the run may have failed
    begun: list[tuple[str, str]] = field(default_factory=list)  #: faults that have begun, and at which step
    most: int = 0  #: pods of cells that may be there at a time

    @classmethod
    def of(cls, seed: int) -> "Run":
        """Return the run of a seed: seeds walk through all combinations, then through them again, with other draws."""
        fault = FAULTS[seed % len(FAULTS)]
        times, step = divmod(seed // len(FAULTS), len(STEPS))
        return cls(seed, fault, STEPS[step], PACKINGS[times % len(PACKINGS)])

    # ── the story ────────────────────────────────────────────────────────────────────────────────────────────────

    def play(self) -> "Run":
        """Play it to its end; whatever is broken is raised with what reproduces it."""
        draw = random.Random(self.seed)
        self.world = World(draw)
        self.waiting = [(self.fault, self.step), *self._others(draw)]
        execution = {
            "parallelism": draw.choice([1, 2, 3, 20]),
            "ttlSecondsAfterFinished": draw.choice([0, 60, 86400]),
            "packing": self.packing,
        }
        for fault, _ in self.waiting:
            execution |= dict(fault.spec)
            self.forgiven |= set(fault.may_fail)
        if "OutOfMemory" not in self.forgiven and draw.random() < 0.5:
            execution["outOfMemory"] = MORE_MEMORY
        self.world.create(execution=execution)
        self.world.moved = self._moved
        self.world.wire.meanwhile = self._stopped
        self.world.wire.started = self._check_start
        what = f"seed {self.seed}, {self.fault.name!r} when {self.step!r}"
        with reproducible(what, f"python -m tests.faults {self.seed}", self.log):
            self._until_the_end()
            self._check_the_end()
            self._check_rest()
            self._delete()
        return self

    def _others(self, draw: random.Random) -> list[tuple[Fault, str]]:
        """Draw what happens beside: so little that counts that nothing may fail for it."""
        room = 2 - self.fault.counts
        found = []
        for _ in range(draw.choice([0, 0, 1, 2])):
            fault = draw.choice(FAULTS)
            if fault.may_fail or fault.counts > room or fault.spec:
                continue
            room -= fault.counts
            found.append((fault, draw.choice(STEPS)))
        return found

    def _until_the_end(self) -> None:
        for _ in range(TICKS):
            self._tick()
            self.world.operate()
            self._check_turn()
            if self._settled():
                return
        raise BrokenInvariantError(f"not at its end after {TICKS} ticks: {self.world.status}")

    def _settled(self) -> bool:
        """Tell whether nothing will happen any more. A run that failed for a fault is tried again by its owner."""
        state = self.world.status.state
        ended = state in {State.COMPLETE, State.FAILED}
        if ended:  # what was to happen at a step that was too short, or never came, does not happen
            self.waiting = [item for item in self.waiting if item[1] == "ended"]
        if not ended or self.waiting or self.active or self.world.down:
            return False
        if self.world.status.observed_generation != self.world.cluster.documents[KEY]["metadata"]["generation"]:
            return False
        if state is State.FAILED and self._may_be_tried_again():
            self.log.append("the owner tries it again")
            self.world.edit(retry=self.world.spec.get("retry", 0) + 1)
            self.world.news = True
            return False
        return True

    def _may_be_tried_again(self) -> bool:
        """Tell that a run failed for a reason of one of its faults; any other is an error."""
        reason = self.world.status.reason
        if reason not in self.forgiven or self.retries >= 3:
            raise BrokenInvariantError(f"Failed for {reason}: {self._condition('Failed')}")
        self.retries += 1
        return True

    def _stopped(self) -> None:
        """What happens while the operator is stopped, in the middle of a turn."""
        self.log.append("the operator is stopped")
        for _ in range(self.world.draw.randint(1, 10)):
            self._tick()
        self.log.append("the operator goes on")

    def _tick(self) -> None:
        self._begin_what_is_due()
        for active in self.active:
            active.left -= 1
            if active.left == 0:
                self.log.append(f"{self.world.step}: {active.fault.name} is over")
                active.fault.lift(self.world)
        self.active = [active for active in self.active if active.left > 0]
        self.world.tick()

    def _moved(self) -> None:
        self._check_pods()
        self._begin_what_is_due()

    def _begin_what_is_due(self) -> None:
        step = self.world.step
        due = [item for item in self.waiting if item[1] == step]
        self.waiting = [item for item in self.waiting if item[1] != step]
        for fault, _ in due:
            self.log.append(f"{step}: {fault.name}")
            self.begun.append((fault.name, step))
            fault.begin(self.world)
            self.active.append(Active(fault, self.world.draw.randint(1, 10)))

    # ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────

    def _check_start(self, action: StartStage | StartWave) -> None:
        self.log.append(f"{type(action).__name__} {action.name} {getattr(action, 'cells', '')}")
        self._check_image(action)
        if isinstance(action, StartWave):
            self._check_cells(action.input, action.cells)

    def _check_image(self, action: StartStage | StartWave) -> None:
        """One run has one image, whatever the platform's is by now."""
        status = self.world.status
        if status.prepared is None or status.run_digest != action.input.run_digest or action.input.prepared is None:
            return
        if action.image != status.prepared.image:
            raise BrokenInvariantError(f"{action.name} has the image {action.image}, the run {status.prepared.image}")

    def _check_cells(self, told: StageInput, cells: tuple[int, ...]) -> None:
        """No cell is started whose result the status knows, and none that another wave of this run runs."""
        prepared, total = self.world.status.prepared, len(self.world.store.cells(told).keys)
        if prepared is None or self.world.status.run_digest != told.run_digest:
            return
        known = decode_cells(prepared.succeeded, total) | decode_cells(prepared.cached, total)
        good = {cell for cell in cells if self.world.store.cells(told).outcome(cell) is Outcome.SUCCEEDED}
        if again := known & good:
            raise BrokenInvariantError(f"cells {sorted(again)} are started again, their results are known")

    def _check_turn(self) -> None:
        world = self.world
        if world.pods_of_cells() <= world.parallelism:  # what an edit allows no more may be there until it arrives
            self.most = world.parallelism
        if world.wire.writes:
            self.log.append(f"{world.step}: wrote {', '.join(world.wire.writes)}; {world.status.progress}")
            world.wire.writes = []
        if KEY not in world.cluster.documents:
            return
        status = world.status
        if world.errors == 0 and world.turns and world.silent == 0 and status.state is None:
            raise BrokenInvariantError("no state after a whole turn")
        conditions = {c.type: c.status == "True" for c in status.conditions}
        if conditions.get("Complete") and conditions.get("Failed"):
            raise BrokenInvariantError("Complete and Failed at once")
        if status.reason == "InternalError":
            raise BrokenInvariantError(self._condition("Stalled"))
        self._check_progress()

    def _check_progress(self) -> None:
        status = self.world.status
        good = status.cells.cached + status.cells.succeeded + status.cells.infeasible if status.cells else 0
        run = (status.run_digest, self.retries and "ResultsMissing" in self.forgiven)
        if run == self.finished[0] and status.prepared and good < self.finished[1]:
            raise BrokenInvariantError(f"progress fell from {self.finished[1]} to {good}")
        if status.cells and (parts := status.cells.model_dump()) and parts.pop("total") != sum(parts.values()):
            raise BrokenInvariantError(f"the counts do not add up: {status.cells}")
        self.finished = (run, good)

    def _check_pods(self) -> None:
        """No two pods compute the same cell, of whatever waves they are, and they are no more than the owner wants."""
        if KEY not in self.world.cluster.documents:
            return
        world = self.world
        keys, owner = [], world.cluster.documents[KEY]["metadata"]["uid"]
        for place, index in world.running():
            child = world.cluster.children[place]
            if child.told.cells and child.owner == owner:
                known = world.store.cells(child.told).keys
                keys += [known[cell] for cell in child.view.groups[index]]  # type: ignore[union-attr]
        if len(keys) > len(set(keys)):
            raise BrokenInvariantError(f"a cell runs twice at the same time: {world.pods}")
        self.most = max(self.most, world.parallelism)
        if world.pods_of_cells(owner) > self.most:
            raise BrokenInvariantError(f"more pods than {self.most}: {world.pods}, starting {world.starting}")

    @property
    def _run_digest(self) -> str | None:
        return self.world.status.run_digest

    def _condition(self, kind: str) -> str:
        return next((c.message for c in self.world.status.conditions if c.type == kind), "")

    def _check_the_end(self) -> None:
        """Every result that could be had is there, once, and the status says what the object store says."""
        world, store, status = self.world, self.world.store, self.world.status
        if status.state is not State.COMPLETE:
            raise BrokenInvariantError(f"it ended as {status.state}: {self._condition('Failed')}")
        values = [value for axis in world.spec["search"]["grid"] for value in axis["C"]]
        good = [value for value in values if value not in {FAILING, INFEASIBLE, REFUSED}]
        more = {key: count for key, count in store.computed.items() if count > 1 + store.lost[key]}
        if more:
            raise BrokenInvariantError(f"results were there and have been computed again: {more}")
        allowed = 1 if "OutOfMemory" in self.forgiven else 0
        if status.best is None or float(status.best.parameters["C"]) < sorted(good)[-1 - allowed]:
            raise BrokenInvariantError(f"{status.best} won, expected {max(good)}")
        failed = status.cells.failed if status.cells else 0
        if failed > values.count(FAILING) + allowed:
            raise BrokenInvariantError(f"{failed} cells failed: {status.cells}")
        completed = [event for event in world.wire.events if event.reason.startswith("Completed")]
        if len(completed) > 1 + world.created + len(self.forgiven) + ("grid" in str(self.log)):
            raise BrokenInvariantError(f"told {len(completed)} times: {completed}")

    def _check_rest(self) -> None:
        """Whatever is written comes to its end, and then nothing is written any more, however long it lasts."""
        for _ in range(REST):
            self.world.turn()
            if not self.world.wire.writes and not self.world.errors:
                break
        else:
            raise BrokenInvariantError(f"it still writes at rest: {self.world.wire.writes}")
        others = [c.view.name for c in self.world.cluster.children.values() if c.view.run_digest != self._run_digest]
        if others:
            raise BrokenInvariantError(f"children of an earlier run are left: {others}")
        for _ in range(3):
            self.world.now += timedelta(hours=1)
            self.world.turn()
            if self.world.wire.writes:
                raise BrokenInvariantError(f"it writes at rest: {self.world.wire.writes}")

    def _delete(self) -> None:
        self.world.delete()
        self.world.tick()
        self.world.turn()
        self.world.tick()
        if self.world.cluster.children:
            raise BrokenInvariantError(f"left behind: {sorted(self.world.cluster.children)}")
