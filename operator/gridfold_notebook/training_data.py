"""Rows of X and y as a table that a job reads: every number and every text comes out as it went in."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from gridfold_notebook.columns import NUMERIC, Column

TARGET = "target"


def target_name(columns: Sequence[Column]) -> str:
    """Return a name for the target's column that no other has."""
    name = TARGET
    while name in {column.name for column in columns}:
        name += "_"
    return name


def write_table(path: Path, columns: Sequence[Column], target: Sequence[str]) -> None:
    """Write a table, the target in its last column."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*(column.name for column in columns), target_name(columns)])
        writer.writerows(zip(*map(_texts, columns), target, strict=True))


def _texts(column: Column) -> Iterator[str]:
    if column.kind == NUMERIC:
        return ("" if math.isnan(value) else repr(value) for value in column.values.tolist())
    return (value or "" for value in column.values)
