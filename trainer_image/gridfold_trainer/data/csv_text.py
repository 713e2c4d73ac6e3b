"""CSV text as the scanner takes it: UTF-8, lines that end in LF, one character between two fields.

Lines that are left out become blank ones, which are no records, so that every line keeps its number in messages.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from gridfold.api.v1alpha1 import Csv
from gridfold_trainer.data.csv_scan import RECORD_BYTES, Dialect
from gridfold_trainer.data.encodings import to_utf8
from gridfold_trainer.errors import UnreadableTableError

_WHITESPACE = "Whitespace"
#: Between fields that were divided by any number of blanks and tabs.
_TAB = b"\t"
_BLANKS = re.compile(rb"[ \t]+")
#: What Excel writes above the header, for itself.
_EXCEL = re.compile(rb'"?sep=(.)"?[;,\t]*\r?', re.IGNORECASE)
#: Looked at to see how lines end.
_BEGIN_BYTES = 1024 * 1024


def dialect_of(csv: Csv) -> Dialect:
    """Return how the fields are divided in what `plain_text` yields."""
    return Dialect("\t" if csv.delimiter == _WHITESPACE else csv.delimiter, csv.quote_character)


def plain_text(pieces: Iterable[bytes], csv: Csv, source: str) -> Iterator[bytes]:
    """Yield the text of a file without what the spec leaves out, in the form that the scanner takes.

    Raises:
        UnreadableTableError: a byte is no character of the encoding; or the first line is Excel's own.
    """
    pieces = _begun(to_utf8(pieces, csv.encoding, source), csv)
    if csv.skip_lines or csv.comment is not None or csv.delimiter == _WHITESPACE:
        lines = _Lines(csv)
        pieces = (lines.take(whole) for whole in _whole_lines(pieces, source))
    return _without_excel(pieces, csv, source)


def _begun(pieces: Iterator[bytes], csv: Csv) -> Iterator[bytes]:
    """Yield the text without the mark of UTF-8; where it begins without any LF, CR is the end of a line."""
    begin = b""
    for piece in pieces:
        begin += piece
        if b"\n" in begin or len(begin) >= _BEGIN_BYTES:
            break
    begin = begin.removeprefix(codecs.BOM_UTF8)
    if b"\r" in begin and b"\n" not in begin:
        return _with_line_feeds(chain([begin], pieces), csv.quote_character.encode())
    return chain([begin], pieces)


def _with_line_feeds(pieces: Iterable[bytes], quote: bytes) -> Iterator[bytes]:
    """Yield text of old Macintosh computers with LF for CR, but in quoted fields."""
    inside = 0
    for piece in pieces:
        parts = piece.split(quote)
        for number in range(inside, len(parts), 2):
            parts[number] = parts[number].replace(b"\r", b"\n")
        inside = (inside + len(parts) - 1) % 2
        yield quote.join(parts)


def _without_excel(pieces: Iterator[bytes], csv: Csv, source: str) -> Iterator[bytes]:
    """Yield the text; refuse a first line that is no header but says how fields are divided."""
    begin = b""
    for piece in pieces:
        begin += piece
        if len(begin) >= _BEGIN_BYTES or b"\n" in begin.lstrip():
            break
    skipped = csv.skip_lines or 0
    found = _EXCEL.fullmatch(begin.lstrip().partition(b"\n")[0])
    if found:
        delimiter = found[1].decode("ascii", "replace").replace("\t", "\\t")
        raise UnreadableTableError(
            f'{source}, line {skipped + 1}: "sep={delimiter}" is no header but a note for Excel; set csv.skipLines: '
            f'{skipped + 1} and csv.delimiter: "{delimiter}".'
        )
    yield begin
    yield from pieces


def _whole_lines(pieces: Iterable[bytes], source: str) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        if newline:
            yield whole + newline
        if len(rest) > RECORD_BYTES:
            raise UnreadableTableError(f"{source}: a line of more than {RECORD_BYTES} bytes; is it a CSV file?")
    if rest:
        yield rest


class _Lines:
    """Takes lines one after the other, and knows which begin inside a quoted field."""

    def __init__(self, csv: Csv) -> None:
        self._skipped = csv.skip_lines or 0
        self._comment = (csv.comment or "").encode()
        self._quote = csv.quote_character.encode()
        self._blanks = csv.delimiter == _WHITESPACE
        self._inside = 0  #: 1 within a quoted field

    def take(self, lines: bytes) -> bytes:
        """Return whole lines with those left out blank, and the fields of the others divided by one character."""
        left_out = b""
        while self._skipped and lines:
            _, newline, lines = lines.partition(b"\n")
            left_out += newline
            self._skipped -= 1
        if not self._quote_in(lines) and not (self._comment and self._comment in lines):
            return left_out + (_without_edges(_BLANKS.sub(_TAB, lines)) if self._blanks else lines)
        return left_out + b"\n".join(map(self._line, lines.split(b"\n")))

    def _quote_in(self, lines: bytes) -> bool:
        return bool(self._inside) or self._quote in lines

    def _line(self, line: bytes) -> bytes:
        inside = self._inside
        begin = line.lstrip(b" \t") if self._blanks else line
        if self._comment and not inside and begin.startswith(self._comment):
            return b""
        parts = line.split(self._quote)
        self._inside = (inside + len(parts) - 1) % 2
        if not self._blanks:
            return line
        parts[inside::2] = [_BLANKS.sub(_TAB, part) for part in parts[inside::2]]
        line = self._quote.join(parts)
        line = line if inside else line.lstrip(_TAB)
        return line if self._inside else line.rstrip(b"\t\r")


def _without_edges(lines: bytes) -> bytes:
    """Return lines without tabs at their begin and end."""
    lines = lines.replace(b"\t\r\n", b"\n").replace(b"\t\n", b"\n").replace(b"\n\t", b"\n")
    return lines.removeprefix(_TAB).removesuffix(_TAB)
