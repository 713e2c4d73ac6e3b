"""Spellings of one class: "1", "01" and "1.0" are one number, which the data may not have meant."""

from typing import Any

from gridfold_trainer.data.numbers import numbers_among
from gridfold_trainer.data.telling import shown, told

_MOST = 10_000


class ClassSpellings:
    """How the classes of a target are written."""

    def __init__(self) -> None:
        self._spellings: dict[float, set[str]] = {}

    def look_at(self, column: Any) -> None:
        """Take the next piece of the target; numbers of Parquet have one spelling each."""
        import polars as pl

        if column.dtype != pl.String or len(self._spellings) > _MOST:
            return
        for text in column.unique().drop_nulls():
            for number in numbers_among([text]):
                self._spellings.setdefault(number, set()).add(text)

    def warnings(self, target: str) -> list[str]:
        """Return which spellings are taken for one class, for a target whose classes are numbers."""
        several = [sorted(texts) for _, texts in sorted(self._spellings.items()) if len(texts) > 1]
        if not several:
            return []
        items = [f"{', '.join(map(shown, texts[:-1]))} and {shown(texts[-1])} are one" for texts in several]
        return [told(f"Declare {target} Categorical in dataset.columnTypes if these are different classes:", "", items)]
