"""Blocks of CSV records as tables, by polars: texts, and floats where all fields have been plain numbers so far."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import Csv
from gridfold_trainer.csv_scan import Block
from gridfold_trainer.errors import UnreadableTableError

#: From here on not every integer is a float of its own, so its spelling matters.
_EXACT_INTEGERS = 2.0**53


class BlockParser:
    """Reads the blocks of one file.

    The first block is read as text. A column whose fields are all plain numbers or empty is read as floats from then
    on, which takes half the time and memory. A block in which that fails, or gives anything but ordinary numbers, is
    read as text again, so that the rules for numbers see every spelling that is not plain.
    """

    def __init__(self, source: str, names: Sequence[str], csv: Csv, texts: frozenset[str]) -> None:
        """Start a file; `texts` are the columns that must stay as they are spelled."""
        self._source, self._names, self._csv, self._texts = source, names, csv, texts
        self._plain: set[str] | None = None

    def parse(self, block: Block, *, header: bool = False) -> Any:
        """Return a block as a polars DataFrame, its header record left out.

        Raises:
            UnreadableTableError: polars finds other records than the scanner did.
        """
        import polars as pl

        if self._plain:
            try:
                frame = self._read(block, self._plain)
                if all(_is_ordinary(frame[name]) for name in self._plain):
                    return frame
            except pl.exceptions.PolarsError:
                pass  # a field is no number: its column is found below
        frame = self._read(block, set()).slice(1 if header else 0)
        if frame.height:
            plain = self._names if self._plain is None else self._plain
            self._plain = {c.name for c in frame if c.name in plain and c.name not in self._texts and _is_plain(c)}
        return frame

    def _read(self, block: Block, floats: set[str]) -> Any:
        import polars as pl

        try:
            frame = pl.read_csv(
                block.content,
                has_header=False,
                schema={name: pl.Float64 if name in floats else pl.String for name in self._names},
                separator=self._csv.delimiter,
                quote_char=self._csv.quote_character,
                infer_schema=False,
                empty_string_is_null=False,
                missing_columns="raise",
                extra_columns="raise",
                glob=False,
            )
        except pl.exceptions.PolarsError as error:
            if floats:
                raise
            cause = " ".join(str(error).split())[:160]
            raise UnreadableTableError(f"{self._source} cannot be read as CSV: {cause}") from error
        if frame.height != block.records:
            raise UnreadableTableError(
                f"{self._source}: of {block.records} records polars reads {frame.height}; please report this file."
            )
        return frame


def grouped(blocks: Iterable[Block], size: int) -> Iterator[Block]:
    """Yield blocks joined to ones of at least `size` bytes, but for the last.

    Small pieces are quick to look at (all that is known of them fits the processor's cache), large ones to parse.
    """
    waiting: list[Block] = []
    for block in blocks:
        waiting.append(block)
        if sum(len(other.content) for other in waiting) >= size:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    return Block(b"".join(block.content for block in blocks), sum(block.records for block in blocks))


def _is_plain(column: Any) -> bool:
    """Tell whether all texts are empty or numbers that need no second look."""
    import polars as pl

    floats = column.cast(pl.Float64, strict=False)
    return int(floats.null_count()) == int((column == "").sum()) and _is_ordinary(floats)


def _is_ordinary(floats: Any) -> bool:
    """Tell whether all floats that are there are finite, and small enough for the spelling not to matter."""
    values = floats.to_numpy()
    with np.errstate(invalid="ignore"):
        strange = int(np.count_nonzero(~(np.abs(values) < _EXACT_INTEGERS)))
    return strange == int(floats.null_count())
