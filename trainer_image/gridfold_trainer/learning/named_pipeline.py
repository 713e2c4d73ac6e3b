"""A pipeline whose estimator is told of columns by name; where they are is known once the preprocessing is fitted."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from gridfold.api.column_parameters import COLUMN_MEASURES, ColumnForm, ColumnParameter, names_columns
from gridfold_trainer.learning import boosters, native_categories
from gridfold_trainer.learning.column_parameters import parameter_of

_TOO_MANY = re.compile(r"Categorical feature .* is expected to have a cardinality")


class NamedPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline that turns names of columns, in parameters of its estimator, into positions of the fitted matrix.

    A fold decides how wide that matrix is: an imputer drops a column without any value, and one-hot encoding makes a
    column of each category that it sees. An object of it is fitted once, as scikit-learn's searches do (they clone).
    """

    def __init__(
        self,
        steps: Any,
        *,
        names: Sequence[str] | None = None,
        transform_input: Any = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        """`names` are those of the columns of X by position; None where X is a DataFrame that has them itself."""
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.names = names

    def fit(self, X: Any, y: Any = None, **options: Any) -> "NamedPipeline":
        """Fit the preprocessing, tell the estimator where its columns are, and fit it."""
        estimator, preprocessing = self.steps[-1][1], self.steps[0][1] if len(self.steps) > 1 else None
        matrix = X if preprocessing is None else preprocessing.fit_transform(X, y)
        names = self._names(preprocessing, X)
        values = {
            name: _positions(parameter, value, names)
            for name, value in estimator.get_params(deep=False).items()
            if (parameter := parameter_of(type(estimator), name)) is not None and names_columns(name, value)
        }
        if preprocessing is not None and _is_native(preprocessing):
            width = sum(_widths(preprocessing, "numeric"))
            mask = [position >= width for position in range(matrix.shape[1])]
            native, more = native_categories.native_values(type(estimator), mask)
            values, options = values | native, options | more
        estimator.set_params(**_spelled(type(estimator), values))
        try:
            estimator.fit(matrix, y, **options)
        except ValueError as error:
            raise _with_names(error, estimator, matrix, names) from error
        return self

    def _names(self, preprocessing: Any, X: Any) -> list[str]:
        """Return the name of the column that each column of the fitted matrix comes from."""
        known = list(X.columns if self.names is None else self.names)
        if preprocessing is None:
            return known
        found = []
        for kind, _, columns in preprocessing.transformers_:
            if kind != "remainder":
                sources = columns if self.names is None else [known[position] for position in columns]
                widths = _widths(preprocessing, kind)
                found += [name for name, width in zip(sources, widths, strict=True) for _ in range(width)]
        return found


def _steps(preprocessing: Any, kind: str) -> list[Any]:
    """Return the fitted steps of a kind of columns."""
    found = preprocessing.named_transformers_.get(kind)
    return [step for _, step in found.steps] if isinstance(found, Pipeline) else []


def _widths(preprocessing: Any, kind: str) -> list[int]:
    """Return how many columns of the matrix each column of a kind became."""
    count = next((len(columns) for name, _, columns in preprocessing.transformers_ if name == kind), 0)
    widths = [1] * count
    for step in _steps(preprocessing, kind):
        if hasattr(step, "statistics_"):  # an imputer
            widths = [int(value == value) for value in step.statistics_]
        elif isinstance(step, OneHotEncoder):
            encoded = iter(step.categories_)
            widths = [len(next(encoded)) if width else 0 for width in widths]
    return widths


def _is_native(preprocessing: Any) -> bool:
    """Tell whether categories are encoded for an estimator that treats them itself."""
    return any(
        isinstance(step, OrdinalEncoder) and math.isnan(step.unknown_value)
        for step in _steps(preprocessing, "categorical")
    )


def _positions(parameter: ColumnParameter, value: Any, names: Sequence[str]) -> Any:
    """Return the value of a parameter by positions of the matrix."""
    if parameter.form is ColumnForm.NAMES:
        chosen = frozenset(value)
        return [name in chosen for name in names]
    if parameter.form is ColumnForm.GROUPS:
        groups = map(frozenset, value)
        return [[position for position, name in enumerate(names) if name in group] for group in groups]
    if parameter.form is ColumnForm.VALUES:
        return [value.get(name, parameter.rest) for name in names]
    return {
        key: [item.get(name, parameter.rest) for name in names]
        if key in COLUMN_MEASURES and isinstance(item, Mapping)
        else item
        for key, item in value.items()
    }


def _spelled(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as the estimator's package wants them: XGBoost takes tuples, and groups as text."""
    if boosters.package_of(cls) != boosters.XGBOOST:
        return dict(values)
    spelled = {"monotone_constraints": tuple, "interaction_constraints": str}
    return {name: spelled.get(name, lambda value: value)(value) for name, value in values.items()}


def _with_names(error: ValueError, estimator: Any, matrix: Any, names: Sequence[str]) -> ValueError:
    """Return the error with names where scikit-learn can only say "at index 0"."""
    if not _TOO_MANY.match(str(error)):
        return error
    limit, mask = estimator.max_bins, estimator.categorical_features
    matrix = np.asarray(matrix)
    counts = {name: len(np.unique(matrix[:, position])) for position, name in enumerate(names) if mask[position]}
    found = ", ".join(f"{name} has {count}" for name, count in counts.items() if count > limit)
    return ValueError(
        f"{type(estimator).__name__} takes at most {limit} categories of a column (max_bins), but {found}; take it out "
        "of categorical_features."
    )
