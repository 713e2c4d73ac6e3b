"""Histogram gradient boosting sorts the rows of a fit into bins first; here once for all fits on the same rows.

It is a fifth of a small fit. The bins depend on the rows, on max_bins, on which columns are categories and on which
rows early stopping keeps back, and on nothing that is learned. The attributes are private, so it is done only for
releases of scikit-learn with which every response was compared (tests/unit/trainer/test_sharing.py).
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from gridfold_trainer.learning.evaluate import timed
from gridfold_trainer.learning.sharing.rules import PROVEN

#: Parameters that are read after the rows are in their bins; all others are part of what makes two bins the same.
_AFTERWARDS = frozenset(
    {
        "learning_rate",
        "max_iter",
        "max_leaf_nodes",
        "max_depth",
        "min_samples_leaf",
        "l2_regularization",
        "max_features",
        "n_iter_no_change",
        "tol",
    }
)
_CLASSES = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


def shares_bins(estimator: Any) -> bool:
    """Tell whether fits of an unfitted estimator may share their bins."""
    import sklearn

    return (
        type(estimator).__name__ in _CLASSES
        and type(estimator).__module__.startswith("sklearn.")
        and sklearn.__version__ in PROVEN
        and isinstance(estimator.random_state, int)
        and not estimator.warm_start
    )


@dataclass
class Bins:
    """The bins of one set of rows."""

    _known: dict[Hashable, tuple[Any, Any, float]] = field(default_factory=dict)  #: mapper, binned rows, seconds

    def fit(self, estimator: Any, X: Any, y: Any) -> tuple[Any, float]:
        """Return an estimator, fitted, and how many seconds it was spared."""
        binning = estimator._bin_data
        parameters = estimator.get_params(deep=False).items()
        key = repr(sorted(item for item in parameters if item[0] not in _AFTERWARDS))
        spared = 0.0

        def bin_data(rows: Any, sample_weight: Any, is_training_data: bool) -> Any:
            nonlocal spared
            if sample_weight is not None:
                return binning(rows, sample_weight, is_training_data)
            known = self._known.get((key, is_training_data))
            if known is None:
                binned, seconds = timed(lambda: binning(rows, sample_weight, is_training_data))
                self._known[key, is_training_data] = estimator._bin_mapper, binned, seconds
                return binned
            estimator._bin_mapper, binned, seconds = known
            spared += seconds
            return binned

        estimator._bin_data = bin_data
        try:
            return estimator.fit(X, y), spared
        finally:
            del estimator._bin_data
