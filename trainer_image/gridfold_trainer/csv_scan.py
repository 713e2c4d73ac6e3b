"""A first look at a CSV file, byte by byte: everything that polars would repair or hide without a word.

polars fills short rows, turns blank lines into rows and renames columns of the same name. So the file is checked
first, in numpy and in pieces of a few megabytes: UTF-8, quotes (RFC 4180), line ends, fields per record, blank lines.
"""

import codecs
import csv as python_csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gridfold.api.validation import show
from gridfold_trainer.errors import UnreadableTableError

PIECE_BYTES = 4 * 1024 * 1024
SHOWN_PROBLEMS = 5
BOM = codecs.BOM_UTF8
_QUOTE, _LF, _CR = b'"\n\r'
_WHITE = b" \t\r\n\x0b\x0c"
_FOREIGN = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "ZIP (or Excel)",
    b"PAR1": "Parquet",
    b"(\xb5/\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(frozen=True)
class Layout:
    """What a CSV file is made of."""

    first: tuple[str, ...]  #: fields of the first record that is not blank
    records: int  #: that are not blank, the first included
    blanks: tuple[tuple[int, int], ...] = ()  #: byte ranges of blank lines, line ends included


def scan(path: Path, source: str, delimiter: str) -> Layout:
    """Return the layout of a well-formed file.

    Args:
        path: the file.
        source: what to call it in messages.
        delimiter: one ASCII character.

    Raises:
        UnreadableTableError: with up to five problems and their lines.
    """
    if path.stat().st_size == 0:
        raise UnreadableTableError(f"{source} is empty (0 bytes); expected a CSV file.")
    data = np.memmap(path, dtype=np.uint8, mode="r")
    for magic, name in _FOREIGN.items():
        if data[: len(magic)].tobytes() == magic:
            raise UnreadableTableError(f"{source} is not CSV in UTF-8 but {name}; convert it before.")
    return _Scan(data, source, delimiter).run()


@dataclass
class _Scan:
    """One pass over a file; the fields below the first three are where it stands."""

    data: np.ndarray
    source: str
    delimiter: str
    inside: int = 0  #: 1 in a quoted field
    delimiters: int = 0  #: seen in the record that has begun
    record_start: int = 0
    first: tuple[str, ...] = ()
    records: int = 0
    blanks: list[tuple[int, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def run(self) -> Layout:
        """Look at the whole file."""
        size = len(self.data)
        self.record_start = len(BOM) if self.data[: len(BOM)].tobytes() == BOM else 0
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, size, PIECE_BYTES):
            stop = min(size, start + PIECE_BYTES)
            self._check_text(decoder, start, stop)
            self._check_structure(start, stop)
            if self.problems:
                raise UnreadableTableError(*self.problems[:SHOWN_PROBLEMS])
        self._end(size)
        return Layout(self.first, self.records, tuple(self.blanks))

    def _end(self, size: int) -> None:
        """Close what is open at the end of the file."""
        if self.inside:
            line = self._line(self.record_start)
            self._problem(line, 'a field that begins with a quote (") has no closing quote up to the end of the file')
        elif self.record_start < size:
            self._records(np.array([self.record_start]), np.array([size]), np.array([self.delimiters]))
        if not self.records and not self.problems:
            self.problems.append(f"{self.source} has no record, only blank lines; expected a CSV file.")
        if self.problems:
            raise UnreadableTableError(*self.problems[:SHOWN_PROBLEMS])

    def _check_text(self, decoder: codecs.IncrementalDecoder, start: int, stop: int) -> None:
        """Note bytes that are no text."""
        piece = self.data[start:stop]
        if not piece.all():
            line = self._line(start + int(np.argmin(piece)))
            self._problem(line, "a NUL byte, which text does not have; is the file UTF-16, or not text at all?")
        waiting = len(decoder.getstate()[0])
        if not waiting and piece.max() < 128:
            return
        try:
            decoder.decode(piece.tobytes(), final=stop == len(self.data))
        except UnicodeDecodeError as error:
            offset = start - waiting + error.start
            self._problem(self._line(offset), f"byte 0x{self.data[offset]:02x} is not UTF-8; convert the file to UTF-8")

    def _check_structure(self, start: int, stop: int) -> None:
        """Divide a piece into records."""
        piece = self.data[start:stop]
        quotes = np.flatnonzero(piece == _QUOTE) + start
        self._check_quotes(quotes)
        ends, delimiters, returns = (
            self._outside(np.flatnonzero(piece == byte) + start, quotes) for byte in (_LF, ord(self.delimiter), _CR)
        )
        self._check_returns(returns)
        self.inside = (self.inside + len(quotes)) % 2
        if self.problems:
            return
        if not len(ends):
            self.delimiters += len(delimiters)
            return
        before = np.searchsorted(delimiters, ends)
        counts = np.diff(before, prepend=0)
        counts[0] += self.delimiters
        self.delimiters = len(delimiters) - int(before[-1])
        starts = np.concatenate([[self.record_start], ends[:-1] + 1])
        self.record_start = int(ends[-1]) + 1
        self._records(starts, ends, counts)

    def _outside(self, positions: np.ndarray, quotes: np.ndarray) -> np.ndarray:
        """Return those positions that are not inside a quoted field."""
        outside: np.ndarray = positions[(np.searchsorted(quotes, positions) + self.inside) % 2 == 0]
        return outside

    def _check_quotes(self, quotes: np.ndarray) -> None:
        """Note quotes that neither enclose a whole field nor are doubled within one."""
        opening = (np.arange(len(quotes)) + self.inside) % 2 == 0
        before = self.data[np.maximum(quotes - 1, 0)]
        after = self.data[np.minimum(quotes + 1, len(self.data) - 1)]
        text_start = len(BOM) if self.data[: len(BOM)].tobytes() == BOM else 0
        opens = np.isin(before, [ord(self.delimiter), _LF, _QUOTE]) | (quotes == text_start)
        closes = np.isin(after, [ord(self.delimiter), _LF, _CR, _QUOTE]) | (quotes == len(self.data) - 1)
        for position in quotes[np.where(opening, ~opens, ~closes)][:1]:  # what follows one is guesswork
            line = self._line(int(position))
            self._problem(line, 'a quote (") inside a field; put the whole field in quotes and double the one inside')

    def _check_returns(self, returns: np.ndarray) -> None:
        after = self.data[np.minimum(returns + 1, len(self.data) - 1)]
        for position in returns[(after != _LF)][:1]:
            self._problem(self._line(int(position)), "a carriage return without line feed; end lines with LF or CR LF")

    def _records(self, starts: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> None:
        """Take records (byte ranges without the final line feed, numbers of delimiters) into account."""
        begin = 0
        while not self.first and begin < len(starts):
            start, end = int(starts[begin]), int(ends[begin])
            if self._is_blank(start, end):
                self.blanks.append((start, end + 1))
            else:
                self.first = self._fields(start, end)
                self.records += 1
            begin += 1
        starts, ends, counts = starts[begin:], ends[begin:], counts[begin:]
        suspects = counts != len(self.first) - 1
        if len(self.first) == 1:
            suspects |= np.isin(self.data[np.minimum(starts, len(self.data) - 1)], list(_WHITE))
        self.records += len(starts)
        for index in np.flatnonzero(suspects):
            start, end = int(starts[index]), int(ends[index])
            if self._is_blank(start, end):
                self.blanks.append((start, end + 1))
                self.records -= 1
            elif counts[index] != len(self.first) - 1 and len(self.problems) < SHOWN_PROBLEMS:
                found = int(counts[index]) + 1
                self._problem(self._line(start), f"{found} fields; expected {len(self.first)}, as in the first record")

    def _is_blank(self, start: int, end: int) -> bool:
        """Tell whether a record is nothing but white space (a delimiter is none, not even a tab)."""
        white = _WHITE.replace(self.delimiter.encode(), b"")
        return not self.data[start:end].tobytes().strip(white)

    def _fields(self, start: int, end: int) -> tuple[str, ...]:
        """Return the fields of the first record."""
        text = self.data[start:end].tobytes().removesuffix(b"\r").decode("utf-8", errors="replace")
        try:
            reader = python_csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
            return tuple(next(reader))
        except python_csv.Error as error:
            self._problem(self._line(start), f"the first record is no CSV ({error}): {show(text)}")
            return ("",)

    def _line(self, offset: int) -> int:
        """Return the number of the line that a byte is in, from 1."""
        pieces = range(0, offset, PIECE_BYTES)
        return 1 + sum(int(np.count_nonzero(self.data[at : min(offset, at + PIECE_BYTES)] == _LF)) for at in pieces)

    def _problem(self, line: int, what: str) -> None:
        self.problems.append(f"{self.source}, line {line}: {what}.")
