"""Where every cell of a run stands: the first wave's cells, and those that deserve another try."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gridfold.api.conditions import Reason
from gridfold.api.handoff import CellReport, FailedCell, Stage
from gridfold.api.status import CellCounts
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.cell_ends import is_suspect
from gridfold.domain.ends import Memory, cause_of
from gridfold.domain.grid import format_ranges
from gridfold.domain.groups import Group
from gridfold.domain.observed import Progress, Wave
from gridfold.domain.stage_needs import memory_of, more_memory
from gridfold.domain.words import counted

#: All messages of failed cells together, in characters: they travel in a ConfigMap (1 MiB).
FAILED_MESSAGES_CHARACTERS = 400_000


@dataclass(frozen=True)
class Standing:
    """Where every cell of a run stands. The sets are disjoint and make up the grid."""

    total: int
    cached: frozenset[int]
    succeeded: frozenset[int]
    infeasible: frozenset[int]
    failed: Mapping[int, FailedCell]
    retry: frozenset[int]  #: failed for a cause that can pass, tries left
    damaged: Mapping[int, str]  #: found the prepared data damaged for the first time, and what they said
    running: frozenset[int]
    pending: frozenset[int]
    reports: Mapping[int, CellReport]  #: of cells whose pod is still there
    needed: Mapping[int, str] = field(default_factory=dict)  #: memory of cells that ran out of what they had
    memory: Mapping[int, str] = field(default_factory=dict)  #: that the last pod of a cell had, where that is known
    found: frozenset[int] = frozenset()  #: of succeeded: the pod computed nothing, as the result was there already
    running_pods: int = 0  #: for the running cells: each pod is at one of its cells
    suspects: Mapping[int, Group] = field(default_factory=dict)  #: cells by the group in which they have failed

    @property
    def unfinished(self) -> frozenset[int]:
        """Return the cells that need more work."""
        return self.retry | self.damaged.keys() | self.running | self.pending

    @property
    def counts(self) -> CellCounts:
        """Return the numbers for the status."""
        return CellCounts(
            total=self.total,
            cached=len(self.cached) + len(self.found),
            pending=len(self.unfinished) - self.running_pods,
            running=self.running_pods,
            succeeded=len(self.succeeded) - len(self.found),
            infeasible=len(self.infeasible),
            failed=len(self.failed),
        )

    def memory_remark(self) -> str:
        """Return what to tell of cells that ran out of memory and are not finished."""
        short = self.unfinished & self.needed.keys()
        if not short:
            return ""
        sizes = sorted({self.needed[cell] for cell in short}, key=amount)
        gets = "gets" if len(short) == 1 else "get"
        return f"; {counted(len(short), 'cell')} ran out of memory and {gets} {' or '.join(sizes)}"

    def memory_ranges(self) -> dict[str, str]:
        """Return the cells, as ranges, by the memory that their last pod had."""
        cells: dict[str, list[int]] = {}
        for cell, memory in sorted(self.memory.items()):
            cells.setdefault(memory, []).append(cell)
        return {memory: format_ranges(numbers) for memory, numbers in cells.items()}

    def failed_cells(self) -> list[FailedCell]:
        """Return the failed cells in order, with messages short enough to travel together."""
        room = max(80, min(1000, FAILED_MESSAGES_CHARACTERS // max(1, len(self.failed))))
        return [cell.model_copy(update={"message": cell.message[:room]}) for _, cell in sorted(self.failed.items())]


@dataclass(frozen=True)
class Past:
    """What is remembered of a run beside its waves, which come and go."""

    succeeded: frozenset[int] = frozenset()  #: cells whose result is stored, whatever has become of their wave
    found: frozenset[int] = frozenset()  #: of these, the ones that another run, job or try had computed
    first_wave: int = 0  #: cells that failed in an earlier wave than this are tried again
    needed: Mapping[int, str] = field(default_factory=dict)  #: memory of cells that ran out of what they had


NOTHING_PAST = Past()


def stand(
    total: int,
    cached: frozenset[int],
    infeasible: frozenset[int],
    waves: tuple[Wave, ...],
    spec: TrainingJobSpec,
    past: Past = NOTHING_PAST,
) -> Standing:
    """Return where every cell stands after prepare and these waves (of one run, by number)."""
    count = _Count(spec, past, infeasible)
    for wave in waves:
        for group in wave.groups:
            for cell in group:
                count.take(cell, group, wave)
    in_waves = frozenset(cell for wave in waves for cell in wave.cells)
    untouched = frozenset(range(total)) - cached - infeasible - in_waves - past.succeeded
    # A result that prepare had not seen and a wave then found counts once, where the wave saw it; so does one that a
    # wave, which is gone, told to be infeasible while prepare looked.
    return Standing(
        total=total,
        cached=cached - in_waves - past.succeeded - infeasible,
        succeeded=frozenset(count.succeeded),
        infeasible=(infeasible - count.succeeded) | frozenset(count.infeasible),
        failed=count.failed,
        retry=frozenset(count.retry),
        damaged=count.damaged,
        running=frozenset(count.running),
        pending=frozenset(count.pending) | untouched,
        reports=count.reports,
        needed=count.needed,
        memory=count.memory,
        found=frozenset(count.found),
        running_pods=_pods(waves, count.running),
        suspects=count.suspects,
    )


def _pods(waves: tuple[Wave, ...], running: set[int]) -> int:
    """Return how many pods run for cells that are not finished; where two have the same cell, it counts once."""
    return min(len(running), sum(wave.pods_of(wave.running & running) for wave in waves))


class _Count:
    """The tally of `stand`: the last wave that has a cell decides where it stands."""

    def __init__(self, spec: TrainingJobSpec, past: Past, refused: frozenset[int]) -> None:
        self._spec, self._first_wave, self._refused = spec, past.first_wave, refused
        self._attempts: dict[int, int] = {}
        self._spared: set[int] = set()  #: cells that have been damaged before
        self._tried: dict[int, tuple[str, ...]] = {}  #: memory of which cells ran out, in order
        self._counted: dict[int, int] = {}  #: attempts that ended otherwise than for want of memory or data
        self._base = amount(memory_of(spec.execution, Stage.CELL) or "0")
        self.needed: dict[int, str] = dict(past.needed)
        self.memory: dict[int, str] = {}
        self.succeeded: set[int] = set(past.succeeded)
        self.found: set[int] = set(past.found)
        self.infeasible: set[int] = set()
        self.retry: set[int] = set()
        self.running: set[int] = set()
        self.pending: set[int] = set()
        self.failed: dict[int, FailedCell] = {}
        self.damaged: dict[int, str] = {}
        self.reports: dict[int, CellReport] = {}
        self.suspects: dict[int, Group] = {}

    def take(self, cell: int, group: Group, wave: Wave) -> None:
        """Count one cell of one wave, whose pod has the cells of the group."""
        if (
            wave.progress is not Progress.ACTIVE
            or cell in wave.succeeded
            or cell in wave.failed
            or cell in wave.running
        ):
            self._attempts[cell] = self._attempts.get(cell, 0) + 1
            self._counted[cell] = self._counted.get(cell, 0) + 1
        if cell in self.succeeded or (cell in self._refused and cell not in wave.succeeded):
            self._note_memory(cell, wave)
            return  # known, and what has become of its pod does not matter
        for others in (self.infeasible, self.retry, self.running, self.pending):
            others.discard(cell)
        self.failed.pop(cell, None)
        self.damaged.pop(cell, None)
        end = wave.ends.get(cell)
        report = end.report if end else None
        if isinstance(report, CellReport) and report.cell == cell:
            self.reports[cell] = report
        self._note_memory(cell, wave)
        if cell in wave.succeeded:
            self._take_succeeded(cell)
        elif cell in wave.failed or wave.progress is not Progress.ACTIVE:
            self._take_failed(cell, group, wave)
        elif cell in wave.running:
            self.running.add(cell)
        else:
            self.pending.add(cell)

    def _take_succeeded(self, cell: int) -> None:
        self.succeeded.add(cell)
        if cell in self.reports and self.reports[cell].reused:
            self.found.add(cell)

    def _note_memory(self, cell: int, wave: Wave) -> None:
        if wave.memory and (cell in wave.succeeded or cell in wave.failed):
            self.memory[cell] = wave.memory

    def _take_failed(self, cell: int, group: Group, wave: Wave) -> None:
        end = wave.ends.get(cell)
        suspect = is_suspect(group, end)
        had = (*self._tried.get(cell, ()), *filter(None, (wave.memory,)))
        cause = cause_of(end, self._spec, Memory(Stage.CELL, had))
        more = more_memory(self._spec.execution, Stage.CELL, wave.memory) if cause.out_of_memory and not suspect else ""
        if more:
            self._tried[cell] = had
            self.needed[cell] = max(more, self.needed.get(cell, more), key=amount)
        elif wave.number >= self._first_wave and amount(wave.memory or "0") > self._base:
            # Why it has so much may not be seen any more.
            self.needed[cell] = max(wave.memory, self.needed.get(cell, wave.memory), key=amount)
        if cause.infeasible:
            self.infeasible.add(cell)
        elif wave.number < self._first_wave:
            self._attempts[cell] = self._counted[cell] = 0
            self.retry.add(cell)
        elif cause.reason == Reason.PREPARED_CORRUPT and cell not in self._spared:
            self._spared.add(cell)
            self._attempts[cell] -= 1
            self._counted[cell] -= 1
            self.damaged[cell] = cause.message
        elif suspect or more:
            self._counted[cell] -= 1
            self._try_again(cell, group)
        elif cause.retryable and self._counted[cell] <= self._spec.execution.retries:
            self._try_again(cell, group)
        else:
            attempts = self._attempts[cell]
            self.failed[cell] = FailedCell(cell=cell, reason=cause.reason, message=cause.message, attempts=attempts)

    def _try_again(self, cell: int, group: Group) -> None:
        self.retry.add(cell)
        self.suspects[cell] = group
