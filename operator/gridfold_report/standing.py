"""How far the winner can be trusted: as the run has reckoned, or, where it is of an earlier version, from its table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gridfold.api.v1alpha1 import CrossValidationMethod
from gridfold.api.v1alpha1.metric_ranges import LOSS, metric_range
from gridfold.domain.numbers.equals import (
    NOTICEABLY_FASTER,
    SIGNIFICANCE,
    cheapest_equal,
    indistinguishable,
)
from gridfold.domain.numbers.judged import JudgedCell, mean
from gridfold.domain.numbers.resampled import NO_VARIANCE
from gridfold.domain.numbers.student import critical
from gridfold_report.reckoning import selection_of
from gridfold_report.run import Cell, Run, at


@dataclass(frozen=True)
class Standing:
    """The winner among its peers."""

    run: Run

    @cached_property
    def judged(self) -> Sequence[JudgedCell]:
        """Return the cells, in grid order, as the honest numbers take them."""
        return [JudgedCell(cell.chosen, cell.folds, cell.fit_seconds) for cell in self.run.cells]

    @cached_property
    def selection(self) -> Mapping[str, Any]:
        """Return status.json's document of that name, made anew where the run is of an earlier version."""
        found = self.run.status.get("selection")
        if isinstance(found, Mapping):
            return found
        repeats = int(at(self.run.status, "spec", "crossValidation", "repeats") or 1)
        return selection_of(self.judged, self._place, self._reckoned_share, repeats)

    @cached_property
    def equal(self) -> frozenset[int]:
        """Return the other cells that cannot be told apart from the winner; cells with NaN folds are left out."""
        if self._place is None:
            return frozenset()
        places = indistinguishable(self.judged, self._place, self.test_share)
        return frozenset(self.run.cells[place].index for place in places)

    @property
    def equal_count(self) -> int:
        """Return how many these are, as the run itself has counted them."""
        counted = at(self.run.status, "best", "indistinguishableFrom")
        return len(self.equal) if counted is None else int(counted)

    @cached_property
    def cheapest(self) -> Cell | None:
        """Return the cell that fits fastest of the winner's equals, where that is noticeably faster than the winner."""
        if self.run.winner is None or self._place is None:
            return None
        equals = [place for place, cell in enumerate(self.run.cells) if cell.index in self.equal]
        place = cheapest_equal(self.judged, self._place, equals)
        found = self.run.cells[self._place if place is None else place]
        return found if found.fit_seconds < NOTICEABLY_FASTER * self.run.winner.fit_seconds else None

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval of the winner's mean (corrected as in the test), None where folds do not vary."""
        folds = self.run.winner.folds if self.run.winner else ()
        ends = mean_interval(folds, self.test_share)
        return ends and _possible(ends, folds, self.run.objective)

    @property
    def test_share(self) -> float:
        """Return rows to score on ÷ rows to fit on, over all folds."""
        return float(self.selection.get("testShare") or self._reckoned_share)

    @property
    def _place(self) -> int | None:
        return next((place for place, cell in enumerate(self.run.cells) if cell is self.run.winner), None)

    @property
    def _reckoned_share(self) -> float:
        winner = self.run.winner
        folds = int(at(self.run.status, "spec", "crossValidation", "folds") or (len(winner.folds) if winner else 2))
        if at(self.run.status, "resolved", "crossValidation") == CrossValidationMethod.TIME_SERIES:
            return self._later_rows(folds)
        return 1 / max(folds - 1, 1)  # each row is scored once, and fitted on in all other folds

    def _later_rows(self, folds: int) -> float:
        """Return the same for TimeSeriesSplit, which fits on all rows before those that it scores on."""
        rows = int(at(self.run.status, "dataset", "parts", "train") or 0)
        size = rows // (folds + 1)
        gap = int(at(self.run.status, "spec", "crossValidation", "gap") or 0)
        most = int(at(self.run.status, "spec", "crossValidation", "maxTrainSize") or rows)
        fitted = [min(max(rows - number * size - gap, 0), most) for number in range(1, folds + 1)]
        return folds * size / max(sum(fitted), 1)


def mean_interval(folds: Sequence[float], test_share: float) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean over folds that share rows; None where they do not vary, or there is one."""
    middle = mean(folds)
    if len(folds) < 2 or not math.isfinite(middle):
        return None
    variance = math.fsum((value - middle) * (value - middle) for value in folds) / (len(folds) - 1)
    if not NO_VARIANCE < variance < math.inf:
        return None
    half = critical(SIGNIFICANCE, len(folds) - 1) * math.sqrt((1 / len(folds) + test_share) * variance)
    return middle - half, middle + half


def _possible(ends: tuple[float, float], folds: Sequence[float], metric: str) -> tuple[float, float]:
    """Return the part of an interval that the metric can have; `folds` are never left outside."""
    found = metric_range(metric)
    low = ends[0] if found.low is None or metric.startswith(LOSS) else max(ends[0], min(found.low, *folds))
    return low, ends[1] if found.high is None else min(ends[1], max(found.high, *folds))
