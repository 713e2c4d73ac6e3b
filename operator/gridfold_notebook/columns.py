"""X as columns, each of numbers or of texts, with the names that scikit-learn would give them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

NUMERIC, CATEGORICAL = "Numeric", "Categorical"


@dataclass(frozen=True)
class Column:
    """A column of X."""

    name: str
    values: Any  #: float64 with NaN, or objects: str, None where there is none
    kind: str  #: as dataset.columnTypes says it


def columns_of(X: Any) -> tuple[list[Column], list[str]]:
    """Return the columns of a DataFrame or of a matrix of numbers, and all that is wrong with them.

    Columns whose names are no texts are called by their place, x0, x1, …, as scikit-learn does.

    Raises:
        TypeError: a value is neither a number nor a text.
    """
    named, problems = _of_frame(X) if hasattr(X, "columns") else _of_matrix(X)
    columns = [column for name, values in named if (column := _column(name, values, problems))]
    return ([], problems) if problems else (columns, [])


def _of_frame(X: Any) -> tuple[list[tuple[str, Any]], list[str]]:
    """Return names and values of the columns of a DataFrame, and what is wrong with it as a whole."""
    names = list(X.columns)
    if problems := _empty(X.shape):
        return [], problems
    if not any(isinstance(name, str) for name in names):
        return [(f"x{number}", np.asarray(X.iloc[:, number])) for number in range(len(names))], []
    if wrong := [name for name in names if not isinstance(name, str) or not name.strip()]:
        return [], [f"X has the column names {wrong[:5]!r}; expected texts: X.columns = X.columns.astype(str)"]
    if len(set(names)) < len(names):
        return [], ["X has several columns of one name; expected different names"]
    return [(name, np.asarray(X[name])) for name in names], []


def _of_matrix(X: Any) -> tuple[list[tuple[str, Any]], list[str]]:
    """Return names and values of the columns of a matrix, and what is wrong with it as a whole."""
    matrix = np.asarray(X)
    if matrix.dtype.kind == "c":
        return [], ["X has complex numbers. Complex data not supported; expected real ones"]
    if matrix.ndim == 1:
        return [], [
            f"X has the shape {matrix.shape}; expected (rows, columns). Reshape your data: X.reshape(-1, 1) is one "
            "column, X.reshape(1, -1) one row"
        ]
    if problems := _empty(matrix.shape):
        return [], problems
    if matrix.ndim != 2 or matrix.dtype.kind not in "biufO":
        return [], [
            f"X is a {type(X).__name__} of shape {matrix.shape} and type {matrix.dtype}; expected a DataFrame, or "
            "a matrix of numbers (rows, columns), not a sparse one"
        ]
    return [(f"x{number}", matrix[:, number]) for number in range(matrix.shape[1])], []


def _empty(shape: tuple[int, ...]) -> list[str]:
    """Say what is missing where there is nothing, in scikit-learn's words."""
    if 0 not in shape:
        return []
    what = f"{shape[1]} feature(s)" if shape[1] == 0 else "0 sample(s)"
    return [f"X has {what} (shape={shape}) while a minimum of 1 is required."]


def _column(name: str, values: Any, problems: list[str]) -> Column | None:
    if values.dtype.kind in "biuf":
        return _numbers(name, values.astype(np.float64), problems)
    if values.dtype.kind in "mM":
        problems.append(
            f"column {name} of X has the type {values.dtype}; expected numbers, such as the days since a date, or texts"
        )
        return None
    listed = [None if _missing(value) else value for value in values.tolist()]
    others = [value for value in listed if value is not None and not isinstance(value, str)]
    if not others:
        return Column(name, np.array(listed, dtype=object), CATEGORICAL)
    try:
        numbers = np.array([math.nan if value is None else value for value in listed]).astype(np.float64)
    except TypeError as error:
        raise TypeError(f"{error} (column {name} of X)") from None
    except ValueError:
        problems.append(
            f"column {name} of X has values such as {others[0]!r} ({type(others[0]).__name__}); expected all numbers, "
            "or all texts"
        )
        return None
    return _numbers(name, numbers, problems)


def _numbers(name: str, numbers: Any, problems: list[str]) -> Column | None:
    if np.isinf(numbers).any():
        problems.append(f"column {name} of X has infinite values; expected finite numbers, or NaN where one is missing")
        return None
    return Column(name, numbers, NUMERIC)


def _missing(value: Any) -> bool:
    """Tell whether there is no value: None, NaN, pandas' NA and NaT, an empty text."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return value == "" if isinstance(value, str) else isinstance(value, float) and math.isnan(value)
