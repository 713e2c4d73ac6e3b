"""The fault matrix of nodes: whatever happens to operators, provider and owner, nothing that was granted is left.

`python -m tests.faults.nodes FIRST [LAST]` plays runs; one run is told in whole. The records, the finalizer and the
drivers are the real ones, over an API server in memory: in turn with Karpenter, with groups that others scale, too, and
with such groups of AWS, which compares nothing before it writes. Two operators work side by side, each of which may be
killed between any two calls, or stopped in the middle of a turn while all others go on.
"""

import random
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from gridfold.api import labels
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.errors import ApiConflictError, ApiUnavailableError
from gridfold_operator.reaper import reap
from tests.contract.aws_memory import MemoryAwsWorld
from tests.contract.capacity_worlds import OTHER, PROVIDER, SETTINGS, MemoryWorld
from tests.faults.api_server import KilledError, finish
from tests.faults.broken import BrokenInvariantError, reproducible
from tests.faults.node_providers import AwsGroups, KarpenterPools, Provider, SharedGroups

MOST_NODES = 9
STEPS = 60  #: of the story, before everything comes to its end
TURNS_TO_REST = 60
QUIET_TURNS = 4  #: in which nothing may come back
NAMES = ("one", "two")


@dataclass
class Wish:
    """What the owner of a job wants, as `decide` would see it."""

    nodes: int = 0
    over: bool = False


@dataclass
class Turn:
    """A turn of an operator that has looked and not acted yet."""

    act: Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Run:
    """One seeded run."""

    seed: int
    draw: random.Random = field(init=False)
    provider: Provider = field(init=False)
    world: MemoryWorld = field(init=False)
    wishes: dict[str, Wish] = field(default_factory=dict)  #: by uid
    late: list[Turn] = field(default_factory=list)  #: of operators that were stopped between looking and acting
    log: list[str] = field(default_factory=list)
    calls: int = 0
    cut: bool = False  #: whether a process was ever stopped or killed in the middle of a turn
    kill_at: int = -1
    stop_at: int = -1
    trouble: str = ""  #: "refuse" or "lose": every other call

    # ── the story ────────────────────────────────────────────────────────────────────────────────────────────────

    def play(self) -> "Run":
        """Play it to its end; whatever is broken is raised with what reproduces it."""
        self.draw = random.Random(self.seed)
        self.provider = (KarpenterPools, SharedGroups, AwsGroups)[self.seed % 3]()
        self.world = self.provider.world
        self.world.api.before, self.world.api.after = self._before, self._after
        if isinstance(self.world, MemoryAwsWorld):
            self.world.cloud.before, self.world.cloud.after = self._before, self._after
        with reproducible(f"seed {self.seed}", f"python -m tests.faults.nodes {self.seed}", self.log):
            for name in NAMES[: self.draw.randint(1, 2)]:
                self._create(name)
            for _ in range(STEPS):
                self._happen()
                self._check()
            self._come_to_the_end()
        return self

    def _happen(self) -> None:
        happenings: list[tuple[int, str, Callable[[], None]]] = [
            (30, "an operator's turn", self._operate),
            (6, "an operator looks, and is stopped", self._look_only),
            (6, "a stopped operator goes on", self._act_late),
            (14, "the provider works", self._provide),
            (14, "time passes", lambda: self.world.wait(self.draw.choice([1, 10, 60, 250]))),
            (2, "a long time passes", lambda: self.world.wait(SETTINGS.lease_seconds + 100)),
            (5, "the reaper looks", self._reap),
            (6, "an operator will be killed", lambda: self._set(kill_at=self.draw.randint(1, self.provider.calls))),
            (9, "an operator will be stopped", lambda: self._set(stop_at=self.draw.randint(1, self.provider.calls))),
            (3, "operators start anew", self.world.start),
            (3, "calls are refused", lambda: self._set(trouble="refuse")),
            (3, "answers are lost", lambda: self._set(trouble="lose")),
            (8, "calls get through", self._heal),
            (2, "the provider is gone", lambda: self.world.api.kinds.discard(self.provider.kind)),
            (4, "somebody else has his way", self._meddle),
            (2, "a right is taken", self._forbid),
            (8, "the owner wants another number", self._want),
            (4, "the owner names another provider", self._edit),
            (3, "the run ends", self._end),
            (3, "the run is tried again", self._retry),
            (3, "the owner deletes a job", self._delete),
            (3, "the owner makes a job", self._make),
        ]
        weights = [weight for weight, _, _ in happenings]
        ((_, what, happen),) = self.draw.choices(happenings, weights)
        self.log.append(what)
        happen()

    # ── operators and reaper ─────────────────────────────────────────────────────────────────────────────────────

    def _operate(self) -> None:
        self._turn(self._whole_turn(self.draw.choice(NAMES)))

    def _look_only(self) -> None:
        self._turn(self._whole_turn(self.draw.choice(NAMES), late=True))

    def _act_late(self) -> None:
        if self.late:
            self._turn(self.late.pop(0).act())

    def _reap(self) -> None:
        world = self.world
        self._turn(self._ignore(reap(world.leases, world.drivers)))

    async def _ignore(self, work: Coroutine[Any, Any, object]) -> None:
        await work

    def _turn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work of a process; what fails in it is tried again by a later turn."""
        self.calls = 0
        try:
            finish(work)
        except (ApiUnavailableError, ConflictError) as error:
            self.log.append(f"  {type(error).__name__}: {error}")
        except KilledError:
            self.kill_at = -1
            self.log.append("  killed")
            self.world.start()

    async def _whole_turn(self, name: str, *, late: bool = False) -> None:
        """Look at a job, decide as `decide` does, and act, now or late."""
        key, capacity = JobKey("team", name), self.world.capacity
        job = self.world.load(key)
        if job is None:
            await capacity.let_go(key)
            return
        held = await capacity.observe(job)
        wish = self.wishes[job.metadata.uid]
        if held is None:
            return
        wanted = 0 if wish.over else wish.nodes
        named = job.spec.capacity.provider if job.spec else ""
        if held.anything and (held.leaving or not wanted or held.provider != named):
            act = lambda: self._act(job, 0)  # noqa: E731
        elif wanted and wanted != held.nodes:
            act = lambda: self._act(job, wanted)  # noqa: E731
        else:
            return
        if late:
            self.late.append(Turn(act))
        else:
            await act()

    async def _act(self, job: ObservedJob, nodes: int) -> None:
        capacity = self.world.capacity
        self.log.append(f"  {job.metadata.name}: {f'ensure {nodes}' if nodes else 'release'}")
        await (capacity.ensure(job, nodes) if nodes else capacity.release(job))

    # ── the wire ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _before(self, verb: str, path: str) -> None:
        self.calls += 1
        if self.calls == self.kill_at:
            self.cut = True
            raise KilledError
        if self.calls == self.stop_at:
            self.stop_at, self.cut = -1, True
            self.log.append("  stopped; meanwhile:")
            calls = self.calls
            for _ in range(self.draw.choice([1, 2, 4, 8, 16])):
                acts = [self._operate, self._reap, self._provide, self._delete, self._end, self._edit, self._meddle]
                self.draw.choice(acts)()
            self.calls = calls
            self.log.append("  it goes on")
        if self.trouble == "refuse" and self.draw.random() < 0.5:
            raise ApiUnavailableError("503")
        if self.trouble == "refuse" and verb in {"patch", "update"} and self.draw.random() < 0.2:
            raise ApiConflictError("409")

    def _after(self, verb: str, path: str) -> None:
        if verb not in {"get", "list"}:
            self.log.append(f"  {verb} {path}")
        if self.trouble == "lose" and self.draw.random() < 0.5:
            raise ApiUnavailableError("the connection was reset")

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def _heal(self) -> None:
        self._set(trouble="", kill_at=-1, stop_at=-1)
        self.world.api.kinds.add(self.provider.kind)
        self.world.api.forbidden.clear()

    def _forbid(self) -> None:
        self.world.api.forbidden.add(self.draw.choice([*self.provider.rights, ("update", "leases")]))

    # ── provider and owner ───────────────────────────────────────────────────────────────────────────────────────

    def _provide(self) -> None:
        self.world.bring(self.draw.randint(0, MOST_NODES))
        if self.draw.random() < 0.7:
            self.world.take()

    def _meddle(self) -> None:
        self.provider.meddle(self.draw)

    def _jobs(self) -> list[tuple[JobKey, dict[str, Any]]]:
        """Return the jobs that nobody is deleting."""
        found = self.world.api.of_kind("trainingjobs").values()
        there = [one for one in found if not one["metadata"].get("deletionTimestamp")]
        return [(JobKey("team", one["metadata"]["name"]), one) for one in there]

    def _create(self, name: str) -> None:
        key = self.world.create(name, self.draw.choice([PROVIDER, OTHER]))
        uid = self.world.api.objects[paths.training_job(key.namespace, key.name)]["metadata"]["uid"]
        self.wishes[uid] = Wish(self.draw.randint(0, MOST_NODES))

    def _make(self) -> None:
        taken = {document["metadata"]["name"] for document in self.world.api.of_kind("trainingjobs").values()}
        if free := [name for name in NAMES if name not in taken]:
            self._create(self.draw.choice(free))

    def _of_one(self, change: Callable[[JobKey, Wish], None]) -> None:
        if jobs := self._jobs():
            key, document = self.draw.choice(jobs)
            change(key, self.wishes[document["metadata"]["uid"]])

    def _want(self) -> None:
        self._of_one(lambda _, wish: setattr(wish, "nodes", self.draw.randint(0, MOST_NODES)))

    def _edit(self) -> None:
        self._of_one(lambda key, _: self.world.edit(key, self.draw.choice([PROVIDER, OTHER, "none", "unknown"])))

    def _end(self) -> None:
        self._of_one(lambda _, wish: setattr(wish, "over", True))

    def _retry(self) -> None:
        self._of_one(lambda _, wish: setattr(wish, "over", False))

    def _delete(self) -> None:
        self._of_one(lambda key, _: self.world.delete(key))

    # ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────

    def _check(self) -> None:
        """Whatever is held is recorded, unless a process was cut off, and never more than was ever asked for."""
        api = self.world.api
        recorded = {lease["metadata"]["name"] for lease in api.of_kind("leases").values()}
        for name, nodes in self.provider.granted().items():
            if name not in recorded and not self.cut:
                raise BrokenInvariantError(f"{name} is held, and nothing records it")
            if nodes > MOST_NODES:
                raise BrokenInvariantError(f"{name} may have {nodes} nodes")
        self.provider.check()

    def _come_to_the_end(self) -> None:
        """Have everything end: by operators, or by the reaper alone because there is no operator any more."""
        self._heal()
        alone = self.draw.random() < 0.4
        self.log.append("the end, " + ("with the reaper alone" if alone else "with operators"))
        while self.late:
            self._act_late()
            self._check()
        for key, document in self._jobs():
            self.wishes[document["metadata"]["uid"]].over = True
            if self.draw.random() < 0.5:
                self.world.delete(key)
        if not alone:
            self.world.start()
        quiet = 0
        for _ in range(TURNS_TO_REST):
            self.world.wait(30)
            self.world.take()
            self._reap()
            for name in () if alone else NAMES:
                self._turn(self._whole_turn(name))
            self._check()
            quiet = 0 if self._left() else quiet + 1
            if quiet == QUIET_TURNS:
                self.provider.check_end()
                return
        raise BrokenInvariantError(f"left: {self._left()}")

    def _left(self) -> list[str]:
        """Return all that is still held, recorded, or waited for."""
        bound = [
            document["metadata"]["name"]
            for document in self.world.api.of_kind("trainingjobs").values()
            if labels.CAPACITY_FINALIZER in document["metadata"].get("finalizers", ())
        ]
        return [*self.provider.granted(), *self.world.api.of_kind("leases"), *bound]


def main() -> None:
    """Play runs and tell how many are broken."""
    first, *rest = map(int, sys.argv[1:])
    if not rest:
        print("\n".join(Run(first).play().log))
        return
    broken = 0
    for seed in range(first, rest[0]):
        try:
            Run(seed).play()
        except BrokenInvariantError as error:
            broken += 1
            print(str(error)[:400])
    print(f"{rest[0] - first} runs, {broken} broken")


if __name__ == "__main__":
    main()
