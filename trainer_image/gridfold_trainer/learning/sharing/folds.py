"""The rows of a split as one preparation gives them, computed once for all cells that have it."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold_trainer.learning.evaluate import Warned, timed
from gridfold_trainer.learning.sharing.bins import Bins
from gridfold_trainer.learning.training import TrainingRows

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Fold:
    """What estimators are fitted on and asked about, on one split. Nobody may write into it."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    fit_seconds: float  #: of the preparation: fitted on the training rows, and those transformed
    transform_seconds: float  #: of the test rows
    fit_warnings: Warned
    transform_warnings: Warned
    bins: Bins = field(default_factory=Bins)  #: of the rows to fit on

    @property
    def nbytes(self) -> int:
        """Return how much memory it takes."""
        return sum(array.nbytes for array in (self.X_train, self.y_train, self.X_test, self.y_test))

    def own_train(self) -> Split:
        """Return the rows to fit on, for someone who may write into them."""
        return self.X_train.copy(order="K"), self.y_train.copy()

    def own_test(self) -> np.ndarray:
        """Return the rows to be asked about, for someone who may write into them."""
        return self.X_test.copy(order="K")


def select(training: TrainingRows, split: Split) -> tuple[Split, Split]:
    """Return the rows of a split as (X, y) to fit on, and to score on."""
    train, test = split
    return rows_of(training, train), rows_of(training, test)


def rows_of(training: TrainingRows, rows: np.ndarray) -> Split:
    """Return some rows as (X, y)."""
    # A plain X[rows] is in C order, and many estimators then differ in the last bits.
    return np.asfortranarray(training.X[rows]), training.y[rows]


def make_fold(preparation: Any, training: TrainingRows, split: Split) -> Fold | None:
    """Return a split's rows by an unfitted transformer (None: as they are).

    None: it raised or gave no plain matrix, so that every cell has to see to it alone.
    """
    (X_train, y_train), (X_test, y_test) = select(training, split)
    if preparation is None:
        return Fold(X_train, y_train, X_test, y_test, 0.0, 0.0, (), ())
    from sklearn.base import clone

    try:
        with warnings.catch_warnings(record=True) as while_fitted:
            warnings.simplefilter("always")
            fitted = clone(preparation)
            given, fit_seconds = timed(lambda: fitted.fit_transform(X_train, y_train))
        with warnings.catch_warnings(record=True) as while_applied:
            warnings.simplefilter("always")
            asked, transform_seconds = timed(lambda: fitted.transform(X_test))
    except MemoryError:
        raise
    except Exception:  # it is a value of every cell that has it, with the words of its own fit
        return None
    if not (_is_plain(given) and _is_plain(asked)):
        return None
    return Fold(given, y_train, asked, y_test, fit_seconds, transform_seconds, while_fitted, while_applied)


def _is_plain(matrix: Any) -> bool:
    """Tell whether a copy has the same layout."""
    return type(matrix) is np.ndarray and (matrix.flags.f_contiguous or matrix.flags.c_contiguous)
