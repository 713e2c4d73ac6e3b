"""Blocks of CSV records as tables, by polars: texts, and floats where all fields have been plain numbers so far."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import Csv
from gridfold_trainer.data.csv_scan import Block, check_records
from gridfold_trainer.data.csv_text import dialect_of
from gridfold_trainer.data.number_readers import CODE
from gridfold_trainer.data.numbers import EXACT_INTEGERS, numbers_among
from gridfold_trainer.data.padded import padded_columns
from gridfold_trainer.data.repeated_headers import check_order, header_rows, lines_of
from gridfold_trainer.errors import DataError, UnreadableTableError

#: More would wait for whoever takes the frames, and each holds one in memory.
_THREADS = 4


@dataclass(frozen=True)
class _Attempt:
    """A block that was read, with what was found of its columns."""

    frame: Any
    floats: frozenset[str]  #: columns that are floats in the frame
    plain: frozenset[str]  #: columns whose fields are all plain numbers or empty
    repeated: tuple[int, ...] = ()  #: lines that repeat the header; they are not in the frame


class BlockParser:
    """Reads the blocks of one file.

    The first block is read as text. A column whose fields are all plain numbers or empty is read as floats from then
    on, which takes half the time and memory. A block in which that fails, or gives anything but ordinary numbers, is
    read as text again, so that the rules for numbers see every spelling that is not plain. A number that may be a
    marker is not plain: "-1" means that there is no value, and "-1.0" does not.
    """

    def __init__(
        self, source: str, names: Sequence[str], csv: Csv, texts: frozenset[str], header: Sequence[str] = ()
    ) -> None:
        """Start a file; `texts` are the columns that must stay as they are spelled, `header` is its first record."""
        self.repeated: list[int] = []  #: lines that repeat the header
        self._header = header or names
        self._source, self._names, self._dialect = source, names, dialect_of(csv)
        self._plain = frozenset(names) - texts  #: columns whose fields have all been plain so far
        self._markers = numbers_among(marker.strip() for marker in csv.missing_values)
        self._begun = False  #: a field has been seen

    def parse(self, block: Block, *, header: bool = False) -> Any:
        """Return a block as a polars DataFrame, its header record left out.

        Raises:
            UnreadableTableError: records have more or fewer fields than there are names.
        """
        return self._settle(block, self._attempt(block, self._floats(), int(header)))

    def parse_all(self, blocks: Iterable[Block]) -> Iterator[Any]:
        """Yield what `parse` returns for each block; some blocks ahead are read at once, as far as there are cores.

        What is wrong with a block is raised before what is wrong behind it.
        """
        import polars as pl

        threads = min(_THREADS, pl.thread_pool_size())
        waiting: deque[tuple[Block, Future[_Attempt]]] = deque()
        failure: DataError | None = None
        with ThreadPoolExecutor(threads, thread_name_prefix="csv") as pool:
            for block in _until_error(blocks):
                if isinstance(block, DataError):
                    failure = block
                    break
                waiting.append((block, pool.submit(self._attempt, block, self._floats())))
                if len(waiting) > threads:
                    first, attempt = waiting.popleft()
                    yield self._settle(first, attempt.result())
            while waiting:
                first, attempt = waiting.popleft()
                yield self._settle(first, attempt.result())
        if failure is not None:
            raise failure

    def _floats(self) -> frozenset[str]:
        """Return the columns to read as floats."""
        return self._plain if self._begun else frozenset()

    def _settle(self, block: Block, attempt: "_Attempt") -> Any:
        """Return the frame of the block that is next, read again if its floats were of columns that are plain no more.

        What was text in an earlier block may be text in all of them, so no spelling may be lost from then on.
        """
        if not attempt.floats <= self._plain:
            attempt = self._attempt(block, self._plain)
        self.repeated += attempt.repeated
        if attempt.frame.height:
            self._plain &= attempt.plain
            self._begun = True
        return attempt.frame

    def _attempt(self, block: Block, floats: frozenset[str], skipped: int = 0) -> "_Attempt":
        """Read a block with these columns as floats if that can be, else all as text; thread-safe."""
        import polars as pl

        if floats and not self._has_codes(block, floats):
            try:
                frame = self._read(block, floats)
                if self._are_ordinary(frame.select(sorted(floats))):
                    frame, repeated = self._without_headers(frame, block)
                    return _Attempt(frame, floats, floats, repeated)
            except pl.exceptions.PolarsError:
                pass  # a field is no number: its column is found below
        frame, repeated = self._without_headers(self._read(block, frozenset()), block, skipped)
        plain = self._plain_among(frame)
        if plain:  # the next blocks will have them as floats, too
            frame = frame.cast(dict.fromkeys(plain, pl.Float64), strict=False)
        return _Attempt(frame, plain, plain, repeated)

    def _without_headers(self, frame: Any, block: Block, skipped: int = 0) -> tuple[Any, tuple[int, ...]]:
        """Return a frame without its header and those that stand among its rows, and the lines of the latter."""
        found = header_rows(frame.slice(skipped), self._header) + skipped
        check_order(frame, self._header, self._source)
        if not len(found):
            return frame.slice(skipped), ()
        kept = np.ones(frame.height, dtype=bool)
        kept[found] = kept[:skipped] = False
        return frame.filter(kept), tuple(lines_of(block, found, self._dialect))

    def _has_codes(self, block: Block, floats: frozenset[str]) -> bool:
        """Tell whether a field of these columns may be a whole number with a leading zero: 01234 is not 1234."""
        found = self._dialect
        padded = padded_columns(block.content, len(self._names), found.delimiter, found.quote)
        return any(self._names[number] in floats for number in padded)

    def _plain_among(self, frame: Any) -> frozenset[str]:
        """Return the columns whose texts are all empty or numbers that need no second look.

        All columns at once: one by one, a table of many columns takes minutes.
        """
        import polars as pl

        texts = frame.select(column for column in frame if column.name in self._plain)
        if not texts.width or not texts.height:
            return frozenset(texts.columns)
        floats = texts.select(pl.all().cast(pl.Float64, strict=False))
        marked = floats.select(pl.all().is_in(self._markers).any()).row(0) if self._markers else [False] * texts.width
        found = zip(
            texts.columns,
            texts.select((pl.all() == "").sum()).row(0),
            floats.null_count().row(0),
            floats.select((pl.all().abs() < EXACT_INTEGERS).all()).row(0),
            texts.select(pl.all().str.contains(CODE).any()).row(0),
            marked,
            strict=True,
        )
        return frozenset(
            name
            for name, empty, unread, ordinary, codes, marks in found
            if empty == unread and ordinary and not codes and not marks
        )

    def _are_ordinary(self, floats: Any) -> bool:
        """Tell whether all floats of a frame are null, or finite and such that the spelling does not matter."""
        import polars as pl

        if not floats.select(pl.all_horizontal((pl.all().abs() < EXACT_INTEGERS).all())).item():
            return False
        return not (self._markers and floats.select(pl.any_horizontal(pl.all().is_in(self._markers).any())).item())

    def _read(self, block: Block, floats: frozenset[str]) -> Any:
        import polars as pl

        try:
            frame = pl.read_csv(
                block.content,
                has_header=False,
                schema={name: pl.Float64 if name in floats else pl.String for name in self._names},
                separator=self._dialect.delimiter,
                quote_char=self._dialect.quote,
                infer_schema=False,
                empty_string_is_null=False,
                missing_columns="raise",
                extra_columns="raise",
                glob=False,
            )
        except pl.exceptions.PolarsError as error:
            if floats:
                raise
            check_records(block, self._source, self._dialect, len(self._names))
            cause = " ".join(str(error).split())[:160]
            raise UnreadableTableError(f"{self._source} cannot be read as CSV: {cause}") from error
        if frame.height != block.records:
            raise UnreadableTableError(
                f"{self._source}: of {block.records} records polars reads {frame.height}; please report this file."
            )
        return frame


def grouped(blocks: Iterable[Block], size: Callable[[], int]) -> Iterator[Block]:
    """Yield blocks joined to ones of at least `size()` bytes, but for the last and those with lines taken out.

    Small pieces are quick to look at (all that is known of them fits the processor's cache), large ones to parse.
    """
    waiting: list[Block] = []
    try:
        for block in blocks:
            waiting.append(block)
            if block.thinned or sum(len(other.content) for other in waiting) >= size():
                yield _joined(waiting)
                waiting = []
    except DataError:
        if waiting:  # before what is wrong behind it
            yield _joined(waiting)
        raise
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    content = b"".join(block.content for block in blocks)
    return Block(content, sum(block.records for block in blocks), blocks[0].line, blocks[-1].thinned)


def _until_error(blocks: Iterable[Block]) -> Iterator[Block | DataError]:
    """Yield the blocks, and as the last item what is wrong with the file, in place of raising it."""
    try:
        yield from blocks
    except DataError as error:
        yield error
