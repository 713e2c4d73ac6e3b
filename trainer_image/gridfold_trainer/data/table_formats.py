"""Sources as tables, piece by piece: texts where the format has texts, numbers where it has numbers."""

import json
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

from gridfold.api.v1alpha1 import Csv, DataFormat, Encoding
from gridfold.api.validation import show
from gridfold_trainer.data.ahead import ahead
from gridfold_trainer.data.column_names import check_names
from gridfold_trainer.data.contents import GROUPED_PIECES, Kind, foreign, from_latin1, text_pieces
from gridfold_trainer.data.csv_blocks import BlockParser, grouped
from gridfold_trainer.data.csv_scan import CsvScanner, Dialect
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.errors import SourceTooLargeError, UnreadableTableError

#: Rows of Parquet that are taken at once: about as much memory as a piece of text.
_BATCH_CELLS = 2_000_000
_NUL = "\0"


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
        yield from _parquet(file, kind, reading)
        return
    with closing(text_pieces(file, kind, reading.limit_bytes, reading.piece_bytes)) as pieces:
        yield from _json_lines(file, pieces) if kind.format is DataFormat.JSON_LINES else _csv(file, pieces, reading)


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


def _json_lines(file: Fetched, pieces: Iterable[bytes]) -> Iterator[Any]:
    """Yield objects as rows of texts: numbers as they are spelled, true and false as 1 and 0, null as missing."""
    import polars as pl

    names: dict[str, None] = {}  #: in the order of the first object
    line = 1
    rest = b""
    for piece in chain(pieces, [b""]):
        whole, newline, rest = (rest + piece).rpartition(b"\n") if piece else (rest, b"", b"")
        text = _decoded(whole + newline, file.uri, line)
        rows: list[Sequence[str | None]] = []
        for number, found in enumerate(text.split("\n"), line):
            if found.strip():
                pairs = _object(found, file.uri, number)
                names = names or dict.fromkeys(name for name, _ in pairs)
                rows.append(_row(pairs, names, f"{file.uri}, line {number}"))
        line += text.count("\n")
        if rows:
            columns = list(zip(*rows, strict=True))
            schema = dict.fromkeys(names, pl.String)
            yield pl.DataFrame(dict(zip(names, columns, strict=True)), schema=schema)
    if not names:
        raise UnreadableTableError(f"{file.uri} has no object, only blank lines; expected JSON lines.")


def _decoded(content: bytes, source: str, line: int) -> str:
    try:
        return content.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        line += content.count(b"\n", 0, error.start)
        what = f"byte 0x{content[error.start]:02x} is not UTF-8; convert the file to UTF-8"
        raise UnreadableTableError(f"{source}, line {line}: {what}.") from error


class _NoNumberError(ValueError):
    """NaN or Infinity, which Python reads and JSON does not have."""


def _refuse(constant: str) -> NoReturn:
    raise _NoNumberError(f"{constant} is no number of JSON; write null for no value.")


#: Numbers as they are spelled; objects as tuples of their members, names that are there twice included.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_float=str, parse_int=str, parse_constant=_refuse)
_Pairs = tuple[tuple[str, Any], ...]
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  #: the only way to write half a character


def _object(text: str, source: str, line: int) -> _Pairs:
    try:
        found: Any = _DECODER.decode(text)
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except _NoNumberError as error:
        raise UnreadableTableError(f"{source}, line {line}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableTableError(
            f"{source}, line {line}: no JSON object ({_one_line(error)}); expected one object a line."
        ) from error
    if not isinstance(found, tuple):
        raise UnreadableTableError(f"{source}, line {line}: {text[:64]} is no JSON object; expected one a line.")
    if not found:
        raise UnreadableTableError(f"{source}, line {line}: an object without any name; expected columns.")
    return found


def _row(pairs: _Pairs, names: dict[str, None], where: str) -> Sequence[str | None]:
    found = dict(pairs)
    if len(found) < len(pairs) or found.keys() != names.keys():
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        if twice:
            raise UnreadableTableError(f"{where}: the object has {show(twice[0])} more than once.")
        missing = [name for name in names if name not in found]
        extra = [name for name in found if name not in names]
        difference = [f"lacks {', '.join(missing[:10])}"] if missing else []
        difference += [f"has {', '.join(extra[:10])} beside them"] if extra else []
        raise UnreadableTableError(
            f"{where}: the object does not have the names of the first one: it {' and '.join(difference)}; write null "
            f"for no value."
        )
    plain = (str, type(None))
    return [v if type(v := found[name]) in plain and _NUL not in (v or "") else _text(v, name, where) for name in names]


def _text(value: Any, name: str, where: str) -> str | None:
    if isinstance(value, str):
        if _NUL in value:
            raise UnreadableTableError(f"{where}: {name} has a NUL character, which text does not have.")
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if value is None:
        return None
    kind = "an object" if isinstance(value, tuple) else "a list"
    raise UnreadableTableError(
        f"{where}: {name} is {kind}; a column takes numbers, texts, true, false and null. Flatten the data before."
    )


def _parquet(file: Fetched, kind: Kind, reading: Reading) -> Iterator[Any]:
    import polars as pl

    if kind.compression:
        raise UnreadableTableError(f"{file.uri} is Parquet within {kind.compression}; Parquet is compressed by itself.")
    with file.path.open("rb") as start:
        begin = start.read(8)
    if not begin.startswith(b"PAR1"):
        found = foreign(begin)
        raise UnreadableTableError(
            f"{file.uri} is not Parquet{f' but {found}' if found else ''}; correct dataset.format or the suffix."
        )
    size = 0
    try:
        schema = pl.read_parquet_schema(file.path)
        columns = [_expression(name, dtype, file.uri) for name, dtype in schema.items()]
        rows = max(1, _BATCH_CELLS // max(1, len(columns)))
        query = pl.scan_parquet(file.path, glob=False).select(columns)
        yield pl.DataFrame(schema=query.collect_schema())
        for batch in query.collect_batches(chunk_size=rows, lazy=True, engine="streaming"):
            size += batch.estimated_size()
            if size > reading.limit_bytes:
                raise SourceTooLargeError(f"{file.uri} has more than {reading.limit_bytes} bytes when decompressed.")
            _check_nul(batch, file.uri)
            yield batch
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableTableError(f"{file.uri} cannot be read as Parquet: {_one_line(error)}; is it whole?") from error
    except pl.exceptions.PanicException as error:
        raise UnreadableTableError(f"{file.uri} cannot be read as Parquet: it is damaged.") from error


def _expression(name: str, dtype: Any, source: str) -> Any:
    """Return a column as integers, floats or texts (dates by ISO 8601).

    Raises:
        UnreadableTableError: its type is none of these.
    """
    import polars as pl

    column = pl.col(name)  # types are compared one by one: equal ones of polars may differ in their hash
    if dtype in (pl.Int128, pl.UInt128):
        return column.cast(pl.String)
    if dtype == pl.Boolean or dtype.is_integer():
        return column if dtype == pl.UInt64 else column.cast(pl.Int64)
    if dtype.is_float():
        return column.cast(pl.Float64)
    if dtype in (pl.Date, pl.Datetime, pl.Time):
        return column.dt.to_string("iso")
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null) or dtype.is_decimal():
        return column.cast(pl.String)
    raise UnreadableTableError(
        f"{source}: the column {name} has the type {dtype}; a column takes numbers, booleans, texts and dates. Flatten "
        f"or drop it before."
    )


def _check_nul(batch: Any, source: str) -> None:
    import polars as pl

    for column in batch:
        if column.dtype == pl.String and column.str.contains(_NUL, literal=True).any():
            raise UnreadableTableError(f"{source}: {column.name} has a NUL character, which text does not have.")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
