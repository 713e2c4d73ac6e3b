"""Paired differences over splits that share rows (Nadeau and Bengio 2003): the mean, and how far to trust it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gridfold.domain.numbers.judged import mean

#: Of the differences' variance: what is below is rounding, and the test has nothing to divide by.
NO_VARIANCE = 1e-24


@dataclass(frozen=True)
class Paired:
    """The mean of the differences and its corrected error, both ÷ `size`, as squares of losses can be no numbers."""

    size: float  #: of the largest difference
    mean: float
    error: float  #: √((1/J + test_share) · var(d, ddof=1))
    degrees: int  #: J − 1


def paired(differences: Sequence[float], test_share: float) -> Paired | None:
    """Return what J differences tell, None where they do not vary, or there is one: that tells of no variance.

    `test_share`, rows to score on ÷ rows to fit on, corrects for the rows that the splits share.
    """
    splits, middle, size = len(differences), mean(differences), max(map(abs, differences))
    if splits == 1 or size == 0:
        return None
    variance = math.fsum((d / size - middle / size) ** 2 for d in differences) / (splits - 1)
    if math.sqrt(variance) * size <= math.sqrt(NO_VARIANCE):
        return None
    return Paired(size, middle / size, math.sqrt((1 / splits + test_share) * variance), splits - 1)
