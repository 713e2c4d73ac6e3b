"""Where every cell of a run stands: the first wave's cells, and those that deserve another try."""

from collections.abc import Mapping
from dataclasses import dataclass

from gridfold.api.conditions import Reason
from gridfold.api.handoff import CellReport, FailedCell, decode_report
from gridfold.api.status import CellCounts
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.ends import cause_of
from gridfold.domain.observed import Progress, Wave

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

    @property
    def unfinished(self) -> frozenset[int]:
        """Return the cells that need more work."""
        return self.retry | self.damaged.keys() | self.running | self.pending

    @property
    def counts(self) -> CellCounts:
        """Return the numbers for the status."""
        return CellCounts(
            total=self.total,
            cached=len(self.cached),
            pending=len(self.pending) + len(self.retry) + len(self.damaged),
            running=len(self.running),
            succeeded=len(self.succeeded),
            infeasible=len(self.infeasible),
            failed=len(self.failed),
        )

    def failed_cells(self) -> list[FailedCell]:
        """Return the failed cells in order, with messages short enough to travel together."""
        room = max(80, min(1000, FAILED_MESSAGES_CHARACTERS // max(1, len(self.failed))))
        return [cell.model_copy(update={"message": cell.message[:room]}) for _, cell in sorted(self.failed.items())]


@dataclass(frozen=True)
class Past:
    """What is remembered of a run beside its waves, which come and go."""

    succeeded: frozenset[int] = frozenset()  #: cells whose result is stored, whatever has become of their wave
    first_wave: int = 0  #: cells that failed in an earlier wave than this are tried again


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
        for cell in wave.cells:
            count.take(cell, wave)
    in_waves = frozenset(cell for wave in waves for cell in wave.cells)
    untouched = frozenset(range(total)) - cached - infeasible - in_waves - past.succeeded
    # A result that prepare had not seen and a wave then found counts once, where the wave saw it.
    return Standing(
        total=total,
        cached=cached - in_waves - past.succeeded,
        succeeded=frozenset(count.succeeded),
        infeasible=(infeasible - count.succeeded) | frozenset(count.infeasible),
        failed=count.failed,
        retry=frozenset(count.retry),
        damaged=count.damaged,
        running=frozenset(count.running),
        pending=frozenset(count.pending) | untouched,
        reports=count.reports,
    )


class _Count:
    """The tally of `stand`: the last wave that has a cell decides where it stands."""

    def __init__(self, spec: TrainingJobSpec, past: Past, refused: frozenset[int]) -> None:
        self._spec, self._first_wave, self._refused = spec, past.first_wave, refused
        self._attempts: dict[int, int] = {}
        self._spared: set[int] = set()  #: cells that have been damaged before
        self.succeeded: set[int] = set(past.succeeded)
        self.infeasible: set[int] = set()
        self.retry: set[int] = set()
        self.running: set[int] = set()
        self.pending: set[int] = set()
        self.failed: dict[int, FailedCell] = {}
        self.damaged: dict[int, str] = {}
        self.reports: dict[int, CellReport] = {}

    def take(self, cell: int, wave: Wave) -> None:
        """Count one cell of one wave."""
        self._attempts[cell] = self._attempts.get(cell, 0) + 1
        if cell in self.succeeded or (cell in self._refused and cell not in wave.succeeded):
            return  # known, and what has become of its pod does not matter
        for others in (self.infeasible, self.retry, self.running, self.pending):
            others.discard(cell)
        self.failed.pop(cell, None)
        self.damaged.pop(cell, None)
        end = wave.ends.get(cell)
        report = decode_report(end.message) if end else None
        if isinstance(report, CellReport) and report.cell == cell:
            self.reports[cell] = report
        if cell in wave.succeeded:
            self.succeeded.add(cell)
        elif cell in wave.failed or wave.progress is not Progress.ACTIVE:
            self._take_failed(cell, wave)
        elif cell in wave.running:
            self.running.add(cell)
        else:
            self.pending.add(cell)

    def _take_failed(self, cell: int, wave: Wave) -> None:
        cause = cause_of(wave.ends.get(cell), self._spec)
        attempts = self._attempts[cell]
        if cause.infeasible:
            self.infeasible.add(cell)
        elif wave.number < self._first_wave:
            self._attempts[cell] = 0
            self.retry.add(cell)
        elif cause.reason == Reason.PREPARED_CORRUPT and cell not in self._spared:
            self._spared.add(cell)
            self._attempts[cell] -= 1
            self.damaged[cell] = cause.message
        elif cause.retryable and attempts <= self._spec.execution.retries:
            self.retry.add(cell)
        else:
            self.failed[cell] = FailedCell(cell=cell, reason=cause.reason, message=cause.message, attempts=attempts)
