"""Waves of an earlier run of the same job: what of them is of use after an edit.

An edit of the grid makes another run, whose data has to be judged by prepare again; the cells that both grids have
keep their keys. Waves of the earlier run go on meanwhile, and afterwards those of their cells that are still wanted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gridfold.api.handoff import CellReport
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.keys import run_document
from gridfold.domain.observed import ProcessEnd, Progress, Wave
from gridfold.domain.renumbering import renumbered


@dataclass(frozen=True)
class Draining:
    """A wave in which no further cell is to start."""

    wave: Wave  #: by the numbers of the present grid
    pods: int  #: that are there, those of cells that nobody wants any more among them
    running: int  #: of these
    waits: bool  #: whether some of the others cannot start

    @classmethod
    def of(cls, wave: Wave, wanted: Wave | None = None) -> "Draining":
        """Return a wave that is to be drained, with what of it is wanted: all, if nothing else is said."""
        waits = bool(wave.starting and wave.waiting)
        return cls(wave if wanted is None else wanted, wave.pods_of(wave.present), wave.pods_of(wave.running), waits)


def draining_waves(waves: Iterable[Wave], spec: TrainingJobSpec) -> tuple[Draining, ...]:
    """Return the waves of earlier runs with cells that are still wanted, told by their numbers in the present grid.

    Only cells that have their result or run now are kept: whatever else was in such a wave is run by another one.
    """
    wanted = ((wave, numbers_of(wave, spec)) for wave in waves)
    return tuple(Draining.of(wave, _translate(wave, numbers)) for wave, numbers in wanted if numbers is not None)


def numbers_of(wave: Wave, spec: TrainingJobSpec) -> Sequence[int | None] | None:
    """Return the present number of every cell of an earlier wave's grid; None where all cells are others now."""
    if wave.spec is None or not _same_cells(wave.spec, spec):
        return None
    return renumbered(wave.spec.search.grid, spec.search.grid)


def _same_cells(before: TrainingJobSpec, now: TrainingJobSpec) -> bool:
    """Tell whether cells of both specs with the same parameters are the same, wherever they stand in the grid.

    Which cells a random search draws is known to prepare alone, so such a search starts anew; results are found.
    """
    if before.search.cells is not None or now.search.cells is not None:
        return False
    documents = [run_document(spec) for spec in (before, now)]
    for document in documents:
        document.pop("search")
        if document["scoring"].get("metrics"):
            document["scoring"].pop("objective", None)  # it ranks what is measured anyway
    return documents[0] == documents[1]


def _translate(wave: Wave, numbers: Sequence[int | None]) -> Wave:
    """Return a wave by the numbers of another grid."""
    kept = sorted(wave.succeeded | wave.present)
    number = {cell: found for cell in kept if (found := numbers[cell]) is not None}
    return replace(
        wave,
        groups=tuple(filter(None, (tuple(number[cell] for cell in group if cell in number) for group in wave.groups))),
        succeeded=frozenset(number[cell] for cell in wave.succeeded & number.keys()),
        running=frozenset(number[cell] for cell in wave.running & number.keys()),
        starting=frozenset(number[cell] for cell in wave.starting & number.keys()),
        away=frozenset(number[cell] for cell in wave.away & number.keys()),
        failed=frozenset(),
        ends={number[cell]: _end(wave.ends[cell], number[cell]) for cell in number if cell in wave.ends},
        waiting=(),
        progress=Progress.ACTIVE,
    )


def _end(end: ProcessEnd, cell: int) -> ProcessEnd:
    """Return the end of a process with the cell's present number in its report."""
    report = end.report
    if not isinstance(report, CellReport) or report.cell == cell:
        return end
    return replace(end, told=report.model_copy(update={"cell": cell}))
