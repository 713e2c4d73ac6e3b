"""Parameters of estimators that are about columns: a job names the columns, as the data does.

To scikit-learn a position is one of the matrix that preprocessing makes, numeric columns first and a column for each
category, which nobody who writes a job sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ColumnForm(StrEnum):
    """How a parameter names columns."""

    NAMES = "names"  #: [age, colour]
    VALUES = "values"  #: {age: 1, height: -1}
    GROUPS = "groups"  #: [[age, height], [colour]]
    MEASURES = "measures"  #: {w: {age: 2}, p: 3}: some of its items are maps from columns to values


@dataclass(frozen=True)
class ColumnParameter:
    """A parameter that is about columns."""

    form: ColumnForm
    rest: float = 0  #: value of the columns that a map does not name
    single: bool = False  #: whether it has no meaning for the 0 and 1 columns that one-hot encoding makes
    choices: tuple[int, ...] = ()  #: the values that a map may have; empty: any number
    words: tuple[str, ...] = ()  #: the texts that it may be instead
    owners: tuple[str, ...] = ()  #: classes or packages in which the parameter means this; empty: all that have it


_DIRECTIONS = (-1, 0, 1)
_BOOSTERS = ("xgboost", "lightgbm")
COLUMN_PARAMETERS: Mapping[str, ColumnParameter] = {
    "categorical_features": ColumnParameter(ColumnForm.NAMES, single=True, words=("from_dtype",)),
    "monotonic_cst": ColumnParameter(ColumnForm.VALUES, single=True, choices=_DIRECTIONS),
    "interaction_cst": ColumnParameter(ColumnForm.GROUPS, words=("pairwise", "no_interactions")),
    "min_categories": ColumnParameter(ColumnForm.VALUES, single=True),
    "alpha": ColumnParameter(ColumnForm.VALUES, rest=1.0, owners=("ComplementNB", "MultinomialNB")),
    "metric_params": ColumnParameter(ColumnForm.MEASURES, rest=1.0),
    "monotone_constraints": ColumnParameter(ColumnForm.VALUES, single=True, choices=_DIRECTIONS, owners=_BOOSTERS),
    "interaction_constraints": ColumnParameter(ColumnForm.GROUPS, owners=_BOOSTERS),
    "feature_weights": ColumnParameter(ColumnForm.VALUES, rest=1.0, owners=("xgboost",)),
}
#: Of metric_params: a value for each column.
COLUMN_MEASURES = ("w", "V")


def map_depth(name: str) -> int:
    """Return how many maps the value of a parameter may have in one another: {age: 1} is one, {w: {age: 1}} two."""
    found = COLUMN_PARAMETERS.get(name)
    return 0 if found is None else {ColumnForm.VALUES: 1, ColumnForm.MEASURES: 2}.get(found.form, 0)


def names_columns(name: str, value: Any) -> bool:
    """Tell whether the value of a parameter is, by its form, about columns."""
    found = COLUMN_PARAMETERS.get(name)
    if found is None:
        return False
    if found.form is ColumnForm.VALUES:
        return isinstance(value, Mapping)
    if found.form is ColumnForm.MEASURES:
        return isinstance(value, Mapping) and any(isinstance(value.get(key), Mapping) for key in COLUMN_MEASURES)
    return isinstance(value, list)
