"""Missing values that an estimator cannot take, and columns that are empty in what a fold is fitted on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import CategoricalImputation, ColumnType, Encode, NumericImputation, TrainingJobSpec
from gridfold.api.validation import show
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.findings import Findings, joined, named_folds

_NAMED = 5
#: Looked at first: a column with values among these rows of a fold has some.
_PROBE = 1000
#: They take missing values, whatever their tags say: they look at the target alone.
_BLIND = ("DummyClassifier", "DummyRegressor")
#: They look for the bins of a column among its values (scikit-learn 1.9: "window shape cannot be larger …").
_BINNING = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


@dataclass(frozen=True)
class Choices:
    """What the cells of a job do with the missing values of a kind of column."""

    imputing: bool  #: some cells impute
    leaving: bool  #: some cells hand missing values to the estimator
    field: str  #: where it is chosen
    advice: str  #: what to write there


def check_missing(spec: TrainingJobSpec, cls: type, columns: Sequence[Column], missing: Sequence[int]) -> list[str]:
    """Return the columns whose missing values reach, in every cell, an estimator that takes none.

    Args:
        spec: of the job.
        cls: the estimator.
        columns: of the data.
        missing: how many values of each column are missing.
    """
    if takes_missing(spec, cls):
        return []
    problems = []
    for kind in ColumnType:
        chosen = choices(spec, kind)
        found = [
            f"{column.name} ({count} row{'' if count == 1 else 's'})"
            for column, count in zip(columns, missing, strict=True)
            if count and column.type is kind
        ]
        if found and not chosen.imputing and chosen.leaving:
            problems.append(
                f"{cls.__name__} takes no missing values, but no cell imputes those of {joined(_first(found))}; "
                f"write {chosen.field}: {chosen.advice}."
            )
    return problems


def check_empty(
    spec: TrainingJobSpec,
    cls: type,
    columns: Sequence[Column],
    empty: Mapping[int, Sequence[int]],
    total: int,
    void: Collection[int] = (),
) -> Findings:
    """Return what the columns mean that have no value in what some folds are fitted on.

    Args:
        spec: of the job.
        cls: the estimator.
        columns: of the data.
        empty: by number of the column, the folds in which it is empty.
        total: of the folds.
        void: columns without a value in any row, of which another warning tells.
    """
    found = Findings()
    bins = any(base.__name__ in _BINNING for base in cls.__mro__)
    for number, folds in empty.items():
        if not folds:
            continue
        column = columns[number]
        chosen = choices(spec, column.type)
        where = f"The column {column.name} has no value in {_where(folds, total)}"
        exclude = f"dataset.excludeColumns: [{show(column.name)}]"
        if bins and chosen.leaving:
            what = f"{where}, where {cls.__name__} fails"
            write = f"write {exclude}, or {chosen.field}: {chosen.advice}"
            if chosen.imputing:
                found.warnings.append(f"{what} unless the cell imputes; {write}.")
            else:
                found.problems.append(f"{what}; {write}.")
        elif chosen.imputing and number not in void:
            found.warnings.append(f"{where}: the imputation leaves it out there. Consider {exclude}.")
    return found


def find_empty(
    columns: Mapping[int, np.ndarray], splits: Sequence[tuple[np.ndarray, np.ndarray]], rows: int
) -> dict[int, list[int]]:
    """Return, by column, the folds in whose fitted rows it has no value.

    Args:
        columns: rows (positions in the training part) that have a value, of each column in which some have none.
        splits: the folds.
        rows: of the training part.
    """
    found: dict[int, list[int]] = {number: [] for number in columns}
    for fold, (train, _) in enumerate(splits if columns else ()):
        fitted = np.zeros(rows, dtype=bool)
        fitted[train] = True
        for number, present in columns.items():
            if not (fitted[present[:_PROBE]].any() or fitted[present].any()):
                found[number].append(fold)
    return found


def choices(spec: TrainingJobSpec, kind: ColumnType) -> Choices:
    """Return what the cells do with missing values of a kind of column."""
    if kind is ColumnType.NUMERIC:
        numeric = _chosen(spec, "preprocessing.numeric.impute", spec.estimator.preprocessing.numeric.impute)
        leaving = NumericImputation.NONE in numeric
        return Choices(numeric != {NumericImputation.NONE}, leaving, "estimator.preprocessing.numeric.impute", "Median")
    categorical = spec.estimator.preprocessing.categorical
    impute = _chosen(spec, "preprocessing.categorical.impute", categorical.impute)
    encode = _chosen(spec, "preprocessing.categorical.encode", categorical.encode)
    return Choices(
        impute != {CategoricalImputation.NONE} or Encode.ONE_HOT in encode,  # one-hot: a category of its own
        CategoricalImputation.NONE in impute and encode != {Encode.ONE_HOT},
        "estimator.preprocessing.categorical.impute",
        "MostFrequent",
    )


def takes_missing(spec: TrainingJobSpec, cls: Any) -> bool:
    """Tell whether the estimator says that it takes missing values; one that says nothing is believed to."""
    if any(base.__name__ in _BLIND for base in cls.__mro__):
        return True
    try:
        known = {n: v for n, v in spec.estimator.parameters.items() if not estimators.unknown_parameters(cls, [n])}
        fixed = estimators.constructor_values(cls, known, None)
        return bool(estimators.build(cls, fixed).__sklearn_tags__().input_tags.allow_nan)
    except Exception:  # an estimator of the platform may have no tags, or none that it can tell unfitted
        return True


def _chosen(spec: TrainingJobSpec, axis: str, given: str) -> set[str]:
    """Return all values that an axis has in some cell."""
    found: set[str] = set()
    for axes in spec.search.grid:
        found |= {"None" if value is None else str(value) for value in axes.get(axis, [given])}
    return found


def _where(folds: Sequence[int], total: int) -> str:
    if len(folds) == total:
        return "the training part"
    return f"the rows that {named_folds(folds, total)} {'is' if len(folds) == 1 else 'are'} fitted on"


def _first(names: Sequence[str]) -> list[str]:
    more = len(names) - _NAMED
    return [*names[:_NAMED], f"{more} more"] if more > 0 else list(names)
