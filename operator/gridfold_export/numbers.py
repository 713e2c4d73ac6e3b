"""Numbers in a declared spelling, as statements of the script: the same expressions that prepare goes by."""

from collections.abc import Iterator

from gridfold.api.v1alpha1 import ColumnType, Dataset
from gridfold.domain.number_formats import PLAIN_SOURCE, Spelling
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import assign


def is_spelled(dataset: Dataset) -> bool:
    """Tell whether the spec says how numbers are spelled."""
    return bool(dataset.csv.decimal or dataset.csv.thousands or dataset.column_formats)


def spellings(dataset: Dataset) -> Iterator[Fragment]:
    """Yield what reads numbers in the spelling of their column, where the spec names one."""
    if is_spelled(dataset):
        everywhere = Spelling.of(dataset.model_copy(update={"column_formats": None}), "")
        own = {name: Spelling.of(dataset, name).parts for name in dataset.column_formats or {}}
        names = "\n".join([assign("SPELLING", everywhere.parts), assign("SPELLINGS", own)])
        yield load("spelled", spellings=names, plain=PLAIN_SOURCE)


def types(dataset: Dataset) -> Fragment:
    """Return what tells numbers from texts."""
    return load("types_spelled" if is_spelled(dataset) else "types")


def as_numbers(dataset: Dataset, column: str, texts: str) -> str:
    """Return an expression: the texts of a column, numbers as Python writes them."""
    if dataset.column_types.get(column) is ColumnType.BOOLEAN:
        return f'{texts}.str.lower().replace({{"true": "1", "false": "0"}})'
    return f"spelled({texts})" if is_spelled(dataset) else texts


def declared_numeric(dataset: Dataset, own: set[str | None]) -> list[str]:
    """Return the features that are numbers whatever they look like: 01234 is one then."""
    numeric = [name for name, kind in dataset.column_types.items() if kind is ColumnType.NUMERIC]
    numeric += [name for name in dataset.column_formats or {} if name not in numeric]
    return [name for name in numeric if name not in own]


def declared_boolean(dataset: Dataset, own: set[str | None]) -> list[str]:
    """Return the features that are true or false."""
    return [n for n, kind in dataset.column_types.items() if kind is ColumnType.BOOLEAN and n not in own]
