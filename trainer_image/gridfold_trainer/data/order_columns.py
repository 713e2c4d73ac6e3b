"""The columns that say which rows belong together, which came first and which are a fold. The estimator sees none."""

import re
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, Dataset
from gridfold.domain.dates import EPOCH, moment, without_zone
from gridfold_trainer.data.cleaning import Missing, as_text
from gridfold_trainer.data.columns import ColumnBuilder, Examples
from gridfold_trainer.data.dates import format_advice
from gridfold_trainer.data.number_readers import rule_of
from gridfold_trainer.data.spelling_warnings import advice_of
from gridfold_trainer.data.typed import Rejected, Typed

_MICROSECONDS = 1_000_000
_DAY_SECONDS = 86_400
#: A float of microseconds since 1970 holds no more of a second.
_FRACTION_DIGITS = 6
_TEXTS = 1000
#: Of a fold column that is text: no fold.
_NEVER = "-1"


def group_codes(typed: Typed | Rejected, name: str) -> np.ndarray | str:
    """Return the codes of the groups, (n,) int64, in the order of their values, or the problem.

    scikit-learn's splitters number groups in the order of np.unique, so codes in that order split as the values do.
    """
    where = f"spec.dataset.groupColumn: {name}"
    if isinstance(typed, Rejected):
        return f"{where} {typed.problem}"
    missing = int(np.isnan(typed.values).sum())
    if missing:
        return (
            f"{where} has no value in {missing} of {len(typed.values)} rows; every row must belong to a group. Correct "
            f"these rows or take them out."
        )
    codes: np.ndarray = np.unique(typed.values, return_inverse=True)[1]
    return codes.astype(np.int64).reshape(-1)


def fold_codes(typed: Typed | Rejected, name: str) -> np.ndarray | str:
    """Return the codes of the folds, (n,) int64, in the order of their values and -1 where they are -1, or the problem.

    scikit-learn's PredefinedSplit makes a split of each distinct value in their order, and none of -1.
    """
    where = f"spec.dataset.foldColumn: {name}"
    if isinstance(typed, Rejected):
        return f"{where} {typed.problem}"
    missing = int(np.isnan(typed.values).sum())
    if missing:
        return (
            f"{where} has no value in {missing} of {len(typed.values)} rows; name the fold of every row, -1 for rows "
            f"that are always fitted on."
        )
    never = -1.0
    if typed.type is ColumnType.CATEGORICAL:
        never = float(typed.categories.index(_NEVER)) if _NEVER in typed.categories else np.nan
    tested = typed.values != never
    codes = np.full(len(typed.values), -1, dtype=np.int64)
    codes[tested] = np.unique(typed.values[tested], return_inverse=True)[1]
    return codes


class TimeBuilder:
    """The time column in the making: numbers as they are, or dates as microseconds since 1970."""

    def __init__(self, missing: Missing, dataset: Dataset) -> None:
        """Begin the time column of a data set."""
        self._missing, self._dataset, self._name = missing, dataset, str(dataset.time_column)
        self._numbers = ColumnBuilder(missing, rule_of(dataset, self._name, codes=False))
        self._dates: list[np.ndarray] = []
        self._wrong, self._rows, self._empty = Examples(), 0, 0
        self._texts: set[str] = set()  #: some of the wrong ones
        self._zoned: set[bool] = set()
        self._form = (dataset.date_formats or {}).get(self._name)

    def append(self, column: Any, rows: np.ndarray) -> None:
        """Take the next piece, as `ColumnBuilder.append` does."""
        if self._form is None:
            self._numbers.append(column, rows)
        texts = as_text(self._missing.mark(column))
        by_text = {text: _microseconds(text, self._form) for text in texts.drop_nulls().unique()}
        self._zoned |= {found[1] for found in by_text.values() if found is not None}
        known = {text: found[0] for text, found in by_text.items() if found is not None}
        values = np.array([known.get(text, np.nan) for text in texts], dtype=np.float64)
        if len(self._texts) < _TEXTS:
            self._texts |= by_text.keys() - known.keys()
        empty = texts.is_null().to_numpy()
        self._wrong.add(texts, np.isnan(values) & ~empty, rows)
        self._rows += len(values)
        self._empty += int(empty.sum())
        self._dates.append(values)

    def finish(self, keep: np.ndarray | None = None) -> np.ndarray | str:
        """Return the times, (n,) float64, or the problem.

        Args:
            keep: the rows that stay, (rows,) bool; None: all.
        """
        where = f"spec.dataset.timeColumn: {self._name}"
        if self._empty:
            return (
                f"{where} has no value in {self._empty} of {self._rows} rows; every row must have a time. Correct "
                f"these rows or take them out."
            )
        by_dates = self._form is not None or self._numbers.incomplete
        found = None if by_dates else self._numbers.finish(keep)
        if isinstance(found, Typed) and found.type is ColumnType.NUMERIC:
            return found.values
        if isinstance(found, Rejected) and self._wrong.count == self._rows:
            return f"{where} {found.problem}"
        if self._wrong.count:
            texts = sorted(self._texts)
            dates = "" if self._form else format_advice(self._name, texts)
            advice = dates or advice_of(self._dataset, self._name, texts) or "correct the data"
            if self._form:
                return f"{where}: {advice}: {self._wrong} not written as dateFormats says, {self._form}."
            return (
                f"{where}: {advice}: it takes numbers, or dates in ISO 8601 (2024-05-31, "
                f"2024-05-31T12:00:00Z) up to microseconds, but {self._wrong} neither in line with the others."
            )
        if len(self._zoned) > 1:
            return f"{where} has dates with a time zone and dates without one; which came first is not known."
        values = np.concatenate(self._dates)
        return values if keep is None else values[keep]


def _microseconds(text: str, form: str | None) -> tuple[float, bool] | None:
    """Return a date in microseconds since 1970, and whether it names a time zone; None where it is no date."""
    fraction = re.search(r"[.,]([0-9]+)", text) if form is None else None
    if fraction and fraction.group(1)[_FRACTION_DIGITS:].strip("0"):
        return None
    found = moment(text, form)
    if found is None:
        return None
    passed = without_zone(found) - EPOCH
    whole = (passed.days * _DAY_SECONDS + passed.seconds) * _MICROSECONDS + passed.microseconds
    return float(whole), found.tzinfo is not None
