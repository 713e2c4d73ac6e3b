"""Parquet as tables: integers, floats and texts; what no column can have is refused by its name."""

from collections.abc import Iterator
from typing import Any

from gridfold_trainer.data.contents import Kind, foreign, one_line
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.value_kinds import ValueKinds
from gridfold_trainer.errors import SourceTooLargeError, UnreadableTableError

#: Rows that are taken at once: about as much memory as a piece of text.
_BATCH_CELLS = 2_000_000
_NUL = "\0"
_DECIMAL_DIGITS = 38  #: of what polars reads
_SHOWN = 10
_TYPE_CHARACTERS = 32


def parquet_frames(file: Fetched, kind: Kind, limit_bytes: int, kinds: ValueKinds) -> Iterator[Any]:
    """Yield the rows of a file as frames; the first has no row.

    Excluded columns of types that no column can have are not read: they come without any value.

    Raises:
        UnreadableTableError: it is no Parquet, is damaged, or has columns of such types that are not excluded.
        SourceTooLargeError: it has more than `limit_bytes` in memory.
    """
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
        _check_types(schema, file.uri, kinds.excluded)
        columns = [_expression(name, dtype, file.uri, kinds) for name, dtype in schema.items()]
        rows = max(1, _BATCH_CELLS // max(1, len(columns)))
        query = pl.scan_parquet(file.path, glob=False).select(columns)
        yield pl.DataFrame(schema=query.collect_schema())
        for batch in query.collect_batches(chunk_size=rows, lazy=True, engine="streaming"):
            size += batch.estimated_size()
            if size > limit_bytes:
                raise SourceTooLargeError(f"{file.uri} has more than {limit_bytes} bytes when decompressed.")
            _check_nul(batch, file.uri)
            yield batch
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableTableError(f"{file.uri} cannot be read as Parquet: {one_line(error)}; is it whole?") from error
    except pl.exceptions.PanicException as error:
        raise UnreadableTableError(f"{file.uri} cannot be read as Parquet: it is damaged.") from error


def _check_types(schema: Any, source: str, excluded: frozenset[str]) -> None:
    """Refuse types that no column can have.

    Raises:
        UnreadableTableError: with all such columns that are not excluded.
    """
    odd = {name: str(dtype) for name, dtype in schema.items() if name not in excluded and _is_odd(dtype)}
    if odd:
        found = [f"{name} has the type {dtype[:_TYPE_CHARACTERS]}" for name, dtype in list(odd.items())[:_SHOWN]]
        more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        raise UnreadableTableError(
            f"{source}: the column {', the column '.join(found)}{more}; a column takes numbers, booleans, texts and "
            f"dates. Exclude them, spec.dataset.excludeColumns: [{', '.join(list(odd)[:_SHOWN])}], or flatten them "
            f"before."
        )


def _is_odd(dtype: Any) -> bool:
    import polars as pl

    if dtype.is_decimal():
        return bool(dtype.precision > _DECIMAL_DIGITS)
    known = dtype in (pl.Boolean, pl.Date, pl.Datetime, pl.Time, pl.String, pl.Categorical, pl.Enum, pl.Null)
    return not (known or dtype.is_integer() or dtype.is_float())


def _expression(name: str, dtype: Any, source: str, kinds: ValueKinds) -> Any:
    """Return a column as integers, floats or texts (dates by ISO 8601)."""
    import polars as pl

    column = pl.col(name)  # types are compared one by one: equal ones of polars may differ in their hash
    if _is_odd(dtype):
        return pl.lit(None, dtype=pl.String).alias(name)
    if dtype in (pl.Int128, pl.UInt128):
        return column.cast(pl.String)
    if dtype == pl.Boolean:
        kinds.note_boolean(name, source)
        return column
    if dtype.is_integer():
        return column if dtype == pl.UInt64 else column.cast(pl.Int64)
    if dtype.is_float():
        return column.cast(pl.Float64)
    if dtype in (pl.Date, pl.Datetime, pl.Time):
        return column.dt.to_string("iso")
    if dtype.is_decimal():
        return column.cast(pl.String).str.replace(".", kinds.decimal(name), literal=True)
    return column.cast(pl.String)


def _check_nul(batch: Any, source: str) -> None:
    import polars as pl

    for column in batch:
        if column.dtype == pl.String and column.str.contains(_NUL, literal=True).any():
            raise UnreadableTableError(f"{source}: {column.name} has a NUL character, which text does not have.")
