"""Means, standard deviations and ranks exactly as GridSearchCV puts them into cv_results_."""

from collections.abc import Sequence

import numpy as np


def means_and_stds(scores: np.ndarray | Sequence[Sequence[float | None]]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each row, shape (cells,); NaN where a row has a None.

    Every row is one cell and every column one split, as in the matrix that GridSearchCV averages.
    """
    matrix = np.array(scores, dtype=np.float64).reshape(len(scores), -1)
    means = np.average(matrix, axis=1)
    return means, np.sqrt(np.average((matrix - means[:, np.newaxis]) ** 2, axis=1))


def ranks(means: np.ndarray) -> np.ndarray:
    """Return the rank of each mean, int32, 1 is the highest; equal means share the better rank, NaN ranks last."""
    if np.isnan(means).all():
        return np.ones_like(means, dtype=np.int32)
    filled = np.where(np.isnan(means), np.nanmin(means) - 1, means)
    _, position, counts = np.unique(-filled, return_inverse=True, return_counts=True)
    starts = np.concatenate(([1], 1 + np.cumsum(counts)[:-1]))
    return starts[position].astype(np.int32)


def winner(means: np.ndarray) -> int | None:
    """Return the first row with the highest mean, or None where no row has one."""
    return None if np.isnan(means).all() else int(ranks(means).argmin())
