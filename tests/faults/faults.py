"""What happens to a run, and what its owner does: each fault begins at some step and, if it lasts, is lifted later."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import Stage, encode_report
from gridfold.domain.observed import ProcessEnd, SingleStage, Wave
from tests.faults.world import GRID, OTHER_GRID, World

#: Enough that nothing fails for want of memory, where the owner allows more of it.
MORE_MEMORY = {"maxMemory": "64Gi"}


@dataclass(frozen=True)
class Fault:
    """A fault, and what may come of it."""

    name: str
    begin: Callable[[World], None]
    lift: Callable[[World], None] = lambda _world: None
    counts: bool = False  #: whether it uses up one of a cell's, or a stage's, retries
    may_fail: tuple[str, ...] = ()  #: reasons for which a run may be Failed afterwards; a retry must heal it
    spec: tuple[tuple[str, Any], ...] = ()  #: what is in the spec of such a run


def _pod(act: Callable[[World, Any, int], None]) -> Callable[[World], None]:
    """Return what does something to one running pod, where one runs."""

    def begin(world: World) -> None:
        if running := world.running():
            act(world, *world.draw.choice(running))

    return begin


def _end(exit_code: int, reason: str = "Error") -> Callable[[World], None]:
    def act(world: World, place: Any, index: int) -> None:
        world.end(place, index, ProcessEnd(exit_code, reason, _said(world, place, index)))

    return _pod(act)


def _said(world: World, place: Any, index: int) -> str:
    """Return what a process that is ended in the middle has left: of several cells, how far it came."""
    child = world.cluster.children[place]
    if not isinstance(child.view, Wave) or len(child.view.groups[index]) == 1:
        return ""
    return encode_report(world.store.said(child.told, child.view.groups[index]))


def _spare(world: World, place: Any, index: int) -> None:
    child = world.cluster.children[place]
    if child.stage is Stage.CELL and world.draw.random() < 0.5:
        world.store.fit_next(child.told, child.view.groups[index])  # type: ignore[union-attr]
    world.spare(place, index)


def _node_gone(world: World) -> None:
    world.nodes = False
    for place, index in world.running():
        world.spare(place, index, ProcessEnd(ExitCode.KILLED, "Error", ""))


def _set(**values: Any) -> Callable[[World], None]:
    def begin(world: World) -> None:
        for name, value in values.items():
            target = world
            *path, last = name.split("__")
            for part in path:
                target = getattr(target, part)
            setattr(target, last, value)

    return begin


def _kill(world: World) -> None:
    world.wire.kill_at = world.draw.randint(1, 6)
    world.news = True


def _stop(world: World) -> None:
    world.wire.stop_at = world.draw.randint(1, 6)
    world.news = True


def _job_deleted(world: World) -> None:
    if world.cluster.children:
        world.remove(world.draw.choice(sorted(world.cluster.children)))


def _pods_collected(world: World) -> None:
    """Have all pods go that have ended, as the cluster's garbage collection does, with what they had to say."""
    for place, child in world.cluster.children.items():
        view, counted = child.view, world.cluster.counted.get(place)
        child.view = replace(view, end=None) if isinstance(view, SingleStage) else replace(view, ends={})
        if isinstance(child.view, Wave) and isinstance(counted, Wave):
            child.view = replace(child.view, succeeded=counted.succeeded, failed=counted.failed)
    world.news = True


def _result_lost(world: World) -> None:
    if world.store.results:
        world.store.lose(world.draw.choice(sorted(world.store.results)))


def _cut(world: World) -> None:
    world.cluster.cut_the_watch()


def _restore(world: World) -> None:
    world.cluster.before_the_cut = None
    world.news = True


def _made_again(world: World) -> None:
    world.delete()
    world.create(**{name: value for name, value in world.spec.items() if name not in {"dataset", "estimator"}})
    world.news = True


def _edit(**spec: Any) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.edit(**spec)
        world.news = True

    return begin


def _execution(**fields: Any) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.edit(execution={**world.spec.get("execution", {}), **fields})
        world.news = True

    return begin


def _retry(world: World) -> None:
    world.edit(retry=world.spec.get("retry", 0) + 1)
    world.news = True


FAULTS: tuple[Fault, ...] = (
    Fault("operator killed", _kill),
    Fault("operator stopped", _stop),
    Fault("operator's clock an hour ahead", _set(skew=timedelta(hours=1)), _set(skew=timedelta())),
    Fault("operator's clock an hour behind", _set(skew=timedelta(hours=-1)), _set(skew=timedelta())),
    Fault("API 429, 500, 410", _set(wire__trouble="refuse"), _set(wire__trouble="")),
    Fault("API 409", _set(wire__trouble="conflict"), _set(wire__trouble="")),
    Fault("API answer lost", _set(wire__trouble="lose"), _set(wire__trouble="")),
    Fault("watch cut", _cut, _restore),
    Fault("Job controller paused", _set(controller=False), _set(controller=True)),
    Fault("pod deleted", _pod(_spare)),
    Fault("pod deleted by force", _pod(lambda world, place, index: world.vanish(place, index)), counts=True),
    Fault("pod killed", _end(ExitCode.KILLED), counts=True),
    Fault("disk full", _end(ExitCode.PASSING), counts=True),
    Fault("node gone", _node_gone, _set(nodes=True)),
    Fault("out of memory", _end(ExitCode.KILLED, "OOMKilled"), spec=(("outOfMemory", MORE_MEMORY),)),
    Fault("out of memory for good", _end(ExitCode.KILLED, "OOMKilled"), may_fail=("OutOfMemory",)),
    Fault("storage away", _set(store__away=True), _set(store__away=False)),
    Fault("storage slow", _set(slow=True), _set(slow=False)),
    Fault("prepared data damaged", _set(store__damaged=True), may_fail=("PreparedCorrupt",)),
    Fault("result lost", _result_lost, may_fail=("ResultsMissing",)),
    Fault("platform's image changed", _set(cluster__image="trainer:2")),
    Fault("quota on Jobs", _set(cluster__quota=True), _set(cluster__quota=False)),
    Fault("Job deleted by hand", _job_deleted),
    Fault("ended pods collected", _pods_collected),
    Fault("suspended", _edit(suspend=True), _edit(suspend=False)),
    Fault("tried again", _retry),
    Fault("parallelism raised and lowered", _execution(parallelism=5), _execution(parallelism=1)),
    Fault("memory edited", _execution(resources={"limits": {"memory": "8Gi"}})),
    Fault("grid edited", _edit(search={"grid": OTHER_GRID})),
    Fault("grid edited and taken back", _edit(search={"grid": OTHER_GRID}), _edit(search={"grid": GRID})),
    Fault("deleted and made again", _made_again),
)
