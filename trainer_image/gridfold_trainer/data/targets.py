"""The target: classes and their codes, or numbers."""

from dataclasses import dataclass

import numpy as np

from gridfold.api.v1alpha1 import ColumnType
from gridfold.api.validation import show
from gridfold_trainer.data.prepared import CLASS_LIMIT
from gridfold_trainer.data.typed import Rejected, Typed

Classes = tuple[str, ...] | tuple[float | int, ...]


@dataclass(frozen=True)
class Target:
    """The target of a data set."""

    y: np.ndarray  #: (n,) int64 codes of classes, or float64 numbers
    classes: Classes | None  #: labels by code; None for numbers


def type_target(typed: Typed | Rejected, *, classifier: bool) -> Target | Rejected:
    """Return the target for a classifier or a regressor.

    Classes are distinct numbers in their order where every value is a number ("1", "01" and "1.0" are one class),
    else distinct texts by code point. The column has no missing value.
    """
    if isinstance(typed, Rejected):
        return typed
    if not classifier:
        return _numbers(typed)
    target = _numeric_classes(typed.values) if typed.type is ColumnType.NUMERIC else _text_classes(typed)
    if isinstance(target, Target) and target.classes is not None and len(target.classes) > CLASS_LIMIT:
        return Rejected(
            f"has {len(target.classes)} classes; at most {CLASS_LIMIT} are possible. Use a regressor, or name another "
            f"target."
        )
    return target


def _numbers(typed: Typed) -> Target | Rejected:
    if typed.type is ColumnType.CATEGORICAL:
        return Rejected(
            f"has {len(typed.categories)} different texts, such as {show(typed.categories[-1])[:64]}; a regressor "
            f"predicts numbers. Correct the data, or use a classifier."
        )
    return Target(typed.values, None)


def _text_classes(typed: Typed) -> Target:
    return Target(typed.values.astype(np.int64), typed.categories)


def _numeric_classes(values: np.ndarray) -> Target | Rejected:
    numbers, codes = np.unique(values, return_inverse=True)
    fractions = numbers[numbers != np.floor(numbers)]
    if len(fractions):
        return Rejected(
            f"has {len(numbers)} different numbers, among them {fractions[0]}; scikit-learn's classifiers take whole "
            f"numbers or text for classes. Use a regressor, or declare the target Categorical in columnTypes to take "
            f"its values as text."
        )
    return Target(codes.astype(np.int64).reshape(-1), tuple(int(number) for number in numbers))
