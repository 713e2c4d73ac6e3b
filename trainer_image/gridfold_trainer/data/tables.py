"""All sources as one table, piece by piece, nothing guessed: what an empty field or a number means is decided later."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import Dataset
from gridfold_trainer.data import contents
from gridfold_trainer.data.column_names import check_names, check_same
from gridfold_trainer.data.object_names import ObjectNames
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.table_formats import Reading, frames
from gridfold_trainer.data.value_kinds import ValueKinds
from gridfold_trainer.errors import DataError, SourceTooLargeError, UnreadableTableError

#: What Python's str.strip removes; polars' own set lacks the four separators from 0x1c on.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True)
class Piece:
    """Some rows of the table, in order."""

    frame: Any  #: polars DataFrame of texts, integers and floats; columns in the order of the first source
    row_numbers: np.ndarray  #: (rows,) int64: of each row, its number among all rows of all sources, from 1


def read_tables(
    files: Sequence[Fetched],
    dataset: Dataset,
    limit_bytes: int,
    *,
    trim: bool,
    texts: frozenset[str] | None = None,
    names: ObjectNames | None = None,
    kinds: ValueKinds | None = None,
) -> Iterator[Piece]:
    """Yield all files, one below the other. Of every first file that can be read there is a piece, if without rows.

    Args:
        limit_bytes: most of one file, decompressed.
        trim: whether white space around fields means nothing.
        kinds: takes note of what the values are.
        texts: columns whose spelling matters; others may come as floats where it does not. None: all of them.
        names: of the objects of JSON sources, as far as they are known.

    Raises:
        UnreadableTableError: files that are no tables, or have other columns than the first; all of them are named,
            but of those behind the first bad one only the beginning is looked at.
        SourceTooLargeError: a file has more than `limit_bytes` when decompressed.
        NewNamesError: JSON sources must be looked at first.
    """
    names = ObjectNames() if names is None else names
    names.begin()
    texts = texts if trim else None
    kinds = kinds or ValueKinds(dataset)
    reading = Reading(dataset.csv, trim, limit_bytes, contents.PIECE_BYTES, texts, names, kinds)
    columns: list[str] = []
    errors: list[DataError] = []
    row = 1
    for file in files:
        kind = contents.kind_of(file.uri, dataset.format)
        try:
            with closing(frames(file, kind, reading)) as found:
                for number, frame in enumerate(found):
                    if number == 0:
                        check_names(frame.columns, file.uri)
                        columns = columns or frame.columns
                        check_same(columns, frame.columns, files[0].uri, file.uri)
                        names.fix(columns, files[0].uri)
                    if errors:
                        break
                    yield Piece(frame.select(columns), np.arange(row, row + frame.height))
                    row += frame.height
        except (UnreadableTableError, SourceTooLargeError) as error:
            errors.append(error)
    if errors:
        raise type(errors[0])(*(problem for error in errors for problem in error.problems))
