"""From the sources to one matrix and one target: fetch, read, clean, type."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold_trainer.cleaning import Cleaned, clean
from gridfold_trainer.columns import Rejected, Typed, type_column
from gridfold_trainer.context import Context
from gridfold_trainer.errors import DataError
from gridfold_trainer.preflight import column_problems
from gridfold_trainer.prepared import Column
from gridfold_trainer.prepared_writer import MatrixWriter
from gridfold_trainer.sources import fetch
from gridfold_trainer.tables import read_tables
from gridfold_trainer.targets import Target, type_target

log = logging.getLogger("gridfold")

#: More categories than this are told: one-hot encoding makes a column of each.
_MANY_CATEGORIES = 1000


@dataclass(frozen=True)
class Assembled:
    """The data of a job, typed; X is in a file of the scratch folder."""

    matrix: Path
    columns: tuple[Column, ...]
    target: Target
    dropped_rows: dict[str, int]
    dropped_columns: dict[str, int]
    warnings: list[str] = field(default_factory=list)


def assemble(spec: TrainingJobSpec, context: Context, *, classifier: bool) -> Assembled:
    """Return the data of a job.

    Raises:
        DataError: sources, columns or values cannot be used; all problems of the step that found some.
    """
    files = fetch(spec.dataset.sources, context)
    frame = read_tables(files, spec.dataset.csv, context.scratch, trim=spec.cleaning.trim_text)
    log.info("read %d rows, %d columns", frame.height, frame.width)
    problems = column_problems(spec, frame.columns)
    if problems:
        raise DataError(*problems)
    cleaned = clean(frame, spec.dataset, spec.cleaning)
    del frame
    for cause, count in cleaned.dropped_rows.items():
        log.info("dropped %d rows: %s", count, cause)
    return _typed(spec, cleaned, context.scratch / "X.npy", classifier=classifier)


def _typed(spec: TrainingJobSpec, cleaned: Cleaned, path: Path, *, classifier: bool) -> Assembled:
    """Type the target and every column, and write the columns to a file."""
    dataset = spec.dataset
    column = cleaned.frame.drop_in_place(dataset.target)
    declared = dataset.column_types.get(dataset.target)
    target = type_target(column, declared, cleaned.row_numbers, classifier=classifier)
    problems = [f"the target {dataset.target} {target.problem}"] if isinstance(target, Rejected) else []
    constant = cleaned.dropped_columns.get("constant", [])
    columns: list[Column] = []
    empty: list[str] = []
    writer = MatrixWriter(path, cleaned.frame.height)
    for name, typed in _typed_columns(spec, cleaned):
        if isinstance(typed, Rejected):
            problems.append(f"the column {name} {typed.problem}")
        elif spec.cleaning.drop_constant_columns and _is_constant(typed):
            constant.append(name)
        else:
            writer.append(typed.values)
            empty += [name] if np.isnan(typed.values).all() else []
            columns.append(Column(name, typed.type, typed.categories))
    writer.close()
    if not columns and not problems:
        problems.append(_nothing_left(dataset.target, cleaned.dropped_columns))
    if problems or isinstance(target, Rejected):
        raise DataError(*problems)
    return Assembled(path, tuple(columns), target, cleaned.dropped_rows, _told(cleaned), _warnings(columns, empty))


def _typed_columns(spec: TrainingJobSpec, cleaned: Cleaned) -> Iterator[tuple[str, Typed | Rejected]]:
    """Yield every column, typed; its texts are freed before the next one, so both never stand side by side."""
    for name in list(cleaned.frame.columns):
        texts = cleaned.frame.drop_in_place(name)
        yield name, type_column(texts, spec.dataset.column_types.get(name), cleaned.row_numbers)


def _is_constant(typed: Typed) -> bool:
    """Tell whether all values are one number ("1" and "1.0" are), or all are missing."""
    missing = np.isnan(typed.values)
    return bool(missing.all() or (not missing.any() and (typed.values == typed.values[0]).all()))


def _told(cleaned: Cleaned) -> dict[str, int]:
    """Return how many columns were dropped, by cause; their names go to the log."""
    for cause, names in cleaned.dropped_columns.items():
        if names:
            log.info("dropped %d columns (%s): %s", len(names), cause, ", ".join(names))
    return {cause: len(names) for cause, names in cleaned.dropped_columns.items()}


def _nothing_left(target: str, dropped: dict[str, list[str]]) -> str:
    causes = ", ".join(f"{cause} {len(names)}" for cause, names in dropped.items() if names) or "the data has no other"
    return f"no column is left beside the target {target} (dropped: {causes}); a model needs at least one."


def _warnings(columns: list[Column], missing: list[str]) -> list[str]:
    """Return what is allowed but seldom meant."""
    warnings = []
    if missing:
        warnings.append(
            f"No value in any row: {', '.join(missing[:10])}. Such columns tell a model nothing; exclude them, or set "
            f"cleaning.dropConstantColumns."
        )
    wide = [
        f"{column.name} ({len(column.categories)})" for column in columns if len(column.categories) > _MANY_CATEGORIES
    ]
    if wide:
        warnings.append(
            f"More than {_MANY_CATEGORIES} categories: {', '.join(wide[:10])}. One-hot encoding makes a column of "
            f"each; an identifier should be excluded."
        )
    return warnings
