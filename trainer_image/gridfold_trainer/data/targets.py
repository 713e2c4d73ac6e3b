"""The target: classes and their codes, or numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, Dataset
from gridfold_trainer.data.numbers import NUMBER
from gridfold_trainer.data.prepared import CLASS_LIMIT
from gridfold_trainer.data.spelling_warnings import advice_of
from gridfold_trainer.data.telling import shown
from gridfold_trainer.data.typed import Rejected, Typed

_SHOWN = 3

Classes = tuple[str, ...] | tuple[float | int, ...]


@dataclass(frozen=True)
class Target:
    """The target of a data set."""

    y: np.ndarray  #: (n,) int64 codes of classes, or float64 numbers
    classes: Classes | None  #: labels by code; None for numbers


def type_target(typed: Typed | Rejected, dataset: Dataset, *, classifier: bool) -> Target | Rejected:
    """Return the target for a classifier or a regressor.

    Classes are distinct numbers in their order where every value is a number ("1", "01" and "1.0" are one class),
    else distinct texts by code point. The column has no missing value.
    """
    if isinstance(typed, Rejected):
        return typed
    if not classifier:
        return _numbers(typed, dataset)
    target = _numeric_classes(typed.values) if typed.type is ColumnType.NUMERIC else _text_classes(typed)
    if isinstance(target, Target) and target.classes is not None and len(target.classes) > CLASS_LIMIT:
        return Rejected(
            f"has {len(target.classes)} classes; at most {CLASS_LIMIT} are possible. Use a regressor, or name another "
            f"target."
        )
    return target


def _numbers(typed: Typed, dataset: Dataset) -> Target | Rejected:
    if typed.type is ColumnType.CATEGORICAL:
        texts = [text for text in typed.categories if not re.fullmatch(NUMBER, text)] or list(typed.categories)
        advice = advice_of(dataset, dataset.target, typed.categories) or "correct the data, or use a classifier"
        if dataset.target in dataset.column_types:
            advice = f"take {dataset.target} out of dataset.columnTypes"
        return Rejected(f"is no number everywhere; {advice}: a regressor predicts numbers, but {_some(texts)} none.")
    return Target(typed.values, None)


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return f"{', '.join(map(shown, texts[:_SHOWN]))}{more} {'is' if len(texts) == 1 else 'are'}"


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
