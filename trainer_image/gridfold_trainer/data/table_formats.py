"""Sources as tables, piece by piece: texts where the format has texts, numbers where it has numbers."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from gridfold.api.v1alpha1 import Csv, DataFormat, Encoding, RepeatedHeader
from gridfold_trainer.data.ahead import ahead
from gridfold_trainer.data.column_names import CSV_ADVICE, check_names
from gridfold_trainer.data.contents import Kind, kind_of, pieces_at_once, text_pieces
from gridfold_trainer.data.csv_blocks import BlockParser, grouped
from gridfold_trainer.data.csv_header import advice, csv_names, even
from gridfold_trainer.data.csv_scan import CsvScanner
from gridfold_trainer.data.csv_text import dialect_of, plain_text
from gridfold_trainer.data.json_lines import json_frames, note_names
from gridfold_trainer.data.object_names import ObjectNames
from gridfold_trainer.data.parquet import parquet_frames
from gridfold_trainer.data.repeated_headers import problem
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.value_kinds import ValueKinds
from gridfold_trainer.errors import UnreadableTableError


@dataclass(frozen=True)
class Reading:
    """How sources are read."""

    csv: Csv
    trim: bool
    limit_bytes: int  #: of one source, decompressed
    piece_bytes: int
    texts: frozenset[str] | None  #: columns whose spelling matters; None: of all
    names: ObjectNames  #: of JSON sources
    kinds: ValueKinds


def frames(file: Fetched, kind: Kind, reading: Reading) -> Generator[Any, None, None]:
    """Yield the rows of a file as polars DataFrames of texts, integers and floats; the first may have no row.

    An empty field of CSV is an empty text, null is null. Close it where not all rows are taken.

    Raises:
        UnreadableTableError: it is no well-formed file of its format, or has values that no column can have.
    """
    if kind.format is DataFormat.PARQUET:
        yield from parquet_frames(file, kind, reading.limit_bytes, reading.kinds)
        return
    utf16 = kind.format is DataFormat.CSV and reading.csv.encoding is Encoding.UTF_16
    with closing(text_pieces(file, kind, reading.limit_bytes, reading.piece_bytes, utf16=utf16)) as pieces:
        if kind.format is DataFormat.JSON_LINES:
            yield from json_frames(file, pieces, reading.names, reading.kinds)
        else:
            yield from _csv(file, pieces, reading)


def collect_names(files: Sequence[Fetched], declared: DataFormat | None, names: ObjectNames, limit_bytes: int) -> None:
    """Look at all JSON sources for the names of their objects."""
    for file in files:
        kind = kind_of(file.uri, declared)
        if kind.format is DataFormat.JSON_LINES:
            with closing(text_pieces(file, kind, limit_bytes)) as pieces:
                note_names(file, pieces, names)
    names.complete()


def _csv(file: Fetched, pieces: Iterator[bytes], reading: Reading) -> Iterator[Any]:
    csv, appended = reading.csv, False
    scanner = CsvScanner(file.uri, dialect_of(csv))
    pieces = plain_text(pieces, csv, file.uri)
    if csv.header and csv.unnamed_columns is not None:
        pieces, appended = even(pieces, dialect_of(csv))
    with closing(
        ahead(grouped(scanner.blocks(pieces), lambda: reading.piece_bytes * pieces_at_once(len(scanner.first))))
    ) as blocks:
        try:
            first = next(blocks)  # the scanner yields one, or says why there is none
        except UnreadableTableError as error:
            raise UnreadableTableError(*(f"{file.uri}: {m}" for m in advice(scanner, csv)), *error.problems) from error
        names = csv_names(scanner.first, csv, file.uri, trim=reading.trim, appended=appended)
        check_names(names.kept, file.uri, CSV_ADVICE)
        texts = frozenset(names.all) if reading.texts is None else reading.texts
        header = scanner.first if csv.header else names.all
        parser = BlockParser(file.uri, names.all, csv, texts | {*names.dropped, names.empty}, header)
        yield names.keep(parser.parse(first, header=csv.header), file.uri)
        for frame in parser.parse_all(blocks):
            yield names.keep(frame, file.uri)
    if parser.repeated and csv.repeated_header is not RepeatedHeader.DROP:
        raise UnreadableTableError(problem(file.uri, parser.repeated))
    reading.kinds.repeated_headers[file.uri] = len(parser.repeated)
