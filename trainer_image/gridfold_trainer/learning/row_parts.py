"""Parts of the rows that a fold is fitted on, for a learning curve: nested, and all of them at 100 per cent.

scikit-learn's `learning_curve` takes prefixes of sorted indices, the file's first rows; or shuffles them, and then its
last point is another permutation than the fold's own, which in a forest is another score. Here a permutation chooses,
and what it has chosen is sorted again: the last part is the fold as it is, bit for bit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold.api.learning import WHOLE
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidationMethod, TrainingJobSpec
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.findings import joined

_STRATIFIED = (CrossValidationMethod.STRATIFIED, CrossValidationMethod.STRATIFIED_GROUPED)
_GROUPED = (CrossValidationMethod.GROUPED, CrossValidationMethod.STRATIFIED_GROUPED)

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


def keeps_groups(method: str | None) -> bool:
    """Tell whether the fractions count groups."""
    return method in _GROUPED


def parts_of(
    splits: Splits, fraction: int, y: np.ndarray, method: str | None, seed: int, orders: Orders
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the splits with that per cent of the rows to fit on, and all rows to score on.

    Args:
        splits: of the cross-validation: positions in the training part.
        fraction: per cent, 1 to 100.
        y: codes of the classes, or numbers, of the training part.
        method: of the cross-validation.
        seed: of the cross-validation; split number s draws from `default_rng([seed, s])`.
        orders: of the training part.
    """
    found = []
    for number, (train, test) in enumerate(splits):
        if fraction == WHOLE:
            part = train
        elif method == CrossValidationMethod.TIME_SERIES:  # whose rows are in the order of time
            part = train[-_count(len(train), fraction) :]
        else:
            groups = orders.groups[train] if keeps_groups(method) and orders.groups is not None else None
            classes = y[train] if method in _STRATIFIED else None
            part = train[chosen(len(train), fraction, np.random.default_rng([seed, number]), classes, groups)]
        found.append((part, test))
    return found


def warnings(
    spec: TrainingJobSpec, resolved: Resolved, y: np.ndarray, classes: Sequence[Any] | None, orders: Orders
) -> list[str]:
    """Return whether parts of a training part's folds have fewer rows than there are classes: no problem, a gap."""
    if spec.learning_curve is None or classes is None:
        return []
    once = spec.cross_validation.model_copy(update={"repeats": 1})  # folds of other repeats have the same sizes
    splits, seed, method = make_splits(y, once, resolved, orders), once.seed, resolved.cross_validation
    smallest = {
        fraction: min(len(part) for part, _ in parts_of(splits, fraction, y, method, seed, orders))
        for fraction in spec.learning_curve.fractions
    }
    small = {fraction: rows for fraction, rows in smallest.items() if rows < len(classes) and fraction < WHOLE}
    if not small:
        return []
    shown = joined([f"{fraction} % ({rows} row{'' if rows == 1 else 's'})" for fraction, rows in small.items()])
    return [
        f"Consider larger spec.learningCurve.fractions: of the smallest fold, {shown} "
        f"{'is' if len(small) == 1 else 'are'} fewer rows than the target has classes, {len(classes)}. Such a point "
        "may have no score, which fails nothing."
    ]


def chosen(
    rows: int, fraction: int, random: np.random.Generator, classes: np.ndarray | None, groups: np.ndarray | None
) -> np.ndarray:
    """Return positions, ascending: of whole groups where there are any, in the shares of the classes where given.

    A permutation puts the rows (or groups) in an order, of which a prefix is taken. Classes are interleaved in it: the
    r-th row of a class of n stands at (r + 1/2) / n, so that a prefix has each class in its share, to a row, and all
    that a smaller prefix has. The class of a group is its most frequent one, the first of equals.
    """
    units = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    count = int(units.max()) + 1
    order = random.permutation(count)
    if classes is not None:
        order = order[np.argsort(_places(order, _class_of(units, classes, count)), kind="stable")]
    taken = np.zeros(count, dtype=bool)
    taken[order[: _count(count, fraction)]] = True
    return np.flatnonzero(taken[units])


def _count(whole: int, fraction: int) -> int:
    return max(1, whole * fraction // WHOLE)


def _class_of(units: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """Return the class of each row or group."""
    kinds, codes = np.unique(classes, return_inverse=True)
    table = np.zeros((count, len(kinds)), dtype=np.int64)
    np.add.at(table, (units, codes), 1)
    found: np.ndarray = table.argmax(axis=1)
    return found


def _places(order: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return where in its class each of the units stands in that order, between 0 and 1."""
    places = np.empty(len(order))
    for kind in np.unique(classes):
        own = np.flatnonzero(classes[order] == kind)
        places[own] = (2 * np.arange(len(own)) + 1) / (2 * len(own))
    return places
