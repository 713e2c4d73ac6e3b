"""Estimators with a treatment of categories of their own, and how each is told which columns are categories.

preprocessing.categorical.encode: Native gives them one column of codes for each categorical column; a category that
the training rows do not have is missing to them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning import boosters

CATEGORICAL_FEATURES = "categorical_features"  #: of scikit-learn's histogram gradient boosting
_MAX_BINS = 255  #: default of its max_bins, and of no XGBoost and LightGBM: they have no such limit
_BOOSTING = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


def is_known_to(cls: type) -> bool:
    """Tell whether an estimator treats categories itself."""
    return _kind(cls) is not None


def native_values(cls: type, mask: Sequence[bool]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the constructor and what fit is told of a matrix whose categorical columns the mask has."""
    kind = _kind(cls)
    if kind == boosters.XGBOOST:
        return {"enable_categorical": True, "feature_types": ["c" if known else "q" for known in mask]}, {}
    if kind == boosters.LIGHTGBM:
        return {}, {"categorical_feature": [position for position, known in enumerate(mask) if known]}
    return {CATEGORICAL_FEATURES: list(mask)}, {}


def too_many(cls: type, parameters: Mapping[str, Any], columns: Sequence[Column]) -> str | None:
    """Return which of these columns have more categories than the estimator takes, and what to do; or None."""
    if _kind(cls) != CATEGORICAL_FEATURES:
        return None
    limit = parameters.get("max_bins", _MAX_BINS)
    found = [
        f"{column.name} has {len(column.categories)}"
        for column in columns
        if column.type is ColumnType.CATEGORICAL and isinstance(limit, int) and len(column.categories) > limit
    ]
    if not found:
        return None
    return (
        f"{cls.__name__} takes at most {limit} categories of a column (max_bins), but {', '.join(found)}; list what "
        "has more in spec.dataset.excludeColumns, or write preprocessing.categorical.encode: Ordinal."
    )


def _kind(cls: type) -> str | None:
    """Return what tells the estimator of categories; None where nothing does."""
    if any(base.__name__ in _BOOSTING for base in cls.__mro__):
        return CATEGORICAL_FEATURES
    return boosters.package_of(cls)
