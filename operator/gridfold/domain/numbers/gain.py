"""What something brings on the same folds: more rows instead of fewer, the winner instead of a baseline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gridfold.domain.numbers.equals import SIGNIFICANCE
from gridfold.domain.numbers.judged import mean
from gridfold.domain.numbers.resampled import paired
from gridfold.domain.numbers.student import critical


@dataclass(frozen=True)
class Gain:
    """A mean difference and how far it can be trusted."""

    value: float  #: mean score with it minus that without
    interval: tuple[float, float] | None  #: 95 %; None: one split, or differences that do not vary

    @property
    def sign(self) -> int:
        """Return 1 for a gain, -1 for a loss, 0 where it cannot be told from none."""
        low, high = self.interval or (0.0, 0.0)
        return (low > 0) - (high < 0)


def gain(without: Sequence[float], having: Sequence[float], test_share: float) -> Gain | None:
    """Return what is gained, None where a split of either has no score.

    The interval that belongs to the corrected resampled t-test (Nadeau and Bengio 2003): with d = having − without over
    all J splits,

        mean(d) ± t(0.975, J − 1) · √((1/J + test_share) · var(d, ddof=1))

    `test_share`, rows to score on ÷ rows to fit on, is that of all rows: so much do the splits share.
    """
    differences = [after - before for before, after in zip(without, having, strict=True)]
    value = mean(differences)
    if not math.isfinite(value):
        return None
    found = paired(differences, test_share)
    if found is None:
        return Gain(value, None)
    away = critical(SIGNIFICANCE, found.degrees) * found.error * found.size
    return Gain(value, (value - away, value + away))
