"""How the training part is divided into folds: scikit-learn's own splitters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidation, CrossValidationMethod
from gridfold.api.validation import show


def make_cv(cross_validation: CrossValidation, resolved: Resolved) -> Any:
    """Return the splitter of scikit-learn; its folds depend on the order of the rows."""
    from sklearn import model_selection

    stratified = resolved.cross_validation == CrossValidationMethod.STRATIFIED
    folds, repeats, seed = cross_validation.folds, cross_validation.repeats, cross_validation.seed
    if repeats > 1:
        repeated = model_selection.RepeatedStratifiedKFold if stratified else model_selection.RepeatedKFold
        return repeated(n_splits=folds, n_repeats=repeats, random_state=seed)
    single = model_selection.StratifiedKFold if stratified else model_selection.KFold
    return single(folds, shuffle=True, random_state=seed)


def make_splits(
    y_train: np.ndarray, cross_validation: CrossValidation, resolved: Resolved
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds × repeats pairs of positions in the training part: to fit on, to score on."""
    return list(make_cv(cross_validation, resolved).split(np.zeros(len(y_train)), y_train))


def check(
    y_train: np.ndarray,
    cross_validation: CrossValidation,
    resolved: Resolved,
    classes: Sequence[Any] | None = None,
) -> list[str]:
    """Return what forbids these folds on the targets of the training part, in its order; [] if nothing does.

    Stricter than scikit-learn, which only warns of a class with fewer rows than folds.
    """
    folds = cross_validation.folds
    if len(y_train) < folds:
        return [
            f"spec.crossValidation.folds is {folds}, but the training part has {len(y_train)} rows; "
            f"use at most {len(y_train)} folds."
        ]
    if resolved.cross_validation != CrossValidationMethod.STRATIFIED:
        return []
    if classes is None:
        return ["spec.crossValidation.method is Stratified, but the target is a number; use method: KFold."]
    sizes = np.bincount(y_train, minlength=len(classes))
    smallest = int(sizes.argmin())
    size = int(sizes[smallest])
    if size >= folds:
        return []
    few = f"use at most {size} folds, or method: KFold" if size > 1 else "use method: KFold"
    return [
        f"spec.crossValidation.folds is {folds}, but the smallest class, {show(classes[smallest])}, has {size} rows "
        f"in the training part; {few}."
    ]
