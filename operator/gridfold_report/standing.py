"""How the cells stand to the winner: which cannot be told apart from it, and which of these is the cheapest."""

import math
from dataclasses import dataclass
from functools import cached_property

from gridfold.api.v1alpha1 import CrossValidationMethod
from gridfold_report import paired
from gridfold_report.run import Cell, Run, at


@dataclass(frozen=True)
class Standing:
    """The winner among its peers."""

    run: Run

    @cached_property
    def equal(self) -> frozenset[int]:
        """Return the other cells that cannot be told apart from the winner; cells with NaN folds are left out."""
        winner = self.run.winner
        if winner is None:
            return frozenset()
        share = self.test_share
        others = (cell for cell in self.run.ranked if cell is not winner and all(map(math.isfinite, cell.folds)))
        return frozenset(cell.index for cell in others if not paired.differs(winner.folds, cell.folds, share))

    @property
    def equal_count(self) -> int:
        """Return how many these are, as the run itself has counted them."""
        counted = at(self.run.status, "best", "indistinguishableFrom")
        return len(self.equal) if counted is None else int(counted)

    @cached_property
    def cheapest(self) -> Cell | None:
        """Return the cell that fits fastest of the winner and its equals, where it is not the winner."""
        winner = self.run.winner
        timed = [
            cell
            for cell in self.run.ranked
            if (cell is winner or cell.index in self.equal) and math.isfinite(cell.fit_seconds)
        ]
        found = min(timed, key=lambda cell: (cell.fit_seconds, cell.index), default=None)
        return None if found is winner else found

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval of the winner's mean over the folds."""
        winner = self.run.winner
        return paired.interval(winner.folds, self.test_share) if winner else None

    @property
    def test_share(self) -> float:
        """Return rows to score on ÷ rows to fit on, over all folds."""
        folds = int(at(self.run.status, "spec", "crossValidation", "folds") or len(self._folds) or 2)
        if at(self.run.status, "resolved", "crossValidation") == CrossValidationMethod.TIME_SERIES:
            return self._later_rows(folds)
        return 1 / max(folds - 1, 1)  # each row is scored once, and fitted on in all other folds

    @property
    def _folds(self) -> tuple[float, ...]:
        return self.run.winner.folds if self.run.winner else ()

    def _later_rows(self, folds: int) -> float:
        """Return the same for TimeSeriesSplit, which fits on all rows before those that it scores on."""
        rows = int(at(self.run.status, "dataset", "parts", "train") or 0)
        size = rows // (folds + 1)
        gap = int(at(self.run.status, "spec", "crossValidation", "gap") or 0)
        most = int(at(self.run.status, "spec", "crossValidation", "maxTrainSize") or rows)
        fitted = [min(max(rows - number * size - gap, 0), most) for number in range(1, folds + 1)]
        return folds * size / max(sum(fitted), 1)
