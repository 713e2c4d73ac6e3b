"""What rows, folds and columns say before anything is fitted: one look at each column, one at each fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import plain_value
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.data.targets import Target
from gridfold_trainer.learning import fold_classes, fold_values, frequent_class, part_classes
from gridfold_trainer.learning.findings import Findings
from gridfold_trainer.learning.fold_classes import Folding
from gridfold_trainer.learning.scorers import make_scorer
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.learning.suspicions import Looker

_MANY_CATEGORIES = 1000  # of data.assemble's warning
_NEIGHBORS = "n_neighbors"
_NEIGHBOR_CLASSES = ("KNeighborsClassifier", "KNeighborsRegressor")
_DEFAULT_NEIGHBORS = 5


@dataclass(frozen=True)
class Rows:
    """All rows of a job and what is to be done with them."""

    columns: Sequence[Column]
    X: np.ndarray  #: (n, p), Fortran order
    target: Target
    orders: Orders
    parts: Parts


def look(spec: TrainingJobSpec, cls: type, resolved: Resolved, positive: int | None, rows: Rows) -> Findings:
    """Return what must fail and what is seldom meant; nothing here looks at the values of a test row."""
    folding = _folding(spec, cls, resolved, positive, rows)
    splits = folding.splits()
    found = fold_classes.check_folds(folding, splits)
    frequent = frequent_class.warning(spec, resolved, folding.y, folding.classes, positive)
    found.warnings = [*([frequent] if frequent else []), *found.warnings]
    found.add(_parts(spec, folding, rows))
    found.add(_columns(spec, cls, rows, splits))
    smallest = min(range(len(splits)), key=lambda number: len(splits[number][0]))
    found.problems += _neighbors(spec, cls, len(splits[smallest][0]), smallest, folding.total)
    return found


def _folding(spec: TrainingJobSpec, cls: type, resolved: Resolved, positive: int | None, rows: Rows) -> Folding:
    train = rows.parts.train
    return Folding(
        y=rows.target.y[train],
        classes=rows.target.classes,
        cross_validation=spec.cross_validation,
        resolved=resolved,
        scorer=make_scorer(resolved, rows.target.classes, positive),
        estimator=cls,
        orders=rows.orders.at(train),
    )


def _parts(spec: TrainingJobSpec, folding: Folding, rows: Rows) -> Findings:
    y, parts = rows.target.y, rows.parts
    both = np.concatenate([parts.train, parts.validation])
    found = part_classes.check_part(folding, "validation", folding.y, y[parts.validation], list(spec.scoring.targets))
    found.add(part_classes.check_part(folding, "test", y[both], y[parts.test], ()))
    return found


def _columns(spec: TrainingJobSpec, cls: type, rows: Rows, splits: Sequence[fold_classes.Pair]) -> Findings:
    train = rows.parts.train
    looker = Looker(rows.target.y[train], rows.target.classes, len(rows.columns), told_above=_MANY_CATEGORIES)
    missing: list[int] = []
    holed: dict[int, np.ndarray] = {}
    for number, column in enumerate(rows.columns):
        values = np.asarray(rows.X[:, number])
        looker.look(column, values, train)
        absent = np.isnan(values)
        missing.append(int(np.count_nonzero(absent)))
        present = np.flatnonzero(~absent[train])
        if len(present) < len(train):
            holed[number] = present
    found = Findings(fold_values.check_missing(spec, cls, rows.columns, missing))
    empty = fold_values.find_empty(holed, splits, len(train))
    total = spec.cross_validation.folds * spec.cross_validation.repeats
    void = [number for number, count in enumerate(missing) if count == len(rows.target.y)]
    found.add(fold_values.check_empty(spec, cls, rows.columns, empty, total, void))
    found.warnings = [*looker.found.warnings(spec.dataset.target), *found.warnings]
    return found


def _neighbors(spec: TrainingJobSpec, cls: type, fitted: int, fold: int, total: int) -> list[str]:
    """Return whether every cell asks for more neighbors than a fold has rows."""
    if not any(base.__name__ in _NEIGHBOR_CLASSES for base in cls.__mro__):
        return []
    given = spec.estimator.parameters.get(_NEIGHBORS, _DEFAULT_NEIGHBORS)
    asked: list[Any] = []
    for axes in spec.search.grid:
        asked += axes.get(_NEIGHBORS, [given])
    numbers = [plain_value(value) for value in asked]
    if not all(isinstance(number, int) and number > fitted for number in numbers):
        return []
    return [
        f"{_NEIGHBORS} is {min(numbers)}{' or more' if len(set(numbers)) > 1 else ''} in every cell, but fold "
        f"{fold + 1} of {total} is fitted on {fitted} rows; write at most {fitted}."
    ]
