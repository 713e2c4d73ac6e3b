"""Which cell a search chooses: `spec.scoring.select`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.domain.numbers.judged import JudgedCell, best, is_number, mean, std


@dataclass(frozen=True)
class Simplest:
    """What makes a cell simpler: the lowest, or the highest, value of a parameter."""

    parameter: str
    highest: bool = False

    def key(self, parameters: Mapping[str, Any]) -> float:
        """Return what sorts simpler cells first; None, no limit, is above every number."""
        value: Any = parameters.get(self.parameter)
        number = value if is_number(value) else math.inf
        return -number if self.highest else number


@dataclass(frozen=True)
class Choice:
    """How the winner is chosen.

    Without `simplest`: the first cell with the highest mean, as GridSearchCV does.

    With it: the one-standard-error rule (Breiman et al. 1984, Hastie et al. 2009, 7.10) as scikit-learn's example
    "Balance model complexity and cross-validated score" has it. Of the cells whose mean is at least

        mean of the best cell − standard deviation of the best cell's split scores (std_test_score)

    the simplest one. (That is one standard *deviation*, as the example has it; the error of a mean over J splits
    would be smaller by √J if splits were independent, which they are not.) The first parameter of `simplest`
    decides, then the next. Among equally simple cells the highest mean wins, then the first; the example, whose grid
    has one axis, takes the first at once.
    """

    simplest: tuple[Simplest, ...] = ()

    def of(self, cells: Sequence[JudgedCell]) -> int | None:
        """Return the place of the chosen cell, None where no cell has a score for every split."""
        return self.among(cells, [cell.scores for cell in cells])

    def among(self, cells: Sequence[JudgedCell], scores: Sequence[Sequence[float]]) -> int | None:
        """Return the same by other scores of the cells: those of some of their splits."""
        means = [mean(row) for row in scores]
        top = best(means)
        if top is None or not self.simplest:
            return top
        least = means[top] - std(scores[top])
        near = [place for place, value in enumerate(means) if value >= least]

        def order(place: int) -> tuple[Any, ...]:
            keys = (rule.key(cells[place].parameters) for rule in self.simplest)
            return (*keys, -means[place], place)

        return min(near, key=order)


BEST = Choice()
