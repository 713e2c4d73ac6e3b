"""The names of a CSV file's columns: those that the header leaves out, and headers that are a field short or long."""

import csv as python_csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from gridfold.api.v1alpha1 import Csv, UnnamedColumns
from gridfold.api.validation import show
from gridfold_trainer.data.csv_scan import RECORD_BYTES, CsvScanner, Dialect
from gridfold_trainer.errors import UnreadableTableError

_RECORDS = 2
#: Of columns that are read and not kept: no name in a file has a NUL.
_DROPPED = "\0"
_OTHER_DELIMITERS = (";", "\t", "|", ",")
_SPELLED = {"\t": '"\\t"', " ": "Whitespace"}


@dataclass
class Names:
    """The columns of a file, as they are read."""

    all: list[str]
    dropped: list[str] = field(default_factory=list)  #: read, and not kept
    empty: str = ""  #: a column that the header does not have: nothing may be in it

    @property
    def kept(self) -> list[str]:
        """Return the columns of the table."""
        dropped = set(self.dropped)
        return [name for name in self.all if name not in dropped]

    def keep(self, frame: Any, source: str) -> Any:
        """Return a frame without the columns that are not kept.

        Raises:
            UnreadableTableError: a line has a value where all others end in a delimiter.
        """
        if self.empty:
            values = frame[self.empty].str.strip_chars()
            if (values != "").any():
                found = values.filter(values != "")[0]
                raise UnreadableTableError(
                    f"{source}: lines end in a delimiter that the header does not have, but one has {show(found)} "
                    f"after it; correct the line, or name that column in the header."
                )
        return frame.drop(self.dropped) if self.dropped else frame


def csv_names(first: Sequence[str], csv: Csv, source: str, *, trim: bool, appended: bool) -> Names:
    """Return the columns of a file.

    Args:
        first: the fields of the first record.
        csv: how the file is read.
        source: what to call it.
        trim: whether white space around names means nothing.
        appended: whether the last name was added to the header, because every line ends in a delimiter.
    """
    if csv.column_names is not None:
        return _declared(first, csv, csv.column_names, source)
    names = [name.strip() if trim else name for name in first]
    last = names[-1] if appended else None
    if csv.unnamed_columns is UnnamedColumns.NAME:
        names = [name or f"Unnamed: {number}" for number, name in enumerate(names)]
    dropped = []
    if csv.unnamed_columns is UnnamedColumns.DROP:
        names = [name or f"{_DROPPED}{number}" for number, name in enumerate(names)]
        dropped = [name for name in names if name.startswith(_DROPPED)]
    return Names(names, dropped, names[-1] if last is not None else "")


def _declared(first: Sequence[str], csv: Csv, names: list[str], source: str) -> Names:
    if len(names) == len(first):
        return Names(list(names))
    longer = len(first) == len(names) + 1 and not first[-1].strip()
    if longer and csv.unnamed_columns is UnnamedColumns.DROP:
        return Names([*names, _DROPPED], [_DROPPED], _DROPPED)
    advice = (
        " Where every line ends in a delimiter, set csv.unnamedColumns: Drop."
        if longer
        else other_delimiter(first, csv.delimiter)
    )
    raise UnreadableTableError(
        f"{source} has {len(first)} fields a record, but spec.dataset.csv.columnNames names {len(names)} columns; the "
        f"first record is {show(list(first))}.{advice}"
    )


def even(pieces: Iterator[bytes], dialect: Dialect) -> tuple[Iterator[bytes], bool]:
    """Return the text with a header of as many fields as the first row, if it has one more or less and may have.

    Three kinds of files have such headers: each line ends in a delimiter but the header's, or the header's alone; or
    rows begin with a name of their own, which the header leaves out, as R writes them.

    Returns:
        The text, and whether an empty last field was added to the header.
    """
    begin, records = _first_records(pieces, dialect)
    if len(records) < _RECORDS:
        return chain([begin], pieces), False
    (start, end), row = records[0], _fields(begin[slice(*records[1])], dialect)
    header = begin[start:end].rstrip(b"\r\n")
    more = len(row) - len(_fields(header, dialect))
    delimiter = dialect.delimiter.encode()
    appended = more == 1 and not row[-1].strip()
    if appended:
        header += delimiter
    elif more == 1:
        header = delimiter + header
    elif more == -1 and not _fields(header, dialect)[-1].strip():
        header = header[: header.rindex(delimiter)]
    return chain([begin[:start] + header + b"\n" + begin[end:]], pieces), appended


def _first_records(pieces: Iterator[bytes], dialect: Dialect) -> tuple[bytes, list[tuple[int, int]]]:
    """Return the begin of a text, and where in it the first two records are, as far as it has them."""
    begin = b""
    for piece in pieces:
        begin += piece
        records = _records(begin, dialect)
        if len(records) == _RECORDS or len(begin) > RECORD_BYTES:
            return begin, records
    return begin, _records(begin + b"\n", dialect)


def _records(text: bytes, dialect: Dialect) -> list[tuple[int, int]]:
    quote, white = dialect.quote.encode(), b" \t\r\n".replace(dialect.delimiter.encode(), b"")
    found: list[tuple[int, int]] = []
    start = 0
    end = text.find(b"\n") + 1
    while end and len(found) < _RECORDS:
        if text.count(quote, start, end) % 2 == 0:
            if text[start:end].strip(white):
                found.append((start, end))
            start = end
        end = text.find(b"\n", end) + 1
    return found


def _fields(record: bytes, dialect: Dialect) -> list[str]:
    text = record.rstrip(b"\r\n").decode("utf-8", errors="replace")
    reader = python_csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote)
    try:
        return next(reader, [""])
    except python_csv.Error:
        return [""]


def advice(scanner: CsvScanner, csv: Csv) -> list[str]:
    """Return what the records of a file that is refused look like as a whole, if they look like something."""
    if len(scanner.first) == 1 and (other := other_delimiter(scanner.first, csv.delimiter)):
        return [f"the first record is one field, {show(scanner.first[0])[:64]};{other.rstrip('.')}"]
    width = len(scanner.first)
    uneven = scanner.width == width + 1 or (scanner.width == width - 1 and not scanner.first[-1].strip())
    if not (uneven and csv.header and csv.unnamed_columns is None):
        return []
    return [
        f"rows have {scanner.width} fields and the header {width}; where lines end in a delimiter, or rows have names "
        f"that the header leaves out, set csv.unnamedColumns: Drop."
    ]


def other_delimiter(first: Sequence[str], used: str) -> str:
    """Return a question after the delimiter that the only field of a record seems to have, else ""."""
    if len(first) != 1:
        return ""
    counts = {other: first[0].count(other) for other in _OTHER_DELIMITERS if other != used}
    best = max(counts, key=lambda other: counts[other])
    if not counts[best]:
        best = " " if " " in first[0].strip() and used != "Whitespace" else ""
    return f" did you mean csv.delimiter: {_SPELLED.get(best, show(best))}?" if best else ""
