"""Folds that a column of the data names: what can be wrong with them once the rows are divided into parts."""

import numpy as np

_SHOWN = 10


def check(wanted: int, folds: np.ndarray | None) -> list[str]:
    """Return what forbids these folds; codes of the training part, shape (n,), -1: in no fold."""
    if folds is None:
        return ["spec.crossValidation.method is Predefined, which needs dataset.foldColumn; name that column."]
    found = len(_named(folds))
    if found == 0:
        return [
            "spec.dataset.foldColumn is -1 in every row of the training part, so that no row would ever be scored; "
            "name the fold of some rows."
        ]
    if found == 1 and not (folds == -1).any():
        return [
            "spec.dataset.foldColumn has one value in all rows of the training part, so that none would be left to fit "
            "on; name at least two folds, or give rows that are always fitted on the value -1."
        ]
    if found == wanted:
        return []
    return [
        f"spec.crossValidation.folds is {wanted}, but spec.dataset.foldColumn names {found} "
        f"fold{'' if found == 1 else 's'} in the training part (different values, -1 not counted); write "
        f"folds: {found}."
    ]


def lost(folds: np.ndarray, train: np.ndarray) -> list[str]:
    """Return a warning of the folds that have no row in the training part, whose rows these are."""
    everywhere, kept = _named(folds), set(_named(folds[train]).tolist())
    gone = [str(place) for place, code in enumerate(everywhere.tolist(), 1) if code not in kept]
    if not gone:
        return []
    shown = ", ".join(gone[:_SHOWN])
    return [
        f"Of the {len(everywhere)} folds of spec.dataset.foldColumn, in the order of their values, number {shown} lost "
        f"all rows to validation and test part and {'is' if len(gone) == 1 else 'are'} never scored; other shares or "
        "another seed in spec.split may keep some."
    ]


def _named(folds: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.unique(folds[folds != -1])
    return found
