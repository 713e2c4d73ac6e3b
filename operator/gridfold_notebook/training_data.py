"""Rows of X and y as a table that a job reads: every number and every text comes out as it went in."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

NUMERIC, CATEGORICAL = "Numeric", "Categorical"
TARGET = "target"


@dataclass(frozen=True)
class Column:
    """A column of X."""

    name: str
    values: Any  #: float64 with NaN, or objects: str, None where there is none
    kind: str  #: as dataset.columnTypes says it


def columns_of(X: Any) -> tuple[list[Column], list[str]]:
    """Return the columns of a DataFrame or of a matrix of numbers, and all that is wrong with them."""
    if hasattr(X, "columns"):
        names = list(X.columns)
        if wrong := [name for name in names if not isinstance(name, str) or not name.strip()]:
            return [], [f"X has the column names {wrong[:5]!r}; expected texts: X.columns = X.columns.astype(str)"]
        if len(set(names)) < len(names):
            return [], ["X has several columns of one name; expected different names"]
        found = [(name, np.asarray(X[name])) for name in names]
    else:
        matrix = np.asarray(X)
        if matrix.dtype.kind == "c":
            return [], ["X has complex numbers. Complex data not supported; expected real ones"]
        if matrix.ndim == 1:
            return [], [
                f"X has the shape {matrix.shape}; expected (rows, columns). Reshape your data: X.reshape(-1, 1) is one "
                "column, X.reshape(1, -1) one row"
            ]
        if 0 in matrix.shape:
            what = f"{matrix.shape[1]} feature(s)" if matrix.shape[1] == 0 else "0 sample(s)"
            return [], [f"X has {what} (shape={matrix.shape}) while a minimum of 1 is required."]
        if matrix.ndim != 2 or matrix.dtype.kind not in "biufO":
            return [], [
                f"X is a {type(X).__name__} of shape {matrix.shape} and type {matrix.dtype}; expected a DataFrame, or "
                "a matrix of numbers (rows, columns), not a sparse one"
            ]
        found = [(f"x{number}", matrix[:, number]) for number in range(matrix.shape[1])]
    problems: list[str] = []
    columns = [column for name, values in found if (column := _column(name, values, problems))]
    return columns, problems


def target_of(y: Any, *, classifier: bool) -> tuple[list[str], list[str]]:
    """Return what the table says of y, and all that is wrong with it."""
    values = np.asarray(y)
    if values.ndim != 1:
        return [], [f"y has the shape {values.shape}; expected one value for each row"]
    if not classifier:
        if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
            return [], [f"y has the type {values.dtype}, or values that are not finite; expected numbers"]
        return [repr(float(value)) for value in values], []
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()], []
    wrong = [label for label in dict.fromkeys(values.tolist()) if not isinstance(label, str) or _ambiguous(label)]
    if wrong:
        return [], [
            f"y has the labels {wrong[:5]!r}; expected whole numbers, or texts that are no numbers, not empty and "
            "without white space around them"
        ]
    return values.tolist(), []


def target_name(columns: Sequence[Column]) -> str:
    """Return a name for the target's column that no other has."""
    name = TARGET
    while name in {column.name for column in columns}:
        name += "_"
    return name


def write_table(path: Path, columns: Sequence[Column], target: Sequence[str]) -> None:
    """Write a table, the target in its last column."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*(column.name for column in columns), target_name(columns)])
        writer.writerows(zip(*map(_texts, columns), target, strict=True))


def _column(name: str, values: Any, problems: list[str]) -> Column | None:
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
        if np.isinf(numbers).any():
            problems.append(
                f"column {name} of X has infinite values; expected finite numbers, or NaN where one is missing"
            )
            return None
        return Column(name, numbers, NUMERIC)
    listed = [None if _missing(value) else value for value in values.tolist()]
    wrong = [value for value in listed if value is not None and not isinstance(value, str)]
    if not wrong:
        return Column(name, np.array(listed, dtype=object), CATEGORICAL)
    try:
        return _column(
            name, np.array([math.nan if value is None else value for value in listed]).astype(float), problems
        )
    except (TypeError, ValueError):
        problems.append(
            f"column {name} of X has values such as {wrong[0]!r} ({type(wrong[0]).__name__}); expected all numbers, or "
            "all texts"
        )
        return None


def _missing(value: Any) -> bool:
    """Tell whether there is no value: None, NaN, pandas' NA and NaT, an empty text."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return value == "" if isinstance(value, str) else isinstance(value, float) and math.isnan(value)


def _ambiguous(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return not label or label != label.strip()
    return True


def _texts(column: Column) -> Iterator[str]:
    if column.kind == NUMERIC:
        return ("" if math.isnan(value) else repr(value) for value in column.values.tolist())
    return (value or "" for value in column.values)
