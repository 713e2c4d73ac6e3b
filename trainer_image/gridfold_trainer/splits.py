"""The three parts of the rows: exactly what scikit-learn's train_test_split returns, twice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Split, SplitMethod
from gridfold.api.validation import show
from gridfold_trainer.errors import DataError

#: A class of fewer rows can never be in all three parts.
PARTS = 3


class SplitImpossibleError(DataError):
    """The rows cannot be divided into the three parts as the spec asks."""

    reason = "SplitImpossible"


@dataclass(frozen=True)
class Parts:
    """Row numbers (int64, 1-D) of the three parts, in the order that the split returned them."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the three lists of row numbers, order included."""
        state = hashlib.sha256()
        for rows in (self.train, self.validation, self.test):
            state.update(len(rows).to_bytes(8, "little"))
            state.update(np.ascontiguousarray(rows, dtype="<i8").tobytes())
        return f"sha256:{state.hexdigest()}"


def make_parts(y: np.ndarray, split: Split, resolved: Resolved, classes: Sequence[Any] | None = None) -> Parts:
    """Return the parts of the rows of y, shape (n,): codes of classes, or numbers.

    `classes` only makes a message nicer.

    Raises:
        SplitImpossibleError: these rows cannot be divided so; the message says which class or size is in the way.
    """
    from sklearn.model_selection import train_test_split

    stratified = resolved.split == SplitMethod.STRATIFIED
    if stratified:
        _check_class_sizes(y, classes)
    try:
        rest, test = train_test_split(
            np.arange(len(y)),
            test_size=split.test / 100,
            random_state=split.seed,
            stratify=y if stratified else None,
        )
        train, validation = train_test_split(
            rest,
            test_size=split.validation / (100 - split.test),
            random_state=split.seed,
            stratify=y[rest] if stratified else None,
        )
    except ValueError as error:
        raise SplitImpossibleError(_advice(y, split, stratified, str(error))) from error
    return Parts(train, validation, test)


def _check_class_sizes(y: np.ndarray, classes: Sequence[Any] | None) -> None:
    codes, sizes = np.unique(y, return_counts=True)
    small = [(code, size) for code, size in zip(codes, sizes, strict=True) if size < PARTS]
    if small:
        shown = ", ".join(f"{_name(code, classes)} ({size})" for code, size in small[:10])
        raise SplitImpossibleError(
            f"spec.split.method is Stratified, but {len(small)} of {len(codes)} classes have fewer than {PARTS} rows, "
            f"too few for training, validation and test part: {shown}. Remove or merge these classes, or use "
            "method: Random.",
        )


def _name(code: Any, classes: Sequence[Any] | None) -> str:
    return show(classes[int(code)] if classes is not None else code.item())


def _advice(y: np.ndarray, split: Split, stratified: bool, cause: str) -> str:
    advice = "Use more rows, or larger shares for the small parts"
    if stratified:
        advice += ", or method: Random"
    return (
        f"spec.split is {split.train}/{split.validation}/{split.test} with method "
        f"{SplitMethod.STRATIFIED if stratified else SplitMethod.RANDOM}, but the data has {len(y)} rows"
        f"{f' of {len(np.unique(y))} classes' if stratified else ''} and scikit-learn says: {cause} {advice}."
    )
