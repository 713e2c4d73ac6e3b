"""How sure a mean over folds is: the corrected resampled t-test of Nadeau and Bengio (2003), without numpy.

Folds share rows, so their scores are not independent: the variance is taken times 1/J + test/train, J folds. The
trainer computes the same by scipy; here it has to work for runs of which nothing but the table is left.
"""

import math
from collections.abc import Sequence
from functools import cache
from statistics import fmean

LEVEL = 0.95
#: Of the differences' variance: what is below is rounding, as in the trainer.
NO_VARIANCE = 1e-24


@cache
def critical(freedom: int) -> float:
    """Return the t beyond which, on both sides, 5 % lie; by bisection."""
    low, high = 0.0, 16.0  # of one degree of freedom: 12.7
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle, freedom) < LEVEL else (low, middle)
    return (low + high) / 2


def inside(t: float, freedom: int) -> float:
    """Return the probability that Student's t lies within ±t (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, term, total = math.cos(angle), 1.0, 0.0
    if freedom % 2:
        term = cosine
        for number in range(3, freedom + 1, 2):
            total += term
            term *= cosine * cosine * (number - 1) / number
        return 2 / math.pi * (angle + math.sin(angle) * total)
    for number in range(2, freedom + 1, 2):
        total += term
        term *= cosine * cosine * (number - 1) / number
    return math.sin(angle) * total


def differs(best: Sequence[float], other: Sequence[float], test_share: float) -> bool:
    """Tell whether two cells' folds differ; not where the differences do not vary, or a fold has no score."""
    mean, error = mean_and_error([a - b for a, b in zip(best, other, strict=True)], test_share)
    return error > 0 and abs(mean) / error > critical(len(best) - 1)


def interval(folds: Sequence[float], test_share: float) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean over folds, or None where they do not vary."""
    mean, error = mean_and_error(folds, test_share)
    if not error > 0:
        return None
    half = critical(len(folds) - 1) * error
    return mean - half, mean + half


def mean_and_error(folds: Sequence[float], test_share: float) -> tuple[float, float]:
    """Return mean and corrected standard error; the latter is 0 where the numbers do not vary."""
    count = len(folds)
    mean = fmean(folds) if folds else math.nan
    if count < 2 or not math.isfinite(mean):
        return mean, 0.0
    variance = math.fsum((value - mean) * (value - mean) for value in folds) / (count - 1)
    return mean, 0.0 if variance <= NO_VARIANCE else math.sqrt((1 / count + test_share) * variance)
