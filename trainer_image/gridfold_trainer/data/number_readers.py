"""Texts that mean numbers in a declared spelling, rewritten as Python writes numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gridfold.api.v1alpha1 import ColumnType, Dataset
from gridfold.domain.number_formats import BOOLEANS, NEGATIVE_MARKS, Spelling

_SIGNS = ["", "+", *NEGATIVE_MARKS]
#: A whole number with a leading zero is a code, such as a postcode: 01234 is not 1234.
CODE = "^0[0-9]+$"


class NumberReader(Protocol):
    """What numbers look like in a column."""

    def plain(self, column: Any) -> Any:
        """Return texts as numbers that float() reads, null where a text is none."""

    def __str__(self) -> str:
        """Return where the spec says so, for messages."""


@dataclass(frozen=True)
class SpelledNumbers:
    """Numbers in another spelling than Python's."""

    spelling: Spelling
    declared: bool  #: in columnFormats, so that every value must be one

    def plain(self, column: Any) -> Any:
        """Return texts as Python writes their numbers."""
        import polars as pl

        frame = column.str.extract_groups(f"^(?:{self.spelling.pattern})$").struct.unnest()
        groups = [pl.col(name) for name in frame.columns]
        digits = pl.coalesce(pl.when(~group.is_in(_SIGNS)).then(group) for group in groups)
        for mark in self.spelling.marks:
            digits = digits.str.replace_all(mark, "", literal=True)
        digits = digits.str.replace_all(self.spelling.decimal, ".", literal=True)
        below = pl.any_horizontal(group.is_in(list(NEGATIVE_MARKS)).fill_null(value=False) for group in groups)
        signed = pl.when(below).then(pl.lit("-") + digits).otherwise(digits)
        return frame.select(signed.alias(column.name)).to_series()

    def __str__(self) -> str:
        """Return where the spec says how numbers are spelled."""
        return "is to be read by columnFormats" if self.declared else "is declared Numeric in columnTypes"


@dataclass(frozen=True)
class Booleans:
    """true and false in any case, 1 and 0."""

    def plain(self, column: Any) -> Any:
        """Return texts as 1 and 0."""
        return column.str.to_lowercase().replace_strict(BOOLEANS, default=None)

    def __str__(self) -> str:
        """Return where the spec says that these are booleans."""
        return "is declared Boolean in columnTypes"


@dataclass(frozen=True)
class ColumnRule:
    """What is known of a column before it is read."""

    declared: ColumnType | None = None  #: Numeric or Categorical; None: as the values are
    reader: NumberReader | None = None  #: None: numbers are spelled as Python spells them
    advice: Callable[[Sequence[str]], str] | None = None  #: what to write for texts that are no numbers
    codes: bool = True  #: whether a whole number with a leading zero makes the column one of texts

    @property
    def words(self) -> str:
        """Return why every value must be a number."""
        return str(self.reader) if self.reader else "is declared Numeric in columnTypes"


def rule_of(dataset: Dataset, column: str, *, codes: bool = True) -> ColumnRule:
    """Return what the spec says of a column's values."""
    declared = dataset.column_types.get(column)
    if declared is ColumnType.BOOLEAN:
        return ColumnRule(ColumnType.NUMERIC, Booleans())
    in_formats = column in (dataset.column_formats or {})
    spelling = Spelling.of(dataset, column)
    return ColumnRule(
        ColumnType.NUMERIC if in_formats else declared,
        None if spelling.is_plain else SpelledNumbers(spelling, in_formats),
        codes=codes,
    )


def codes_among(column: Any) -> Any:
    """Return which texts are codes, (rows,) polars Series of bool; None where no text begins with a zero."""
    if not column.str.starts_with("0").any():
        return None
    return column.str.contains(CODE).fill_null(value=False)
