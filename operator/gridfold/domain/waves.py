"""Which waves go on, which are changed, and which cells go into the next one. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.observed import Progress, Wave
from gridfold.domain.plan import Action, Delete, SetParallelism


@dataclass(frozen=True)
class WavePlan:
    """What is done to the waves that are there, and the next wave, if one is to be started now."""

    actions: tuple[Action, ...] = ()
    cells: tuple[int, ...] = ()  #: of the next wave
    parallelism: int = 0  #: of the next wave
    memory: str = ""  #: that each cell of the next wave needs, where that is more than the spec says


NO_NEEDS: Mapping[int, str] = {}


def plan_waves(
    waves: Iterable[Wave], unfinished: frozenset[int], parallelism: int, needed: Mapping[int, str] = NO_NEEDS
) -> WavePlan:
    """Return what is to be done so that the unfinished cells get their results.

    `needed` is the memory of cells that ran out of what they had. A wave has one size of pods, so the next one has the
    cells that need the least.
    """
    active = [wave for wave in waves if wave.progress is Progress.ACTIVE]
    if idle := [wave for wave in active if wave.outdated and wave.idle]:
        return WavePlan(tuple(Delete(wave.name) for wave in idle))
    if active:
        changed = (wave for wave in active if wave.parallelism != parallelism)
        return WavePlan(tuple(SetParallelism(wave.name, parallelism) for wave in changed))
    needs = {cell: needed.get(cell, "") for cell in unfinished}
    least = min(set(needs.values()), key=lambda memory: amount(memory or "0"), default="")
    cells = tuple(sorted(cell for cell, memory in needs.items() if memory == least))
    return WavePlan(cells=cells, parallelism=parallelism, memory=least)
