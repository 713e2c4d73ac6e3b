"""Cleaning, in the order of the protocol. It looks at no label beside "missing", so it may come before the split.

trim, missing-value markers, rows without target, duplicate rows, excluded columns, columns with too many missing
values, constant columns.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import Cleaning, Dataset
from gridfold_trainer.errors import DataError
from gridfold_trainer.tables import WHITE_SPACE


@dataclass(frozen=True)
class Cleaned:
    """A table after cleaning: texts, null where the value is missing."""

    frame: Any  #: polars DataFrame; the target is one of its columns
    row_numbers: np.ndarray  #: of each row that is left: its number among all rows of all sources, from 1
    dropped_rows: dict[str, int] = field(default_factory=dict)  #: by cause
    dropped_columns: dict[str, list[str]] = field(default_factory=dict)  #: by cause


def clean(frame: Any, dataset: Dataset, cleaning: Cleaning) -> Cleaned:
    """Return what is left of a table of texts, with everything that was dropped.

    The target must be one of the columns. The table that is handed in is used up.

    Raises:
        DataError: no row or no column is left, or a row without target is there and may not be dropped.
    """
    frame = _mark_missing(frame, dataset, trim=cleaning.trim_text)
    numbers = np.arange(1, frame.height + 1)
    has_target = frame[dataset.target].is_not_null().to_numpy()
    without_target = int(frame.height - has_target.sum())
    if without_target:
        if not cleaning.drop_rows_without_target:
            raise DataError(
                f"{without_target} of {frame.height} rows have no value of the target {dataset.target} (the first is "
                f"row {numbers[~has_target][0]}); correct them, or set cleaning.dropRowsWithoutTarget: true."
            )
        frame, numbers = _keep(frame, numbers, has_target)
    duplicates = 0
    if cleaning.drop_duplicate_rows:
        first = _first_of_equals(frame)
        duplicates = int(frame.height - first.sum())
        frame, numbers = _keep(frame, numbers, first)
    if not frame.height:
        raise DataError(
            f"no row is left: the sources have {without_target} rows, and none of them has a value of the target "
            f"{dataset.target}."
        )
    frame, dropped_columns = _drop_columns(frame, dataset, cleaning)
    return Cleaned(frame, numbers, {"missingTarget": without_target, "duplicates": duplicates}, dropped_columns)


def _mark_missing(frame: Any, dataset: Dataset, *, trim: bool) -> Any:
    """Trim every field, then turn what means "no value" into null: one column at a time, so that no second table is."""
    import polars as pl

    markers = [marker.strip() if trim else marker for marker in dataset.csv.missing_values]
    missing = pl.Series(["", *markers], dtype=pl.String).unique().implode()
    columns = []
    for name in list(frame.columns):
        column = frame.drop_in_place(name)
        column = column.str.strip_chars(WHITE_SPACE) if trim else column
        is_missing = column.is_in(missing)
        columns.append(column.set(is_missing, None) if is_missing.any() else column)
    return pl.DataFrame(columns)


def _first_of_equals(frame: Any) -> np.ndarray:
    """Return which rows are the first of those that are equal in all columns, missing values included."""
    import polars as pl

    first: np.ndarray = frame.select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()
    return first


def _keep(frame: Any, numbers: np.ndarray, mask: np.ndarray) -> tuple[Any, np.ndarray]:
    import polars as pl

    return frame.filter(pl.Series(mask)), numbers[mask]


def _drop_columns(frame: Any, dataset: Dataset, cleaning: Cleaning) -> tuple[Any, dict[str, list[str]]]:
    """Drop excluded columns, then those with too many missing values, then those of one text."""
    dropped = {"excluded": [name for name in frame.columns if name in set(dataset.exclude_columns)]}
    frame = frame.drop(dropped["excluded"])
    if cleaning.drop_columns_missing_above is not None:
        limit = cleaning.drop_columns_missing_above * frame.height
        dropped["missing"] = [
            column.name for column in frame if column.name != dataset.target and 100 * column.null_count() > limit
        ]
        frame = frame.drop(dropped["missing"])
    if cleaning.drop_constant_columns:
        dropped["constant"] = [
            column.name for column in frame if column.name != dataset.target and column.n_unique() == 1
        ]
        frame = frame.drop(dropped["constant"])
    return frame, dropped
