"""Header lines among the rows of a CSV file: most often several files were put together as they were."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold_trainer.data.csv_scan import Block, Dialect
from gridfold_trainer.data.numbers import NUMBER
from gridfold_trainer.data.telling import listed
from gridfold_trainer.errors import UnreadableTableError

_LINES_ROOM = 80
#: Rows that begin with a name and end with one are looked at one by one: no more than these.
_SUSPECTS = 1000


def header_rows(frame: Any, header: Sequence[str]) -> np.ndarray:
    """Return the positions of the rows that repeat the header, white space around names aside.

    Args:
        frame: of texts and floats, as it was read.
        header: the names as the header writes them, of all columns.
    """
    import polars as pl

    names = [name.strip() for name in header]
    first = _is_name(frame.to_series(0), names[0])
    if first is None or not first.any():
        return np.empty(0, dtype=np.int64)
    for column, name in zip(frame.iter_columns(), names, strict=True):
        same = _is_name(column, name)
        if same is None:
            return np.empty(0, dtype=np.int64)
        first &= same
    return np.flatnonzero(first.fill_null(value=False).cast(pl.Boolean).to_numpy())


def check_order(frame: Any, header: Sequence[str], source: str) -> None:
    """Make sure that no row is the header in another order: the rows after it would be in the wrong columns.

    Raises:
        UnreadableTableError: one is.
    """
    import polars as pl

    names = [name.strip() for name in header]
    if any(dtype != pl.String for dtype in (frame.dtypes[0], frame.dtypes[-1])):
        return
    ends = (frame.to_series(at).str.strip_chars().is_in(names).fill_null(value=False) for at in (0, -1))
    suspects = np.flatnonzero(np.logical_and(*(end.to_numpy() for end in ends)))
    for row in suspects[:_SUSPECTS]:
        found = [str(value).strip() for value in frame.row(int(row))]
        if found != names and Counter(found) == Counter(names):
            raise UnreadableTableError(
                f"{source}: divide the file where its columns change their order: a row is the header in another one, "
                f"{', '.join(found[:3])} … in place of {', '.join(names[:3])} …."
            )


def lines_of(block: Block, rows: np.ndarray, dialect: Dialect) -> list[int]:
    """Return on which lines of the file some records of a block begin; blank lines that were left out do not count."""
    data = np.frombuffer(block.content, dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    quotes = np.flatnonzero(data == ord(dialect.quote))
    within = ends[np.searchsorted(quotes, ends) % 2 == 0]  # the others are within quoted texts
    starts = np.concatenate([[0], within + 1])
    return [block.line + int(np.searchsorted(ends, starts[row])) for row in rows]


def problem(source: str, lines: Sequence[int]) -> str:
    """Return what to do about repeated headers, and where they are."""
    shown = listed([str(line) for line in lines], _LINES_ROOM)
    count = "1 line repeats" if len(lines) == 1 else f"{len(lines)} lines repeat"
    return (
        f"{source}: set dataset.csv.repeatedHeader: Drop, or take the lines out: {count} the header among the rows, as "
        f"files do that were put together (line {shown})."
    )


def _is_name(column: Any, name: str) -> Any:
    """Return which values are a name; None where none can be."""
    import polars as pl

    if column.dtype == pl.String:
        return column.str.strip_chars() == name
    return column == float(name) if re.fullmatch(NUMBER, name) else None
