"""Parquet as tables: integers, floats and texts; what no column can have is refused by its name."""

from collections.abc import Iterator
from typing import Any

from gridfold_trainer.data.contents import Kind, foreign, one_line
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.errors import SourceTooLargeError, UnreadableTableError

#: Rows that are taken at once: about as much memory as a piece of text.
_BATCH_CELLS = 2_000_000
_NUL = "\0"


def parquet_frames(file: Fetched, kind: Kind, limit_bytes: int) -> Iterator[Any]:
    """Yield the rows of a file as frames; the first has no row.

    Raises:
        UnreadableTableError: it is no Parquet, is damaged, or has columns of types that no column can have.
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
        columns = [_expression(name, dtype, file.uri) for name, dtype in schema.items()]
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
