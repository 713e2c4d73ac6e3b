"""Which waves go on, which are changed, and which cells go into the next one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from gridfold.domain.observed import Progress, Wave
from gridfold.domain.plan import Action, Delete, SetParallelism


@dataclass(frozen=True)
class WavePlan:
    """What is done to the waves that are there, and the next wave, if one is to be started now."""

    actions: tuple[Action, ...] = ()
    cells: tuple[int, ...] = ()  #: of the next wave
    parallelism: int = 0  #: of the next wave


def plan_waves(waves: Iterable[Wave], unfinished: frozenset[int], parallelism: int) -> WavePlan:
    """Return what is to be done so that the unfinished cells get their results."""
    active = [wave for wave in waves if wave.progress is Progress.ACTIVE]
    if idle := [wave for wave in active if wave.outdated and wave.idle]:
        return WavePlan(tuple(Delete(wave.name) for wave in idle))
    if active:
        changed = (wave for wave in active if wave.parallelism != parallelism)
        return WavePlan(tuple(SetParallelism(wave.name, parallelism) for wave in changed))
    return WavePlan(cells=tuple(sorted(unfinished)), parallelism=parallelism)
