"""How the training part is divided into folds: scikit-learn's own splitters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidation, CrossValidationMethod
from gridfold.api.validation import show
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.learning import predefined_folds

_STRATIFIED = (CrossValidationMethod.STRATIFIED, CrossValidationMethod.STRATIFIED_GROUPED)
_GROUPED = (CrossValidationMethod.GROUPED, CrossValidationMethod.STRATIFIED_GROUPED)


def make_cv(cross_validation: CrossValidation, resolved: Resolved, orders: Orders | None = None) -> Any:
    """Return the splitter of scikit-learn; its folds depend on the order of the rows. Predefined reads `orders`."""
    from sklearn import model_selection

    method = CrossValidationMethod(resolved.cross_validation or CrossValidationMethod.K_FOLD)
    folds, repeats, seed = cross_validation.folds, cross_validation.repeats, cross_validation.seed
    if method is CrossValidationMethod.TIME_SERIES:
        gap, most = cross_validation.gap or 0, cross_validation.max_train_size
        return model_selection.TimeSeriesSplit(folds, max_train_size=most, gap=gap)
    if method is CrossValidationMethod.PREDEFINED:
        return model_selection.PredefinedSplit((orders or Orders()).folds)
    if repeats > 1:
        stratified = method is CrossValidationMethod.STRATIFIED
        repeated = model_selection.RepeatedStratifiedKFold if stratified else model_selection.RepeatedKFold
        return repeated(n_splits=folds, n_repeats=repeats, random_state=seed)
    single = {
        CrossValidationMethod.K_FOLD: model_selection.KFold,
        CrossValidationMethod.STRATIFIED: model_selection.StratifiedKFold,
        CrossValidationMethod.GROUPED: model_selection.GroupKFold,
        CrossValidationMethod.STRATIFIED_GROUPED: model_selection.StratifiedGroupKFold,
    }[method]
    return single(folds, shuffle=True, random_state=seed)


def make_splits(
    y_train: np.ndarray,
    cross_validation: CrossValidation,
    resolved: Resolved,
    orders: Orders | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds × repeats pairs of positions in the training part, whose `orders` these are: to fit on, to score."""
    orders = orders or Orders()
    cv = make_cv(cross_validation, resolved, orders)
    if resolved.cross_validation == CrossValidationMethod.PREDEFINED:
        return list(cv.split())
    groups = orders.groups if resolved.cross_validation in _GROUPED else None
    return list(cv.split(np.zeros(len(y_train)), y_train, groups))


def check(
    y_train: np.ndarray,
    cross_validation: CrossValidation,
    resolved: Resolved,
    classes: Sequence[Any] | None = None,
    orders: Orders | None = None,
) -> list[str]:
    """Return what forbids these folds on the targets of the training part, in its order; [] if nothing does.

    Stricter than scikit-learn, which only warns of a class with fewer rows than folds.
    """
    orders = orders or Orders()
    folds, method = cross_validation.folds, resolved.cross_validation
    if method == CrossValidationMethod.PREDEFINED:
        return predefined_folds.check(folds, orders.folds)
    possible = len(y_train) - 1 if method == CrossValidationMethod.TIME_SERIES else len(y_train)
    if folds > possible:
        return [_too_many(folds, f"the training part has {len(y_train)} rows", possible)]
    problems = _check_gap(len(y_train), cross_validation) if method == CrossValidationMethod.TIME_SERIES else []
    if method in _GROUPED:
        problems += _check_groups(folds, method, orders.groups)
    if method in _STRATIFIED:
        problems += _check_classes(y_train, folds, method, classes)
    return problems


def _check_gap(rows: int, cross_validation: CrossValidation) -> list[str]:
    """Return whether the gap leaves the first split no row to fit on."""
    gap, folds = cross_validation.gap or 0, cross_validation.folds
    room = rows - folds * (rows // (folds + 1)) - 1
    if gap <= room:
        return []
    return [
        f"spec.crossValidation.gap is {gap}, but with {folds} folds of the {rows} rows of the training part the first "
        f"split has {room + 1} rows before those that it tests on; use a gap of at most {room}, or fewer folds."
    ]


def _check_groups(folds: int, method: str | None, groups_train: np.ndarray | None) -> list[str]:
    if groups_train is None:
        return [f"spec.crossValidation.method is {method}, which needs dataset.groupColumn; name that column."]
    count = len(np.unique(groups_train))
    return [_too_many(folds, f"the training part has {count} groups", count)] if count < folds else []


def _check_classes(y_train: np.ndarray, folds: int, method: str | None, classes: Sequence[Any] | None) -> list[str]:
    other = "KFold" if method == CrossValidationMethod.STRATIFIED else "Grouped"
    if classes is None:
        return [f"spec.crossValidation.method is {method}, but the target is a number; use method: {other}."]
    sizes = np.bincount(y_train, minlength=len(classes))
    smallest = int(sizes.argmin())
    size = int(sizes[smallest])
    if size >= folds:
        return []
    few = f"use at most {size} folds, or method: {other}" if size > 1 else f"use method: {other}"
    return [
        f"spec.crossValidation.folds is {folds}, but the smallest class, {show(classes[smallest])}, has {size} rows "
        f"in the training part; {few}."
    ]


def _too_many(folds: int, found: str, possible: int) -> str:
    least = 2
    advice = f"use at most {possible} folds" if possible >= least else "no number of folds is possible; use more rows"
    return f"spec.crossValidation.folds is {folds}, but {found}; {advice}."
