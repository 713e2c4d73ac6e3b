"""The type of a column, and its values as numbers: what the protocol calls a number, and nothing else."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import ColumnType
from gridfold.api.validation import show

#: In ASCII. What a spreadsheet or Python takes for a number beside that ("inf", "1_000", "0x10") is text.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_INTEGER = r"^[+-]?[0-9]+$"
#: Of the integers up to here, every one is a float of its own.
EXACT_INTEGERS = 2**53
#: Bounds of a prepared data set: a column beyond them is no category but free text or an identifier.
CATEGORY_LIMIT = 1_000_000
CATEGORY_CHARACTERS = 65_536
_SHOWN = 3


@dataclass(frozen=True)
class Typed:
    """A column with its type."""

    type: ColumnType
    values: np.ndarray  #: (n,) float64: numbers, or codes of categories; missing is NaN
    categories: tuple[str, ...] = ()  #: by code point; the code of a category is its position


@dataclass(frozen=True)
class Rejected:
    """Why a column cannot be typed: the end of a sentence that begins with its name."""

    problem: str


def type_column(column: Any, declared: ColumnType | None, rows: np.ndarray) -> Typed | Rejected:
    """Return a column (a polars Series of texts, null where missing) as floats.

    Without a declared type it is numeric if every value present is a number.

    Args:
        column: the texts.
        declared: what spec.dataset.columnTypes says.
        rows: the rows' numbers, for messages.
    """
    if declared is ColumnType.CATEGORICAL:
        return _categorical(column)
    values, numeric = _numbers(column)
    if not numeric.all():
        if declared is None:
            return _categorical(column)
        return Rejected(
            f"is declared Numeric in columnTypes, but {_examples(column, ~numeric, rows)} no number; correct the data, "
            f"name the text in csv.missingValues if it means that there is no value, or declare Categorical."
        )
    problem = _lost(column, values, rows)
    return Rejected(problem) if problem else Typed(ColumnType.NUMERIC, values)


def _numbers(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the values as floats (NaN where missing or no number) and which rows are a number or missing.

    polars reads every number as Python's float() does (proven by a test), and beyond NUMBER only the spellings of
    infinity and NaN; so the slower regular expression is needed only where the result is not finite.
    """
    import polars as pl

    floats = column.cast(pl.Float64, strict=False)
    numeric = (floats.is_not_null() | column.is_null()).to_numpy()
    strange = floats.is_not_null() & ~floats.is_finite()
    if strange.any():
        spelled = strange & ~column.str.contains(NUMBER).fill_null(value=False)
        numeric = numeric & ~spelled.fill_null(value=False).to_numpy()
    values = np.array(floats.fill_null(np.nan).to_numpy(), dtype=np.float64)
    return values, numeric


def _lost(column: Any, values: np.ndarray, rows: np.ndarray) -> str:
    """Return what a float cannot hold of a numeric column, or ""."""
    infinite = np.isinf(values)
    if infinite.any():
        return (
            f"has numbers that no 64-bit float can hold: {_examples(column, infinite, rows)} beyond 1.8e308; correct "
            f"the data, or declare the column Categorical in columnTypes."
        )
    large = np.abs(values) >= EXACT_INTEGERS
    if large.any():
        whole = column.str.contains(_INTEGER).fill_null(value=False).to_numpy() & large
        beyond = whole.copy()
        for index in np.flatnonzero(whole & (np.abs(values) == EXACT_INTEGERS)):
            beyond[index] = abs(_integer(column[int(index)])) > EXACT_INTEGERS
        if beyond.any():
            return (
                f"has integers that a 64-bit float would change: {_examples(column, beyond, rows)} beyond 2^53; if "
                f"it is an identifier, exclude it or declare it Categorical, else write it with an exponent."
            )
    return ""


def _integer(text: str) -> int:
    """Return an integer of any length whose float is 2^53: all but its last 16 digits are zeros."""
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    return int(f"{sign}{digits[-17:]}")


def _categorical(column: Any) -> Typed | Rejected:
    """Return texts as codes, in code-point order of the texts (of UTF-8, byte order is code-point order)."""
    import polars as pl

    categories = column.drop_nulls().unique().sort()
    longest = categories.str.len_chars().max() or 0
    if len(categories) > CATEGORY_LIMIT or longest > CATEGORY_CHARACTERS:
        return Rejected(
            f"has {len(categories)} different texts, the longest of {longest} characters; at most {CATEGORY_LIMIT} of "
            f"{CATEGORY_CHARACTERS} characters can be categories. Exclude the column."
        )
    codes = column.replace_strict(
        categories, pl.Series(np.arange(len(categories), dtype=np.float64)), default=None, return_dtype=pl.Float64
    )
    values = np.array(codes.fill_null(np.nan).to_numpy(), dtype=np.float64)
    return Typed(ColumnType.CATEGORICAL, values, tuple(categories.to_list()))


def _examples(column: Any, mask: np.ndarray, rows: np.ndarray) -> str:
    """Return some of the marked values in words, with a verb that fits: '"x" (row 7) and 2 more are'."""
    found = np.flatnonzero(mask)
    shown = ", ".join(f"{show(column[int(index)])[:64]} (row {rows[index]})" for index in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{shown}{more} {'is' if len(found) == 1 else 'are'}"
