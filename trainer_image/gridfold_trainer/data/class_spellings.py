"""Spellings of one class: "1", "01" and "1.0" are one number, which the data may not have meant."""

from typing import Any

from gridfold_trainer.data.numbers import numbers_among
from gridfold_trainer.data.telling import shown

_MOST = 10_000


class ClassSpellings:
    """How the classes of a target are written."""

    def __init__(self) -> None:
        self._first: dict[float, str] = {}
        self._others: dict[str, str] = {}  #: spelling: the first one of the same number

    def look_at(self, column: Any) -> None:
        """Take the next piece of the target, without missing values; numbers of Parquet have one spelling each."""
        import polars as pl

        if column.dtype != pl.String or len(self._first) > _MOST:
            return
        for text in column.unique().drop_nulls().sort():
            for number in numbers_among([text]):
                first = self._first.setdefault(number, text)
                if first != text:
                    self._others[text] = first

    def warnings(self, target: str) -> list[str]:
        """Return which spellings are taken for one class, for a target whose classes are numbers."""
        if not self._others:
            return []
        pairs = [f"{shown(first)} and {shown(other)}" for other, first in list(self._others.items())[:3]]
        return [
            f"Declare {target} Categorical in dataset.columnTypes if these are different classes: {', '.join(pairs)} "
            f"are one number each, so they are one class each."
        ]
