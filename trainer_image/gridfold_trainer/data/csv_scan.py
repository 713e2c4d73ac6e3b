"""A first look at CSV text, byte by byte: everything that polars would repair or hide without a word.

polars fills short rows, turns blank lines into rows and renames columns of the same name. So the text is checked
first, in numpy and in pieces of a megabyte: UTF-8, quotes (RFC 4180), line ends, fields, blank lines.
"""

import codecs
import csv as python_csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gridfold.api.validation import show
from gridfold_trainer.data.encodings import not_utf8
from gridfold_trainer.errors import UnreadableTableError

SHOWN_PROBLEMS = 5
#: A record of more bytes is no record but a quote that never closes.
RECORD_BYTES = 256 * 1024 * 1024
_SEVERAL = 2
_LF, _CR = b"\n\r"
_WHITE = b" \t\r\n\x0b\x0c"


@dataclass(frozen=True)
class Dialect:
    """How fields are divided; both are one ASCII character."""

    delimiter: str = ","
    quote: str = '"'


@dataclass(frozen=True)
class Block:
    """Whole records, without blank lines; on average, each has the fields it should have.

    So where one has too few another one has too many, and polars refuses that. `check_records` tells which.
    """

    content: bytes
    records: int
    line: int = 1  #: of its first record, in the file
    thinned: bool = False  #: blank lines were taken out, so not every line of the file is in it


def check_records(block: Block, source: str, dialect: Dialect, width: int) -> None:
    """Look at each record of a block that polars has refused.

    Raises:
        UnreadableTableError: some have more or fewer fields than `width`; up to five, with their lines.
    """
    CsvScanner(source, dialect, ("",) * width, block.line).look_at_all(block.content)


class CsvScanner:
    """One pass over a CSV file."""

    def __init__(self, source: str, dialect: Dialect, first: tuple[str, ...] = (), line: int = 1) -> None:
        """Start before the first byte, or at a later line; `source` is what to call the file in messages."""
        self.first = first  #: fields of the first record, once a block was yielded
        self.width = 0  #: how many fields all records behind it have, in the same piece; 0: they differ
        self._source = source
        self._dialect = dialect
        self._delimiter, self._quote = ord(dialect.delimiter), ord(dialect.quote)
        self._white = _WHITE.replace(dialect.delimiter.encode(), b"")
        self._line = line  #: of the first byte that no block has had
        self._problems: list[str] = []

    def blocks(self, pieces: Iterable[bytes]) -> Iterator[Block]:
        """Yield the records of a file.

        Raises:
            UnreadableTableError: it is not well-formed; up to five problems with their lines.
        """
        buffer = b""
        begun = False
        for piece in pieces:
            buffer += piece
            if not begun and len(buffer) < len(codecs.BOM_UTF8):
                continue
            buffer = buffer if begun else buffer.removeprefix(codecs.BOM_UTF8)
            begun = True
            end, block = self._take(buffer, final=False)
            buffer = buffer[end:]
            if block.records:
                yield block
            if len(buffer) > RECORD_BYTES:
                raise UnreadableTableError(
                    f"{self._source}, line {self._line}: a record of more than {RECORD_BYTES} bytes; is a quote "
                    f"({self._dialect.quote}) not closed?"
                )
        _, block = self._take(buffer if begun else buffer.removeprefix(codecs.BOM_UTF8), final=True)
        if block.records:
            yield block
        if not self.first:
            raise UnreadableTableError(f"{self._source} has no record, only blank lines; expected a CSV file.")

    def look_at_all(self, content: bytes) -> None:
        """Check whole records one by one."""
        self._take_any(content, final=True)

    def _take(self, buffer: bytes, *, final: bool) -> tuple[int, Block]:
        """Return the end of the last whole record in the buffer, and all whole ones."""
        return self._take_plain(buffer) or self._take_any(buffer, final=final)

    def _take_plain(self, buffer: bytes) -> tuple[int, Block] | None:
        """Return what `_take` returns where no field has a line feed and nothing is wrong, much faster; else None."""
        width = len(self.first)
        end = buffer.rfind(b"\n") + 1
        if width < _SEVERAL or not end:
            return None
        content = buffer[:end]
        data = np.frombuffer(content, dtype=np.uint8)
        records, is_delimiter = int(np.count_nonzero(data == _LF)), data == self._delimiter
        inside = self._delimiters_in_quotes(data, is_delimiter) if self._dialect.quote.encode() in content else 0
        if inside is None or int(np.count_nonzero(is_delimiter)) - inside != (width - 1) * records:
            return None
        if not _is_plain_text(content):
            return None
        block = Block(content, records, self._line)
        self._line += records
        return end, block

    def _delimiters_in_quotes(self, data: np.ndarray, is_delimiter: np.ndarray) -> int | None:
        """Return how many delimiters are in quoted fields; None where quotes or line ends are in the way."""
        quotes = np.flatnonzero(data == self._quote)
        if len(quotes) % 2 or len(self._wrong_quotes(data, quotes)):
            return None
        pairs = quotes.reshape(-1, 2)
        pairs = pairs[pairs[:, 1] - pairs[:, 0] > 1]  # most often all are "" for an empty text
        if not len(pairs):
            return 0
        lines = np.searchsorted(np.flatnonzero(data == _LF), pairs)
        if (lines[:, 0] != lines[:, 1]).any():
            return None
        return int(np.add.reduceat(is_delimiter, pairs.ravel(), dtype=np.int64)[::2].sum())

    def _take_any(self, buffer: bytes, *, final: bool) -> tuple[int, Block]:
        data = np.frombuffer(buffer, dtype=np.uint8)
        quotes = np.flatnonzero(data == self._quote)
        self._check_quotes(buffer, data, quotes)
        ends = _outside(np.flatnonzero(data == _LF), quotes)
        end = int(ends[-1]) + 1 if len(ends) else 0
        if final and len(quotes) % 2 and not self._problems:
            quote = self._dialect.quote
            what = f"a field that begins with a quote ({quote}) has no closing quote up to the end of the file"
            self._problem(buffer, end, what)
        if final and end < len(buffer):
            end = len(buffer)
            ends = np.append(ends, end)
        self._raise_problems()
        if not end:
            return 0, Block(b"", 0)
        content = buffer[:end]
        self._check_text(content, data[:end])
        blanks, records = self._records(content, data[:end], quotes, ends)
        self._raise_problems()
        block = Block(_without(content, blanks), records, self._line, thinned=bool(blanks))
        self._line += content.count(b"\n")
        return end, block

    def _check_text(self, content: bytes, data: np.ndarray) -> None:
        """Note bytes that are no text."""
        if not data.all():
            what = "a NUL byte, which text does not have; is the file UTF-16, or not text at all?"
            self._problem(content, int(np.argmin(data)), what)
        if data.max() < 128:
            return
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            self._problem(content, error.start, not_utf8(content, error.start))

    def _check_quotes(self, content: bytes, data: np.ndarray, quotes: np.ndarray) -> None:
        """Note the first quote that is in a wrong place; what follows it is guesswork."""
        for position in self._wrong_quotes(data, quotes)[:1]:
            quote = self._dialect.quote
            what = f"a quote ({quote}) inside a field; put the whole field in quotes and double the one inside"
            self._problem(content, int(position), what)

    def _wrong_quotes(self, data: np.ndarray, quotes: np.ndarray) -> np.ndarray:
        """Return those quotes that neither enclose a whole field nor are doubled within one."""
        opening = np.arange(len(quotes)) % 2 == 0
        last = len(data) - 1
        before = data[np.maximum(quotes - 1, 0)]
        after = data[np.minimum(quotes + 1, last)]
        opens = (before == self._delimiter) | (before == _LF) | (before == self._quote) | (quotes == 0)
        closes = (after == self._delimiter) | (after == _LF) | (after == _CR) | (after == self._quote)
        wrong: np.ndarray = quotes[np.where(opening, ~opens, ~(closes | (quotes == last)))]
        return wrong

    def _records(
        self, content: bytes, data: np.ndarray, quotes: np.ndarray, ends: np.ndarray
    ) -> tuple[list[tuple[int, int]], int]:
        """Check records (which end at these positions) and return the blank ones, and how many are not."""
        quotes = quotes[quotes < len(data)]
        delimiters = _outside(np.flatnonzero(data == self._delimiter), quotes)
        self._check_returns(content, data, _outside(np.flatnonzero(data == _CR), quotes))
        counts = np.diff(np.searchsorted(delimiters, ends), prepend=0)
        starts = np.concatenate([[0], ends[:-1] + 1])
        blanks: list[tuple[int, int]] = []
        begin = 0
        while not self.first and begin < len(starts):
            start, end = int(starts[begin]), int(ends[begin])
            if content[start:end].strip(self._white):
                self.first = self._fields(content, start, end)
            else:
                blanks.append((start, end + 1))
            begin += 1
            found = set(counts[begin:][counts[begin:] > 0].tolist())
            self.width = found.pop() + 1 if len(found) == 1 else 0
        suspects = counts != len(self.first) - 1
        if len(self.first) == 1:
            suspects |= np.isin(data[np.minimum(starts, len(data) - 1)], list(_WHITE))
        suspects[:begin] = False
        for index in np.flatnonzero(suspects):
            start, end = int(starts[index]), int(ends[index])
            if not content[start:end].strip(self._white):  # a delimiter is no white space, not even a tab
                blanks.append((start, end + 1))
            elif counts[index] != len(self.first) - 1 and len(self._problems) < SHOWN_PROBLEMS:
                what = f"{int(counts[index]) + 1} fields; expected {len(self.first)}, as in the first record"
                self._problem(content, start, what)
        return blanks, len(starts) - len(blanks)

    def _check_returns(self, content: bytes, data: np.ndarray, returns: np.ndarray) -> None:
        after = data[np.minimum(returns + 1, len(data) - 1)]
        for position in returns[after != _LF][:1]:
            what = "a carriage return without line feed; end lines with LF or CR LF"
            self._problem(content, int(position), what)

    def _fields(self, content: bytes, start: int, end: int) -> tuple[str, ...]:
        """Return the fields of the first record."""
        text = content[start:end].removesuffix(b"\r").decode("utf-8", errors="replace")
        dialect = self._dialect
        try:
            source = io.StringIO(text, newline="")
            reader = python_csv.reader(source, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
            return tuple(next(reader))
        except python_csv.Error as error:
            self._problem(content, start, f"the first record is no CSV ({error}): {show(text)}")
            return ("",)

    def _problem(self, content: bytes, position: int, what: str) -> None:
        line = self._line + content.count(b"\n", 0, position)
        self._problems.append(f"{self._source}, line {line}: {what}.")

    def _raise_problems(self) -> None:
        if self._problems:
            raise UnreadableTableError(*self._problems[:SHOWN_PROBLEMS])


def _is_plain_text(content: bytes) -> bool:
    """Tell whether bytes are UTF-8 without NUL, and with carriage returns before line feeds only."""
    if b"\0" in content or (b"\r" in content and content.count(b"\r") != content.count(b"\r\n")):
        return False
    if content.isascii():
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _outside(positions: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Return those positions that are not inside a quoted field."""
    if not len(quotes):
        return positions
    outside: np.ndarray = positions[np.searchsorted(quotes, positions) % 2 == 0]
    return outside


def _without(content: bytes, ranges: list[tuple[int, int]]) -> bytes:
    """Return the content without some byte ranges, ascending."""
    if not ranges:
        return content
    begins = [0, *(end for _, end in ranges)]
    return b"".join(
        content[begin:end] for begin, end in zip(begins, [*(s for s, _ in ranges), len(content)], strict=True)
    )
