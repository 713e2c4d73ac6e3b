"""How many cells a pod gets, as `spec.execution.packing` says. Pure."""

import math
from collections.abc import Sequence

from gridfold.api.handoff import MOST_CELLS_TOGETHER, CellReport
from gridfold.api.v1alpha1 import Execution, PackingMode, TrainingJobSpec
from gridfold.domain.groups import Groups, alone
from gridfold.domain.observed import Progress, Wave
from gridfold.domain.shared_work import packed_groups

#: For so long a pod computes at least, where there is enough to do: beside it, its start (1 to 5 s) is little.
POD_SECONDS = 60.0


def pack(spec: TrainingJobSpec, cells: Sequence[int], waves: Sequence[Wave]) -> Groups:
    """Return which of these cells go out now, and who with whom. None: it is not known yet how many belong together.

    `waves` are those of the run so far.
    """
    packing, parallelism = spec.execution.packing, spec.execution.parallelism
    if packing.mode is PackingMode.FIXED and packing.cells_per_pod is not None:
        return packed_groups(spec, cells, packing.cells_per_pod)
    if packing.mode is PackingMode.CELL or len(cells) <= parallelism:
        return alone(cells)
    if not waves:
        return alone(_spread(cells, parallelism))
    seconds = _seconds_of_cells(waves)
    if seconds is None:
        return ()
    for_a_minute = math.ceil(POD_SECONDS / max(seconds, POD_SECONDS / MOST_CELLS_TOGETHER))
    # However short they are: while there is a place, no pod has cells that another one could be computing.
    return packed_groups(spec, cells, min(for_a_minute, math.ceil(len(cells) / parallelism)))


def cells_of_pod(execution: Execution) -> int:
    """Return how many cells a pod has at most, as far as the spec alone tells it: with Auto, of the first ones."""
    return execution.packing.cells_per_pod or 1


def pods_of_cells(execution: Execution, cells: int) -> int:
    """Return how many pods so many cells have at least, as far as the spec alone tells it."""
    return math.ceil(cells / cells_of_pod(execution))


def _spread(cells: Sequence[int], count: int) -> Sequence[int]:
    """Return so many of the cells, from all over the grid: neighbours take about the same time."""
    return [cells[number * len(cells) // count] for number in range(count)]


def _seconds_of_cells(waves: Sequence[Wave]) -> float | None:
    """Return how long a cell takes, on average, with what its pod needs beside; None while too few have ended.

    Those that end first are the quick ones, so half of the cells that are being measured are waited for.
    """
    ended = sum(len(wave.succeeded | wave.failed) for wave in waves)
    going = any(wave.progress is Progress.ACTIVE for wave in waves)
    if going and 2 * ended < sum(len(wave.cells) for wave in waves):
        return None
    found = [
        max(0.0, (end.ran.end - end.ran.start).total_seconds())
        for wave in waves
        for end in wave.ends.values()
        if end.ran is not None and not (isinstance(end.report, CellReport) and end.report.reused)
    ]
    return sum(found) / len(found) if found else POD_SECONDS / 10  # results were there already, or nobody told
