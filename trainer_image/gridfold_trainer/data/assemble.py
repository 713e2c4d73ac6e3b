"""From the sources to one matrix and one target: read, clean, type, in one pass wherever that is possible."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, RepeatedHeader, TrainingJobSpec
from gridfold.domain.dates import date_features
from gridfold_trainer.data import contents
from gridfold_trainer.data.ahead import ahead
from gridfold_trainer.data.class_spellings import ClassSpellings
from gridfold_trainer.data.cleaning import MissingByColumn, RowCleaner
from gridfold_trainer.data.column_names import column_problems
from gridfold_trainer.data.columns import ColumnBuilder
from gridfold_trainer.data.dates import DateColumn, DatePartBuilder
from gridfold_trainer.data.kept_columns import KeptColumns
from gridfold_trainer.data.matrix_file import MatrixFile, Slot
from gridfold_trainer.data.number_readers import ColumnRule, rule_of
from gridfold_trainer.data.object_names import NewNamesError, ObjectNames
from gridfold_trainer.data.order_columns import TimeBuilder, fold_codes, group_codes
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared import CATEGORY_LIMIT, Column
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.spelling_warnings import SpellingWarnings, advice_of
from gridfold_trainer.data.table_formats import collect_names
from gridfold_trainer.data.tables import Piece, read_tables
from gridfold_trainer.data.targets import Target, type_target
from gridfold_trainer.data.typed import Rejected, Typed
from gridfold_trainer.data.value_kinds import ValueKinds
from gridfold_trainer.errors import DataError
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")

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
    folds: np.ndarray | None = None  #: (n,) int64 codes in the order of the folds' values; -1: none
    warnings: list[str] = field(default_factory=list)
    stored: np.ndarray | None = None  #: the matrix of a data set that is stored already

    @property
    def orders(self) -> Orders:
        """Return what a split needs of the rows beside the target."""
        return Orders(self.groups, self.time, self.folds)


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
        return _assembled(_Table(spec, files, context, names, classifier=classifier), files, on_target)
    except NewNamesError:
        collect_names(files, spec.dataset.format, names, context.source_bytes)
        return _assembled(_Table(spec, files, context, names, classifier=classifier), files, on_target)


def _assembled(table: "_Table", files: Sequence[Fetched], on_target: Callable[[Target, Orders], object]) -> Assembled:
    with closing(table):
        table.read()
        for file in files:
            if file.fetched:
                file.path.unlink()
        return table.finish(on_target)


class _Table:
    """The columns of a job in the making."""

    def __init__(
        self,
        spec: TrainingJobSpec,
        files: Sequence[Fetched],
        context: Context,
        names: ObjectNames,
        *,
        classifier: bool,
    ) -> None:
        self._spec, self._dataset, self._files, self._context = spec, spec.dataset, files, context
        self._names = names
        self._missing = MissingByColumn(spec.dataset, trim=spec.cleaning.trim_text)
        self._rows = RowCleaner(spec.dataset, spec.cleaning, self._missing)
        self._builders: dict[str, ColumnBuilder | DatePartBuilder] = {}  #: in source order
        self._dates: dict[str, DateColumn] = {}
        self._time: TimeBuilder | None = None
        self._kinds = ValueKinds(spec.dataset)
        self._spellings, self._classes = SpellingWarnings(spec.dataset), ClassSpellings() if classifier else None
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
                self._take(column, piece.row_numbers)
        late = [name for name, builder in self._builders.items() if builder.incomplete]
        if late:
            log.info("reading again, as text: %s", ", ".join(late))
            builders = {name: self._builder(name, ColumnRule(ColumnType.CATEGORICAL)) for name in late}
            self._builders.update(builders)
            once = self._spec.cleaning.model_copy(update={"drop_duplicate_rows": False})
            pieces = self._pieces(frozenset(late))
            for piece in RowCleaner(self._dataset, once, self._missing).clean(pieces):
                for column in piece.frame:
                    if column.name in builders:
                        builders[column.name].append(column, piece.row_numbers)
        log.info("read %d rows", self._rows.seen)

    def _take(self, column: Any, rows: np.ndarray) -> None:
        """Take the next piece of a column."""
        if column.name in self._builders:
            self._builders[column.name].append(column, rows)
        elif column.name in self._dates:
            self._dates[column.name].append(column, rows)
        if self._classes and column.name == self._dataset.target:
            self._classes.look_at(self._missing.of(column.name).mark(column))
        if self._time is not None and column.name == self._dataset.time_column:
            self._time.append(column, rows)

    def finish(self, on_target: Callable[[Target, Orders], object]) -> Assembled:
        """Drop duplicate rows and what columns are to be dropped, and complete the matrix."""
        if self._matrix_file is None:
            raise AssertionError("nothing has been read")
        keep = self._rows.first_of_equals()
        problems: list[str] = []
        typed = self._finished(self._dataset.target, keep)
        target = type_target(typed, self._dataset, classifier=self._classes is not None)
        if isinstance(target, Rejected):
            problems.append(f"the target {self._dataset.target} {target.problem}")
        if self._classes and isinstance(typed, Typed):
            self._spellings.look_at_classes(self._dataset.target, typed.categories)
        groups = self._codes(self._dataset.group_column, group_codes, keep, problems)
        folds = self._codes(self._dataset.fold_column, fold_codes, keep, problems)
        time = self._time.finish(keep) if self._time else None
        if isinstance(time, str):
            problems.append(time)
            time = None
        if not (problems or isinstance(target, Rejected)):
            on_target(target, Orders(groups, time, folds))
        rows = int(keep.sum()) if keep is not None else self._rows.seen - self._rows.without_target
        duplicates = self._rows.seen - self._rows.without_target - rows
        self._matrix_file.check_room(rows)
        matrix = KeptColumns(self._spec, self._matrix_file, rows, self._spellings, self._kinds)
        columns = ((name, self._finished(name, keep)) for name in list(self._builders))
        for name, typed in ahead(columns):
            matrix.add(name, typed)
        problems += matrix.close(self._excluded)
        if problems or isinstance(target, Rejected):
            raise DataError(*problems)
        dropped_rows = {"missingTarget": self._rows.without_target, "duplicates": duplicates}
        if self._dataset.csv.repeated_header is RepeatedHeader.DROP:
            dropped_rows["repeatedHeaders"] = sum(self._kinds.repeated_headers.values())
        for cause, count in dropped_rows.items():
            log.info("dropped %d rows: %s", count, cause)
        dropped_columns = matrix.told(self._excluded)
        warnings = [*matrix.warnings(target), *self._merged_classes(target), *self._missing.warnings()]
        warnings += self._names.warnings()
        kept, path = tuple(matrix.columns), self._matrix_file.path
        return Assembled(path, kept, target, dropped_rows, dropped_columns, groups, time, folds, warnings)

    def _merged_classes(self, target: Target) -> list[str]:
        """Return which spellings of the target are one class, unless the spec says how they are spelled."""
        rule = self._rule(self._dataset.target)
        numbers = target.classes is not None and not any(isinstance(label, str) for label in target.classes[:1])
        open_type = rule.reader is None and rule.declared is None
        return self._classes.warnings(self._dataset.target) if self._classes and numbers and open_type else []

    def _texts(self) -> frozenset[str] | None:
        """Return the columns whose spelling matters; None: of all, where rows are compared as they are spelled."""
        dataset = self._dataset
        if self._spec.cleaning.drop_duplicate_rows or dataset.csv.decimal or dataset.csv.thousands:
            return None
        types = dataset.column_types
        declared = frozenset(name for name, found in types.items() if found is not ColumnType.NUMERIC)
        spelled = (
            dataset.column_missing_values.keys()
            | (dataset.date_formats or {}).keys()
            | (dataset.column_formats or {}).keys()
        )
        return declared | spelled | ({dataset.target} if self._classes else set())

    def _pieces(self, texts: frozenset[str] | None) -> Iterator[Piece]:
        trim = self._spec.cleaning.trim_text
        limit = self._context.source_bytes
        names, kinds = self._names, self._kinds
        return read_tables(self._files, self._dataset, limit, trim=trim, texts=texts, names=names, kinds=kinds)

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
        numbered = {dataset.target, dataset.group_column, dataset.fold_column}
        left_out, dates = excluded | numbered | {dataset.time_column}, date_features(dataset)
        features = [part for name in names if name not in left_out for part in dates.get(name, [name])]
        expected = sum(contents.expected_rows(file, contents.kind_of(file.uri, dataset.format)) for file in self._files)
        matrix = self._matrix_file = MatrixFile(self._context.scratch / "X.npy", len(features), expected)
        slots = {name: Slot(matrix, number) for number, name in enumerate(features)}
        for name in names:
            if name in dates:
                kept = [slots[derived] for derived in dates[name]]
                self._dates[name] = DateColumn(name, dataset, self._missing.of(name), kept)
                self._builders |= {d: DatePartBuilder(self._dates[name], d, name) for d in dates[name]}
            elif name in numbered or name in slots:
                self._builders[name] = self._builder(name, self._rule(name), slots.get(name))
        if dataset.time_column is not None:
            self._time = TimeBuilder(self._missing.of(dataset.time_column), dataset)

    def _rule(self, name: str) -> ColumnRule:
        rule = rule_of(self._dataset, name, codes=name != self._dataset.target)
        return replace(rule, advice=partial(advice_of, self._dataset, name))

    def _builder(self, name: str, rule: ColumnRule, slot: Slot | None = None) -> ColumnBuilder:
        numbered = name in {self._dataset.target, self._dataset.group_column, self._dataset.fold_column}
        limit = _ANY_NUMBER if numbered else CATEGORY_LIMIT
        return ColumnBuilder(self._missing.of(name), rule, limit, slot)

    def _finished(self, name: str, keep: np.ndarray | None) -> Typed | Rejected:
        return self._kinds.judged(name, self._builders.pop(name).finish(keep))

    def _codes(
        self,
        name: str | None,
        numbered: Callable[[Typed | Rejected, str], np.ndarray | str],
        keep: np.ndarray | None,
        problems: list[str],
    ) -> np.ndarray | None:
        """Return the codes of a column that is no feature; None where there is none, or there is a problem."""
        if name is None:
            return None
        typed = self._finished(name, keep)
        if isinstance(typed, Typed):
            self._spellings.look_at_groups(name, typed.categories)
        codes = numbered(typed, name)
        if isinstance(codes, str):
            problems.append(codes)
            return None
        return codes
