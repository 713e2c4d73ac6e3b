"""The type of a column, and its values as numbers: what the protocol calls a number, and nothing else."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gridfold.api.v1alpha1 import ColumnType
from gridfold.api.validation import show
from gridfold_trainer.data.categories import Categories
from gridfold_trainer.data.cleaning import Missing, as_text
from gridfold_trainer.data.number_readers import ColumnRule, codes_among
from gridfold_trainer.data.numbers import EXACT_INTEGERS, NUMBER
from gridfold_trainer.data.prepared import CATEGORY_LIMIT
from gridfold_trainer.data.typed import Rejected, Typed

_ANY = ColumnRule()
_INTEGER = r"^[+-]?[0-9]+$"
_SHOWN = 3
_SHOWN_CHARACTERS = 64


@dataclass
class Examples:
    """Some of the values that are in the way, and how many there are."""

    shown: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)  #: those that are shown, whole
    count: int = 0

    def add(self, column: Any, mask: np.ndarray, rows: np.ndarray) -> None:
        """Note the marked values of a piece."""
        found = np.flatnonzero(mask)
        self.count += len(found)
        for index in found[: _SHOWN - len(self.shown)]:
            self.texts.append(str(column[int(index)]))
            self.shown.append(f"{show(str(column[int(index)]))[:_SHOWN_CHARACTERS]} (row {rows[index]})")

    def __str__(self) -> str:
        """Return them in words, with a verb that fits: '"x" (row 7) and 2 more are'."""
        more = f" and {self.count - len(self.shown)} more" if self.count > len(self.shown) else ""
        return f"{', '.join(self.shown)}{more} {'is' if self.count == 1 else 'are'}"


class Numbers(Protocol):
    """Where the numbers of a column are kept until all have come."""

    def append(self, values: np.ndarray) -> None:
        """Take the next rows, (any,) float64."""

    def all(self) -> np.ndarray:
        """Return all rows, (rows,) float64."""

    def clear(self) -> None:
        """Forget all rows."""


class InMemory:
    """Numbers that are kept in memory."""

    def __init__(self) -> None:
        self._pieces: list[np.ndarray] = []

    def append(self, values: np.ndarray) -> None:
        """Take the next rows."""
        self._pieces.append(values)

    def all(self) -> np.ndarray:
        """Return all rows."""
        return np.concatenate(self._pieces) if self._pieces else np.empty(0)

    def clear(self) -> None:
        """Forget all rows."""
        self._pieces.clear()


@dataclass(frozen=True)
class _Values:
    """What was read of a piece."""

    floats: np.ndarray
    foreign: np.ndarray | None  #: which are neither a number nor missing; None: none
    shown: Any  #: as messages show them
    plain: Any  #: as Python writes them


class ColumnBuilder:
    """A column in the making, piece by piece.

    Without a declared type it is numeric as long as every value present is a number, and none a code. Where a text
    comes after numbers, their spelling is gone: `incomplete` is true then, and the pieces must be given to a new
    builder of the type Categorical.
    """

    def __init__(
        self,
        missing: Missing,
        rule: ColumnRule = _ANY,
        category_limit: int = CATEGORY_LIMIT,
        numbers: Numbers | None = None,
    ) -> None:
        """Begin a column; `numbers` is where they are kept, in memory without it."""
        self._missing, self._rule = missing, rule
        self._numbers: Numbers = numbers or InMemory()
        self._numeric, self._rows = rule.declared is not ColumnType.CATEGORICAL, 0
        self._categories = Categories(category_limit)
        self._foreign, self._infinite, self._inexact = Examples(), Examples(), Examples()
        self._foreign_at: list[np.ndarray] = []  #: positions of those that are neither a number nor missing
        self._spelled = False  #: a number has been taken
        self.incomplete = False

    def append(self, column: Any, rows: np.ndarray) -> None:
        """Take the next piece.

        Args:
            column: a polars Series as it was read, of texts, integers or floats.
            rows: the rows' numbers, for messages.
        """
        if self.incomplete:
            return
        if not self._numeric:
            self._categories.append(as_text(column), self._missing)
            return
        found = self._read(column)
        if found.foreign is None or self._rule.declared is ColumnType.NUMERIC:
            if found.foreign is not None:
                self._foreign.add(found.shown, found.foreign, rows)
                self._foreign_at.append(np.flatnonzero(found.foreign) + self._rows)
            self._note_lost(found, rows)
            self._spelled = self._spelled or not np.isnan(found.floats).all()
            self._numbers.append(found.floats)
            self._rows += len(found.floats)
            return
        self._numbers.clear()
        if self._spelled:
            self.incomplete = True
        else:
            self._numeric = False
            self._categories.append_missing(self._rows)
            self._categories.append(as_text(column), self._missing)

    def finish(self, keep: np.ndarray | None = None) -> Typed | Rejected:
        """Return the column, or why it is none; the builder is used up.

        Args:
            keep: the rows that stay, (rows,) bool; None: all.
        """
        if self.incomplete:
            raise AssertionError("a builder that is incomplete has no column")
        if not self._numeric:
            return self._categories.finish(keep)
        values = self._numbers.all()
        self._numbers.clear()
        problem = self._problem()
        if problem:
            missing = np.isnan(values)
            for positions in self._foreign_at:
                missing[positions] = False
            return Rejected(problem, int((missing if keep is None else missing[keep]).sum()))
        return Typed(ColumnType.NUMERIC, values if keep is None else values[keep])

    def _read(self, column: Any) -> _Values:
        """Return the values of a piece, floats that are NaN where there is none.

        Where all texts that are no number are missing, the column need not be trimmed as a whole: a number has no
        white space around it.
        """
        import polars as pl

        if column.dtype != pl.String:
            plain = column.dtype.is_float() and not self._missing.has_numbers
            marked = column if plain else self._missing.mark(column)
            return _Values(_values(marked.cast(pl.Float64)), None, marked, marked)
        if self._rule.reader is None and not self._missing.has_numbers:
            floats = column.cast(pl.Float64, strict=False)
            values, unread = _values(floats), floats.is_null().to_numpy()
            strange = _spelled_strangely(column, values, unread)  # some of them may mean that there is no value
            if not strange.any() and self._missing.all_of(column, unread):
                return self._judged(values, strange, column, column)
        marked = self._missing.mark(column)
        texts = marked if self._rule.reader is None else self._rule.reader.plain(marked)
        floats = texts.cast(pl.Float64, strict=False)
        values, unread = _values(floats), floats.is_null().to_numpy()
        present = marked.is_not_null().to_numpy()
        return self._judged(values, (unread & present) | _spelled_strangely(texts, values, unread), marked, texts)

    def _judged(self, values: np.ndarray, foreign: np.ndarray, shown: Any, plain: Any) -> _Values:
        """Return values of texts; where the type is open, codes are no numbers."""
        codes = codes_among(shown) if self._rule.codes and self._rule.declared is None else None
        foreign = foreign if codes is None else foreign | codes.to_numpy()
        return _Values(values, foreign if foreign.any() else None, shown, plain)

    def _note_lost(self, found: _Values, rows: np.ndarray) -> None:
        """Note what a float cannot hold."""
        import polars as pl

        values, plain = found.floats, found.plain
        large = np.abs(values) >= EXACT_INTEGERS
        if not large.any():
            return
        infinite = np.isinf(values)
        self._infinite.add(found.shown, infinite, rows)
        if plain.dtype.is_float():
            return
        whole = large & ~infinite
        if plain.dtype == pl.String:
            whole &= plain.str.contains(_INTEGER).fill_null(value=False).to_numpy()
        beyond = whole.copy()
        for index in np.flatnonzero(whole & (np.abs(values) == EXACT_INTEGERS)):
            beyond[index] = abs(_integer(str(plain[int(index)]))) > EXACT_INTEGERS
        self._inexact.add(found.shown, beyond, rows)

    def _problem(self) -> str:
        if self._foreign.count:
            advice = self._rule.advice(self._foreign.texts) if self._rule.advice else ""
            return (
                f"{self._rule.words}, but {self._foreign} no number; {f'{advice}, ' if advice else ''}correct the "
                f"data, name the text in csv.missingValues if it means that there is no value, or declare Categorical."
            )
        if self._infinite.count:
            return (
                f"has numbers that no 64-bit float can hold: {self._infinite} beyond 1.8e308; correct the data, or "
                f"declare the column Categorical in columnTypes."
            )
        if self._inexact.count:
            return (
                f"has integers that a 64-bit float would change: {self._inexact} beyond 2^53; if it is an identifier, "
                f"exclude it or declare it Categorical, else write it with an exponent."
            )
        return ""


def _values(floats: Any) -> np.ndarray:
    """Return a polars Series of floats as an array of its own, NaN where it is null."""
    values: np.ndarray = floats.to_numpy(writable=True)
    return values


def _spelled_strangely(column: Any, values: np.ndarray, unread: np.ndarray) -> np.ndarray:
    """Return which texts polars has read as floats that are no numbers here.

    It reads every number as Python's float() does (proven by a test), and beyond NUMBER only the spellings of infinity
    and NaN; so the slow regular expression is needed only where the result is not finite.
    """
    strange: np.ndarray = ~np.isfinite(values) & ~unread
    if strange.any():
        strange &= ~column.str.contains(NUMBER).fill_null(value=False).to_numpy()
    return strange


def _integer(text: str) -> int:
    """Return an integer of any length whose float is 2^53: all but its last 16 digits are zeros."""
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    return int(f"{sign}{digits[-17:]}")
