"""From the sources to one matrix and one target: read, clean, type, in one pass wherever that is possible."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, TrainingJobSpec
from gridfold.api.validation import show
from gridfold_trainer.data import contents
from gridfold_trainer.data.ahead import ahead
from gridfold_trainer.data.cleaning import MissingByColumn, RowCleaner
from gridfold_trainer.data.column_names import column_problems
from gridfold_trainer.data.columns import ColumnBuilder
from gridfold_trainer.data.matrix_file import MatrixFile, Slot
from gridfold_trainer.data.numbers import NUMBER
from gridfold_trainer.data.object_names import NewNamesError, ObjectNames
from gridfold_trainer.data.order_columns import TimeBuilder, group_codes
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared import CATEGORY_LIMIT, Column
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.table_formats import collect_names
from gridfold_trainer.data.tables import Piece, read_tables
from gridfold_trainer.data.targets import Target, type_target
from gridfold_trainer.data.typed import Rejected, Typed
from gridfold_trainer.errors import DataError
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")

#: More categories than this are told: one-hot encoding makes a column of each.
_MANY_CATEGORIES = 1000
_SHOWN_CHARACTERS = 32
#: Groups and classes are numbered, never encoded: as many as there are rows.
_ANY_NUMBER = 2**31 - 2


@dataclass(frozen=True)
class Assembled:
    """The data of a job, typed; X is in a file of the scratch folder."""

    matrix: Path | None  #: None where the data set is stored already
    columns: tuple[Column, ...]
    target: Target
    dropped_rows: dict[str, int]
    dropped_columns: dict[str, int]
    groups: np.ndarray | None = None  #: (n,) int64 codes in the order of the groups' values
    time: np.ndarray | None = None  #: (n,) float64
    warnings: list[str] = field(default_factory=list)
    stored: np.ndarray | None = None  #: the matrix of a data set that is stored already


def assemble(
    spec: TrainingJobSpec,
    files: Sequence[Fetched],
    context: Context,
    *,
    classifier: bool,
    on_target: Callable[[Target, Orders], object] = lambda _target, _orders: None,
) -> Assembled:
    """Return the data of a job; files that are copies of ours are removed.

    Args:
        spec: of the job.
        files: its sources.
        context: of the stage.
        classifier: whether the target are classes.
        on_target: is told what a split needs, before the matrix is written.

    Raises:
        DataError: sources, columns or values cannot be used; all problems of the step that found some.
    """
    names = ObjectNames()
    try:
        return _assembled(_Table(spec, files, context, names), files, on_target, classifier=classifier)
    except NewNamesError:
        collect_names(files, spec.dataset.format, names, context.source_bytes)
        return _assembled(_Table(spec, files, context, names), files, on_target, classifier=classifier)


def _assembled(
    table: "_Table",
    files: Sequence[Fetched],
    on_target: Callable[[Target, Orders], object],
    *,
    classifier: bool,
) -> Assembled:
    with closing(table):
        table.read()
        for file in files:
            if file.fetched:
                file.path.unlink()
        return table.finish(on_target, classifier=classifier)


class _Table:
    """The columns of a job in the making."""

    def __init__(self, spec: TrainingJobSpec, files: Sequence[Fetched], context: Context, names: ObjectNames) -> None:
        self._spec, self._dataset, self._files, self._context = spec, spec.dataset, files, context
        self._names = names
        self._missing = MissingByColumn(spec.dataset, trim=spec.cleaning.trim_text)
        self._rows = RowCleaner(spec.dataset, spec.cleaning, self._missing)
        self._builders: dict[str, ColumnBuilder] = {}  #: in source order
        self._time: TimeBuilder | None = None
        self._excluded: list[str] = []
        self._matrix_file: MatrixFile | None = None

    def close(self) -> None:
        """Let go of the matrix's file."""
        if self._matrix_file is not None:
            self._matrix_file.close()

    def read(self) -> None:
        """Take all rows; a second time only for columns in which text came after numbers."""
        for piece in self._rows.clean(self._begun(self._pieces(self._texts()))):
            for column in piece.frame:
                if column.name in self._builders:
                    self._builders[column.name].append(column, piece.row_numbers)
                if self._time is not None and column.name == self._dataset.time_column:
                    self._time.append(column, piece.row_numbers)
        late = [name for name, builder in self._builders.items() if builder.incomplete]
        if late:
            log.info("reading again, as text: %s", ", ".join(late))
            builders = {name: self._builder(name, ColumnType.CATEGORICAL) for name in late}
            self._builders.update(builders)
            once = self._spec.cleaning.model_copy(update={"drop_duplicate_rows": False})
            pieces = self._pieces(frozenset(late))
            for piece in RowCleaner(self._dataset, once, self._missing).clean(pieces):
                for column in piece.frame:
                    if column.name in builders:
                        builders[column.name].append(column, piece.row_numbers)
        log.info("read %d rows", self._rows.seen)

    def finish(self, on_target: Callable[[Target, Orders], object], *, classifier: bool) -> Assembled:
        """Drop duplicate rows and what columns are to be dropped, and complete the matrix."""
        if self._matrix_file is None:
            raise AssertionError("nothing has been read")
        keep = self._rows.first_of_equals()
        problems: list[str] = []
        target = type_target(self._builders.pop(self._dataset.target).finish(keep), classifier=classifier)
        if isinstance(target, Rejected):
            problems.append(f"the target {self._dataset.target} {target.problem}")
        groups = self._groups(keep, problems)
        time = self._time.finish(keep) if self._time else None
        if isinstance(time, str):
            problems.append(time)
            time = None
        if not (problems or isinstance(target, Rejected)):
            on_target(target, Orders(groups, time))
        rows = int(keep.sum()) if keep is not None else self._rows.seen - self._rows.without_target
        duplicates = self._rows.seen - self._rows.without_target - rows
        self._matrix_file.check_room(rows)
        matrix = _Matrix(self._spec, self._matrix_file, rows)
        columns = ((name, self._builders.pop(name).finish(keep)) for name in list(self._builders))
        for name, typed in ahead(columns):
            matrix.add(name, typed)
        problems += matrix.close(self._excluded)
        if problems or isinstance(target, Rejected):
            raise DataError(*problems)
        dropped_rows = {"missingTarget": self._rows.without_target, "duplicates": duplicates}
        for cause, count in dropped_rows.items():
            log.info("dropped %d rows: %s", count, cause)
        dropped_columns = matrix.told(self._excluded)
        warnings = [*matrix.warnings(), *self._missing.warnings(), *self._names.warnings()]
        kept, path = tuple(matrix.columns), self._matrix_file.path
        return Assembled(path, kept, target, dropped_rows, dropped_columns, groups, time, warnings)

    def _texts(self) -> frozenset[str] | None:
        """Return the columns whose spelling matters; None: of all, where rows are compared as they are spelled."""
        if self._spec.cleaning.drop_duplicate_rows:
            return None
        types = self._dataset.column_types
        categorical = frozenset(name for name, declared in types.items() if declared is ColumnType.CATEGORICAL)
        return categorical | self._dataset.column_missing_values.keys()

    def _pieces(self, texts: frozenset[str] | None) -> Iterator[Piece]:
        trim = self._spec.cleaning.trim_text
        limit = self._context.source_bytes
        return read_tables(self._files, self._dataset, limit, trim=trim, texts=texts, names=self._names)

    def _begun(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Compare the spec's names with those of the first piece, and make a builder for each column that is used."""
        for piece in pieces:
            if not self._builders:
                problems = column_problems(self._spec, piece.frame.columns)
                if problems:
                    raise DataError(*problems)
                self._make_builders(piece.frame.columns)
            yield piece

    def _make_builders(self, names: Sequence[str]) -> None:
        dataset = self._dataset
        excluded = set(dataset.exclude_columns)
        self._excluded = [name for name in names if name in excluded]
        numbered = {dataset.target, dataset.group_column}
        features = [name for name in names if name not in excluded | numbered | {dataset.time_column}]
        expected = sum(contents.expected_rows(file, contents.kind_of(file.uri, dataset.format)) for file in self._files)
        matrix = self._matrix_file = MatrixFile(self._context.scratch / "X.npy", len(features), expected)
        slots = {name: Slot(matrix, number) for number, name in enumerate(features)}
        for name in names:
            if name in numbered or name in slots:
                self._builders[name] = self._builder(name, dataset.column_types.get(name), slots.get(name))
        if dataset.time_column is not None:
            self._time = TimeBuilder(self._missing.of(dataset.time_column), dataset.time_column)

    def _builder(self, name: str, declared: ColumnType | None, slot: Slot | None = None) -> ColumnBuilder:
        numbered = name in {self._dataset.target, self._dataset.group_column}
        limit = _ANY_NUMBER if numbered else CATEGORY_LIMIT
        return ColumnBuilder(self._missing.of(name), declared, limit, slot)

    def _groups(self, keep: np.ndarray | None, problems: list[str]) -> np.ndarray | None:
        name = self._dataset.group_column
        if name is None:
            return None
        codes = group_codes(self._builders.pop(name).finish(keep), name)
        if isinstance(codes, str):
            problems.append(codes)
            return None
        return codes


class _Matrix:
    """The columns of X: those that stay are kept in the file, one by one."""

    def __init__(self, spec: TrainingJobSpec, file: MatrixFile, rows: int) -> None:
        self._spec, self._rows = spec, rows
        self._file = file
        self._problems: list[str] = []
        self._empty: list[str] = []
        self._dropped: dict[str, list[str]] = {}
        if spec.cleaning.drop_columns_missing_above is not None:
            self._dropped["missing"] = []
        if spec.cleaning.drop_constant_columns:
            self._dropped["constant"] = []
        self.columns: list[Column] = []

    def add(self, name: str, typed: Typed | Rejected) -> None:
        """Take the next column in source order: keep it, drop it, or note why it cannot be."""
        limit = self._spec.cleaning.drop_columns_missing_above
        missing = typed.missing if isinstance(typed, Rejected) else int(np.count_nonzero(np.isnan(typed.values)))
        if limit is not None and 100 * missing > limit * self._rows:
            self._dropped["missing"].append(name)
        elif isinstance(typed, Rejected):
            self._problems.append(f"the column {name} {typed.problem}")
        elif self._spec.cleaning.drop_constant_columns and _is_constant(typed, missing):
            self._dropped["constant"].append(name)
        else:
            self._file.keep(typed.values)
            self._empty += [name] if missing == self._rows else []
            self.columns.append(Column(name, typed.type, typed.categories))

    def close(self, excluded: list[str]) -> list[str]:
        """Complete the file and return what is wrong."""
        self._file.complete()
        if not self.columns and not self._problems:
            target = self._spec.dataset.target
            dropped = {"excluded": excluded, **self._dropped}
            causes = ", ".join(f"{cause} {len(names)}" for cause, names in dropped.items() if names)
            self._problems.append(
                f"no column is left beside the target {target} (dropped: {causes or 'the data has no other'}); a "
                f"model needs at least one."
            )
        return self._problems

    def told(self, excluded: list[str]) -> dict[str, int]:
        """Return how many columns were dropped, by cause; their names go to the log."""
        dropped = {"excluded": excluded, **self._dropped}
        for cause, names in dropped.items():
            if names:
                log.info("dropped %d columns (%s): %s", len(names), cause, ", ".join(names))
        return {cause: len(names) for cause, names in dropped.items()}

    def warnings(self) -> list[str]:
        """Return what is allowed but seldom meant."""
        found = []
        if self._empty:
            found.append(
                f"No value in any row: {', '.join(self._empty[:10])}. Such columns tell a model nothing; exclude them, "
                f"or set cleaning.dropConstantColumns."
            )
        wide = [f"{c.name} ({len(c.categories)})" for c in self.columns if len(c.categories) > _MANY_CATEGORIES]
        if wide:
            found.append(
                f"More than {_MANY_CATEGORIES} categories: {', '.join(wide[:10])}. One-hot encoding makes a column of "
                f"each; an identifier should be excluded."
            )
        declared = self._spec.dataset.column_types
        mixed = [(c.name, _texts_among_numbers(c.categories)) for c in self.columns if c.name not in declared]
        shown = [f"{name} ({texts})" for name, texts in mixed if texts]
        if shown:
            found.append(
                f"Taken as categories for texts among their numbers: {', '.join(shown[:10])}. Name a text that means "
                f"no value in csv.missingValues, or declare the column Categorical."
            )
        return found


def _texts_among_numbers(categories: Sequence[str]) -> str:
    """Return the texts of a column most of whose values are numbers, else ""."""
    texts = [text for text in categories if not re.fullmatch(NUMBER, text)]
    if not 0 < 2 * len(texts) < len(categories):
        return ""
    more = f" and {len(texts) - 2} more" if len(texts) > 2 else ""
    return f"{', '.join(show(text)[:_SHOWN_CHARACTERS] for text in texts[:2])}{more}"


def _is_constant(typed: Typed, missing: int) -> bool:
    """Tell whether all values are one number ("1" and "1.0" are), or all are missing."""
    return missing == len(typed.values) or (missing == 0 and bool((typed.values == typed.values[0]).all()))
