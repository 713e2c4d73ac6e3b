"""Which waves go on, which are changed, and which cells go into the next one. Pure.

The cells of one wave cannot be ended one by one. A wave that is to end without a loss is *drained*: what runs in it
goes on, and it can start nothing more, so that a further wave may have all of its other cells at once. When no wanted
cell runs in it, it is deleted. A wave that a queue has admitted is not drained (`gridfold.domain.queues`): one of this
run goes on as it is, one of an earlier run is deleted.

Waves share the parallelism: the first has as much of it as it has cells left, the next one what is over, and so on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.earlier import Draining
from gridfold.domain.observed import Progress, Wave
from gridfold.domain.plan import Action, Delete, Drain, SetParallelism
from gridfold.domain.queues import is_admitted

#: At a time, beside those that are drained: cells that fail one by one at the end of a wave share the next ones.
MOST_WAVES = 4


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
    the memory of cells that ran out of what they had.
    """
    live: list[Wave] = []
    draining = [*earlier]
    for wave in waves:
        if wave.draining or (wave.progress is Progress.ACTIVE and wave.outdated and not is_admitted(wave)):
            draining.append(Draining.of(wave))
        elif wave.progress is Progress.ACTIVE:
            live.append(wave)
    if changes := drain(draining, parallelism):
        return WavePlan(changes)
    changes, room = _share(live, parallelism - sum(old.pods for old in draining))
    if changes or room <= 0 or len(live) >= MOST_WAVES:
        return WavePlan(changes)
    # How a cell has failed may be seen a moment later than that it has: what it needs follows from that.
    elsewhere = [*(wave.open | (wave.failed - wave.ends.keys()) for wave in live), *(o.wave.present for o in draining)]
    return _next_wave(unfinished.difference(*elsewhere), room, needed)


def _next_wave(cells: frozenset[int], parallelism: int, needed: Mapping[int, str]) -> WavePlan:
    """Return the next wave. A wave has one size of pods, so it has the cells that need the least."""
    needs = {cell: needed.get(cell, "") for cell in cells}
    least = min(set(needs.values()), key=lambda memory: amount(memory or "0"), default="")
    chosen = tuple(sorted(cell for cell, memory in needs.items() if memory == least))
    return WavePlan(cells=chosen, parallelism=parallelism, memory=least)


def _share(live: Iterable[Wave], parallelism: int) -> tuple[tuple[Action, ...], int]:
    """Return what has the waves share the parallelism, and how much of it is over for another wave.

    A wave never has more pods than groups of cells left, so what it has beyond that need not be taken from it.
    """
    changes: list[Action] = []
    for wave in live:
        left, share = wave.pods_of(wave.open), max(0, parallelism)
        used = min(wave.parallelism, left)
        if used != min(share, left) and not is_admitted(wave):
            changes.append(SetParallelism(wave.name, share, wave.uid))
            used = min(share, left)
        parallelism -= used
    return tuple(changes), parallelism


def drain(waves: Iterable[Draining], most: int) -> tuple[Action, ...]:
    """Return what has waves start nothing more, so many pods in all of them, and removes them when they are of no use.

    Pods that cannot start are taken out before: while they are there, their cells are of no other wave. What waits for
    storage is better started anew.
    """
    actions: list[Action] = []
    for old in waves:
        wave = old.wave
        if not wave.running - wave.away or is_admitted(wave) or (wave.draining and old.pods > most):
            actions.append(Delete(wave.name, wave.uid))
            continue
        keep = old.pods if wave.draining else max(0, min(old.running if old.waits else old.pods, most))
        most -= keep
        if keep < min(old.pods, wave.parallelism):
            actions.append(SetParallelism(wave.name, keep, wave.uid))
        elif not wave.draining:
            actions.append(Drain(wave.name, wave.uid))
    return tuple(actions)
