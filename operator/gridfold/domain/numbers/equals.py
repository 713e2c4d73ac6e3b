"""Which cells cannot be told apart from the winner, and the fastest of them."""

import math
from collections.abc import Sequence

from gridfold.domain.numbers.judged import JudgedCell
from gridfold.domain.numbers.resampled import paired
from gridfold.domain.numbers.student import two_sided

SIGNIFICANCE = 0.05
#: Of the winner's fit time: times vary from run to run, so only what is below is worth a word.
NOTICEABLY_FASTER = 0.8


def p_values(cells: Sequence[JudgedCell], winner: int, test_share: float) -> list[float]:
    """Return the two-sided p-value of each cell against the winner; NaN for the winner and for cells with NaN scores.

    The corrected resampled t-test (Nadeau and Bengio 2003): with d = winner − other over all J splits,

        t = mean(d) / √((1/J + test_share) · var(d, ddof=1)),   J − 1 degrees of freedom

    Splits share rows, so their differences are not independent: `test_share`, rows to score on ÷ rows to fit on,
    corrects for it. Where the differences do not vary the p-value is 1: equal, or no ground to call them different.
    """
    own = cells[winner].scores
    return [
        math.nan if place == winner or not cell.is_scored else _p_value(own, cell.scores, test_share)
        for place, cell in enumerate(cells)
    ]


def indistinguishable(cells: Sequence[JudgedCell], winner: int, test_share: float) -> list[int]:
    """Return the other cells that do not differ from the winner at 5 %, ascending."""
    return [place for place, p in enumerate(p_values(cells, winner, test_share)) if p >= SIGNIFICANCE]


def cheapest_equal(cells: Sequence[JudgedCell], winner: int, equals: Sequence[int]) -> int | None:
    """Return the cell with the smallest mean fit time among the winner and the cells that equal it.

    Times vary from run to run, so this is advice and decides nothing. Ties: the higher mean score, then the first.
    None where the winner's own time is not known: nothing to compare with. The winner itself where none is faster.
    Cells that shared a fit have their own part of its time.
    """
    if math.isnan(cells[winner].fit_seconds):
        return None
    timed = [place for place in (winner, *equals) if not math.isnan(cells[place].fit_seconds)]
    return min(timed, key=lambda place: (cells[place].fit_seconds, -cells[place].mean, place))


def _p_value(own: Sequence[float], other: Sequence[float], test_share: float) -> float:
    found = paired([a - b for a, b in zip(own, other, strict=True)], test_share)
    return 1.0 if found is None else two_sided(found.mean / found.error, found.degrees)
