"""Sources as tables, piece by piece: texts where the format has texts, numbers where it has numbers."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from gridfold.api.v1alpha1 import Csv, DataFormat, Encoding
from gridfold.api.validation import show
from gridfold_trainer.data.ahead import ahead
from gridfold_trainer.data.column_names import check_names
from gridfold_trainer.data.contents import GROUPED_PIECES, Kind, from_latin1, text_pieces
from gridfold_trainer.data.csv_blocks import BlockParser, grouped
from gridfold_trainer.data.csv_scan import CsvScanner, Dialect
from gridfold_trainer.data.json_lines import json_frames
from gridfold_trainer.data.parquet import parquet_frames
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.errors import UnreadableTableError


@dataclass(frozen=True)
class Reading:
    """How sources are read."""

    csv: Csv
    trim: bool
    limit_bytes: int  #: of one source, decompressed
    piece_bytes: int
    texts: frozenset[str] | None  #: columns whose spelling matters; None: of all


def frames(file: Fetched, kind: Kind, reading: Reading) -> Generator[Any, None, None]:
    """Yield the rows of a file as polars DataFrames of texts, integers and floats; the first may have no row.

    An empty field of CSV is an empty text, null is null. Close it where not all rows are taken.

    Raises:
        UnreadableTableError: it is no well-formed file of its format, or has values that no column can have.
    """
    if kind.format is DataFormat.PARQUET:
        yield from parquet_frames(file, kind, reading.limit_bytes)
        return
    with closing(text_pieces(file, kind, reading.limit_bytes, reading.piece_bytes)) as pieces:
        yield from json_frames(file, pieces) if kind.format is DataFormat.JSON_LINES else _csv(file, pieces, reading)


def _csv(file: Fetched, pieces: Iterator[bytes], reading: Reading) -> Iterator[Any]:
    csv = reading.csv
    scanner = CsvScanner(file.uri, Dialect(csv.delimiter, csv.quote_character))
    pieces = from_latin1(pieces, file.uri) if csv.encoding is Encoding.LATIN_1 else pieces
    with closing(ahead(grouped(scanner.blocks(pieces), GROUPED_PIECES * reading.piece_bytes))) as blocks:
        first = next(blocks)  # the scanner yields one, or says why there is none
        names = _csv_names(scanner.first, csv, file.uri, trim=reading.trim)
        check_names(names, file.uri)
        parser = BlockParser(file.uri, names, csv, frozenset(names) if reading.texts is None else reading.texts)
        yield parser.parse(first, header=csv.header)
        yield from parser.parse_all(blocks)


def _csv_names(first: Sequence[str], csv: Csv, source: str, *, trim: bool) -> list[str]:
    """Return the names of a CSV file's columns."""
    if csv.column_names is None:
        return [name.strip() if trim else name for name in first]
    if len(csv.column_names) != len(first):
        raise UnreadableTableError(
            f"{source} has {len(first)} fields a record, but spec.dataset.csv.columnNames names "
            f"{len(csv.column_names)} columns; the first record is {show(list(first))}."
        )
    return list(csv.column_names)
