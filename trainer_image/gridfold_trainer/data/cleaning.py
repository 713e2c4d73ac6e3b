"""Cleaning of rows, piece by piece, in the order of the protocol. It looks at no label beside "missing".

trim, missing-value markers, rows without target, duplicate rows; columns are dropped later, when all rows are known.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import Cleaning, Dataset
from gridfold_trainer.data.numbers import numbers_among
from gridfold_trainer.data.tables import WHITE_SPACE, Piece
from gridfold_trainer.data.telling import listed, shown, told
from gridfold_trainer.errors import DataError

#: Of a row's digest: two of 2^64 rows would share one by chance.
_DIGEST_BYTES = 16
_MARKERS_ROOM = 60


class Missing:
    """What "no value" is: null, an empty text, and the declared markers; texts are trimmed before."""

    def __init__(self, markers: Iterable[str] = (), *, trim: bool) -> None:
        import polars as pl

        markers = [marker.strip() if trim else marker for marker in markers]
        self._trim = trim
        self._texts = pl.Series(["", *markers], dtype=pl.String).unique().implode()
        self._numbers = pl.Series(numbers_among(markers), dtype=pl.Float64)

    @property
    def has_numbers(self) -> bool:
        """Tell whether a number can mean "no value"."""
        return len(self._numbers) > 0

    def all_of(self, column: Any, where: np.ndarray) -> bool:
        """Tell whether the texts at these places, (rows,) bool, all mean "no value"."""
        import polars as pl

        count = int(np.count_nonzero(where))
        if count == 0 or int((column == "").sum() or 0) + column.null_count() == count:  # most often: empty fields
            return True
        return bool(self.mark(column.filter(pl.Series(where))).null_count() == count)

    def mark(self, column: Any) -> Any:
        """Return a column trimmed, and null where it has no value."""
        import polars as pl

        if column.dtype == pl.String:
            column = column.str.strip_chars(WHITE_SPACE) if self._trim else column
            is_missing = column.is_in(self._texts)
        else:
            is_missing = column.is_nan() if column.dtype.is_float() else column.is_null()
            if self.has_numbers:
                is_missing = is_missing | column.cast(pl.Float64).is_in(self._numbers.implode())
        return column.set(is_missing.fill_null(value=False), None) if is_missing.any() else column


class MissingByColumn:
    """What "no value" is in each column."""

    def __init__(self, dataset: Dataset, *, trim: bool) -> None:
        everywhere, self._markers = dataset.csv.missing_values, dataset.column_missing_values
        self._nothing, self._everywhere = Missing(trim=trim), Missing(everywhere, trim=trim)
        self._own = {name: Missing([*everywhere, *own], trim=trim) for name, own in self._markers.items()}
        self._unseen = {name: Missing(own, trim=trim) for name, own in self._markers.items()}

    def of(self, column: str) -> Missing:
        """Return what it is in this column."""
        return self._own.get(column, self._everywhere)

    def look_at(self, frame: Any) -> None:
        """Note in which columns of a piece markers of their own occur."""
        for name in [name for name in self._unseen if name in frame.columns]:
            column = frame[name]
            if self._unseen[name].mark(column).null_count() > self._nothing.mark(column).null_count():
                del self._unseen[name]

    def warnings(self) -> list[str]:
        """Return which markers have occurred nowhere: most likely the data spells them otherwise."""
        items = [f"{name} ({listed(list(map(shown, self._markers[name])), _MARKERS_ROOM)})" for name in self._unseen]
        if not items:
            return []
        advice = "Write the markers of columnMissingValues as the data does (0 is not 0.0), or take them out;"
        return [told(advice, "these occur in no row:", items)]


@dataclass
class RowCleaner:
    """Drops rows and counts them. Rows without target go as they come, duplicates when all have been seen."""

    dataset: Dataset
    cleaning: Cleaning
    missing: MissingByColumn
    seen: int = 0  #: rows of all pieces
    without_target: int = 0
    _digests: list[bytes] = field(default_factory=list)
    _first_without: int = 0

    def clean(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Yield the rows that have a target; fields are not trimmed yet.

        Raises:
            DataError: a row has none and may not be dropped, or no row is left.
        """
        for piece in pieces:
            self.seen += piece.frame.height
            yield self._with_target(piece)
        if self.without_target and not self.cleaning.drop_rows_without_target:
            raise DataError(
                f"{self.without_target} of {self.seen} rows have no value of the target {self.dataset.target} (the "
                f"first is row {self._first_without}); correct them, or set cleaning.dropRowsWithoutTarget: true."
            )
        if self.seen == self.without_target:
            raise DataError(
                f"no row is left: the sources have {self.seen} rows, and none of them has a value of the target "
                f"{self.dataset.target}."
            )

    def first_of_equals(self) -> np.ndarray | None:
        """Return which of the yielded rows to keep, (rows,) bool; None: all.

        Rows are equal if all their fields are, excluded columns and missing values included.
        """
        if not self.cleaning.drop_duplicate_rows:
            return None
        digests = np.frombuffer(b"".join(self._digests), dtype=np.dtype((np.void, _DIGEST_BYTES)))
        self._digests.clear()
        order = np.lexsort(digests.view(np.uint64).reshape(-1, 2).T)  # stable: of equals the first row comes first
        ordered = digests.view(np.uint64).reshape(-1, 2)[order]
        keep = np.ones(len(order), dtype=bool)
        keep[order[1:]] = (ordered[1:] != ordered[:-1]).any(axis=1)
        return None if keep.all() else keep

    def _with_target(self, piece: Piece) -> Piece:
        import polars as pl

        frame, numbers = piece.frame, piece.row_numbers
        self.missing.look_at(frame)
        target = self.dataset.target
        has_target = self.missing.of(target).mark(frame[target]).is_not_null().to_numpy()
        if not has_target.all():
            self._first_without = self._first_without or int(numbers[np.argmin(has_target)])
            self.without_target += int(len(numbers) - has_target.sum())
            frame, numbers = frame.filter(pl.Series(has_target)), numbers[has_target]
        if self.cleaning.drop_duplicate_rows:
            self._digests.append(self._row_digests(frame))
        return Piece(frame, numbers)

    def _row_digests(self, frame: Any) -> bytes:
        """Return a digest of each row: of its texts, divided by what no text has."""
        import polars as pl

        texts = [as_text(self.missing.of(column.name).mark(column)).fill_null("") for column in frame]
        rows = pl.DataFrame(texts).select(pl.concat_str(pl.all(), separator="\0")).to_series()
        blake = hashlib.blake2b
        return b"".join(blake(row.encode(), digest_size=_DIGEST_BYTES).digest() for row in rows)


def as_text(column: Any) -> Any:
    """Return a column as texts: whole numbers by their digits, floats by Python's repr, booleans as 1 and 0."""
    import polars as pl

    if column.dtype == pl.Boolean:
        column = column.cast(pl.Int8)
    if not column.dtype.is_float():
        return column.cast(pl.String)
    return pl.Series(column.name, [None if value is None else repr(value) for value in column], dtype=pl.String)
