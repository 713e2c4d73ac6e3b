"""The matrix in the making: a file to which rows come piece by piece, and in which every column lies in one piece."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridfold_trainer.storage.local_files import check_allowance, check_room, room_for

#: Of an .npy file of two axes: numpy pads the header to a multiple of 64 bytes.
_HEADER_BYTES = 128
_VALUE_BYTES = 8
_BLOCK_BYTES = 512  # of st_blocks, whatever the disk's own are
#: Moved at once when columns need more room.
_MOVED = 1_000_000
#: Written between two looks at what a pod may write: the kubelet looks every ten seconds.
_CHECKED_BYTES = 64 * 2**20


class MatrixFile:
    """X.npy, in two steps: rows are added to slots, one a column; then the columns that stay are kept, in order.

    The number of rows is not known before the last one has come, so slots are a little longer than what is expected,
    and where still more rows come they are moved apart. Columns are kept in the same file, each read before anything
    is written over it, so that what is in memory at once is a column, and what is on the disk hardly more than X.npy
    (less than twice as much, where far more rows came than were expected).

    By plain reads and writes, not through a map: where the disk is full, a map ends the process without a word.
    """

    def __init__(self, path: Path, columns: int, expected_rows: int = 0) -> None:
        """Make the file; `expected_rows` may be wrong.

        Raises:
            ScratchFullError: the disk is full, here or in any call that writes.
        """
        self.path = path
        self._capacity = max(1, expected_rows)
        self._filled = [0] * columns  #: rows in each slot
        self._kept = 0
        self._rows = 0  #: of the columns that were kept
        self._unchecked = 0  #: bytes that were written since somebody looked whether that many may be
        path.unlink(missing_ok=True)  # where it was uploaded, it may be an object now
        with room_for(path):
            self._file = path.open("w+b", buffering=0)

    def add(self, slot: int, values: np.ndarray) -> None:
        """Add the next rows, (any,) float64, of a column."""
        begin, end = self._filled[slot], self._filled[slot] + len(values)
        if end > self._capacity:
            self._move_apart(max(end, 2 * self._capacity))
        self._write(slot * self._capacity + begin, values)
        self._filled[slot] = end

    def read(self, slot: int) -> np.ndarray:
        """Return the rows of a column, (rows,) float64."""
        return self._read(slot * self._capacity, self._filled[slot])

    def empty(self, slot: int) -> None:
        """Forget the rows of a column."""
        self._filled[slot] = 0

    def check_room(self, rows: int) -> None:
        """Make sure, now that the number of rows is known, that the disk has room for what is not written yet.

        Raises:
            ScratchFullError: it has not.
        """
        written = os.fstat(self._file.fileno()).st_blocks * _BLOCK_BYTES
        left = max(0, _VALUE_BYTES * rows * len(self._filled) - written)
        check_room(self.path.parent, left, "the rest of the prepared data")

    def keep(self, values: np.ndarray) -> None:
        """Make this the next column of X, (rows,) float64.

        Columns are kept in the order of their slots. Nothing may be read afterwards from the column's own slot or one
        before it.
        """
        self._rows = len(values)
        self._write(self._kept * self._rows, values)
        self._kept += 1

    def complete(self) -> None:
        """Write the header, now that the shape is known, and end the file where the last column ends."""
        shape = (self._rows, self._kept)
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": True, "shape": shape})
        if header.tell() != _HEADER_BYTES:
            raise AssertionError(
                f"numpy writes a header of {header.tell()} bytes for {shape}; {_HEADER_BYTES} are kept free"
            )
        with room_for(self.path):
            os.pwrite(self._file.fileno(), header.getvalue(), 0)
            self._file.truncate(_HEADER_BYTES + _VALUE_BYTES * self._rows * self._kept)
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _move_apart(self, capacity: int) -> None:
        """Give each slot this much room, twice the old at least: then none overlaps its old place, or one before it."""
        for slot in reversed(range(1, len(self._filled))):
            filled = self._filled[slot]
            for begin in range(0, filled, _MOVED):
                moved = self._read(slot * self._capacity + begin, min(_MOVED, filled - begin))
                self._write(slot * capacity + begin, moved)
        self._capacity = capacity

    def _read(self, at: int, count: int) -> np.ndarray:
        values = np.empty(count)
        left = values.data.cast("B")
        position = _HEADER_BYTES + _VALUE_BYTES * at
        while left:
            size = os.preadv(self._file.fileno(), [left], position)
            if not size:
                raise AssertionError(f"{self.path} ends before byte {position + len(left)}")
            left, position = left[size:], position + size
        return values

    def _write(self, at: int, values: np.ndarray) -> None:
        left = np.ascontiguousarray(values, dtype=np.float64).data.cast("B")
        position = _HEADER_BYTES + _VALUE_BYTES * at
        self._unchecked += len(left)
        if self._unchecked >= _CHECKED_BYTES:
            self._unchecked = 0
            check_allowance(0, "the prepared data")
        with room_for(self.path):
            while left:
                size = os.pwrite(self._file.fileno(), left, position)
                left, position = left[size:], position + size


@dataclass(frozen=True)
class Slot:
    """The place of one column: what `ColumnBuilder` puts its numbers into."""

    file: MatrixFile
    number: int

    def append(self, values: np.ndarray) -> None:
        """Take the next rows."""
        self.file.add(self.number, values)

    def all(self) -> np.ndarray:
        """Return all rows, (rows,) float64."""
        return self.file.read(self.number)

    def clear(self) -> None:
        """Forget all rows."""
        self.file.empty(self.number)
