"""Which waves go on, which are changed, and which cells go into the next one. Pure.

The cells of one wave cannot be ended one by one. A wave that is to end without a loss is *drained*: its parallelism
follows the number of pods that run, so that the Job controller, which ends the youngest pods first, starts no more;
when no wanted cell runs in it, it is deleted. A wave that a queue has admitted cannot be drained
(`gridfold.domain.queues`): one of this run goes on as it is, one of an earlier run is deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.earlier import Draining
from gridfold.domain.observed import Progress, Wave
from gridfold.domain.plan import Action, Delete, SetParallelism
from gridfold.domain.queues import is_admitted


@dataclass(frozen=True)
class WavePlan:
    """What is done to the waves that are there, and the next wave, if one is to be started now."""

    actions: tuple[Action, ...] = ()
    cells: tuple[int, ...] = ()  #: of the next wave
    parallelism: int = 0  #: of the next wave
    memory: str = ""  #: that each cell of the next wave needs, where that is more than the spec says


NO_NEEDS: Mapping[int, str] = {}


def plan_waves(
    waves: Iterable[Wave],
    earlier: Sequence[Draining],
    unfinished: frozenset[int],
    parallelism: int,
    needed: Mapping[int, str] = NO_NEEDS,
) -> WavePlan:
    """Return what is to be done so that the unfinished cells get their results, so many at a time in all waves.

    `earlier` are waves of an earlier run. A wave that would be made otherwise now is drained like them. `needed` is
    the memory of cells that ran out of what they had. A wave has one size of pods, so the next one has the cells that
    need the least.
    """
    live: list[Wave] = []
    draining = [*earlier]
    for wave in waves:
        if wave.progress is not Progress.ACTIVE:
            continue
        if wave.outdated and not is_admitted(wave):
            draining.append(_drained(wave))
        else:
            live.append(wave)
    if changes := drain(draining, parallelism):
        return WavePlan(changes)
    parallelism = max(0, parallelism - sum(old.wave.parallelism for old in draining))
    if live:
        changed = (wave for wave in live if wave.parallelism != parallelism and not is_admitted(wave))
        return WavePlan(tuple(SetParallelism(wave.name, parallelism) for wave in changed))
    left = unfinished.difference(*(old.wave.running for old in draining)) if parallelism else frozenset()
    needs = {cell: needed.get(cell, "") for cell in left}
    least = min(set(needs.values()), key=lambda memory: amount(memory or "0"), default="")
    cells = tuple(sorted(cell for cell, memory in needs.items() if memory == least))
    return WavePlan(cells=cells, parallelism=parallelism, memory=least)


def _drained(wave: Wave) -> Draining:
    """Return a wave that would be made otherwise now; what waits in it for storage is better started anew."""
    return Draining(replace(wave, running=wave.running - wave.away), len(wave.running))


def drain(waves: Iterable[Draining], most: int) -> tuple[Action, ...]:
    """Return what brings waves to their end as the cells that run in them end."""
    actions: list[Action] = []
    for old in waves:
        parallelism = min(old.pods, most)
        if not old.wave.running or is_admitted(old.wave):
            actions.append(Delete(old.wave.name))
        elif parallelism < old.wave.parallelism:
            actions.append(SetParallelism(old.wave.name, parallelism))
    return tuple(actions)
