"""Which cells do not differ from the best one: the corrected resampled t-test of Nadeau and Bengio (2003)."""

import numpy as np

SIGNIFICANCE = 0.05
#: Of the differences' variance: what is below is rounding, and the test has nothing to divide by.
NO_VARIANCE = 1e-24


def p_values(scores: np.ndarray, best: int, test_share: float) -> np.ndarray:
    """Return the two-sided p-value of each cell against the best, shape (cells,); NaN for the best and NaN folds.

    `scores` has shape (cells, J), one column per fold of all repeats. Folds share rows, so their differences are not
    independent: `test_share`, rows to score on ÷ rows to fit on, corrects for it. Where the differences do not vary
    the p-value is 1: equal, or no ground to call them different.
    """
    from scipy.special import stdtr

    differences = scores[best] - scores
    folds = scores.shape[1]
    means = differences.mean(axis=1)
    variances = differences.var(axis=1, ddof=1) if folds > 1 else np.zeros(len(scores))  # one fold tells of none
    flat = variances <= NO_VARIANCE
    spread = np.sqrt((1 / folds + test_share) * np.where(flat, 1.0, variances))
    found = np.where(flat, 1.0, 2.0 * stdtr(folds - 1, -np.abs(means / spread)))
    found = np.where(np.isnan(means), np.nan, found)
    found[best] = np.nan
    return np.asarray(found, dtype=np.float64)


def count(scores: np.ndarray, best: int, test_share: float) -> int:
    """Return how many other cells do not differ from the best at 5 %; cells with NaN folds are left out."""
    found = p_values(scores, best, test_share)
    return int(np.count_nonzero(found >= SIGNIFICANCE))
