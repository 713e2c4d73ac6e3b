"""The three parts of the rows: exactly what scikit-learn's splitters return, called twice."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Split, SplitMethod
from gridfold.api.validation import show
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.telling import listed
from gridfold_trainer.errors import DataError

#: A class of fewer rows, and a data set of fewer groups, can never be in all three parts.
PARTS = 3
#: More than this between asked and reached is reported, in percentage points.
POINTS = 10

RowPair = tuple[np.ndarray, np.ndarray]


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

    @property
    def sizes(self) -> dict[str, int]:
        """Return how many rows each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def make_parts(
    y: np.ndarray, split: Split, resolved: Resolved, classes: Sequence[Any] | None = None, orders: Orders | None = None
) -> Parts:
    """Return the parts of the rows of y, shape (n,): codes of classes, or numbers.

    `classes` only makes a message nicer. Grouped reads `orders.groups`, TimeOrdered `orders.time`.

    Raises:
        SplitImpossibleError: these rows cannot be divided so; the message says which class or size is in the way.
    """
    orders = orders or Orders()
    if resolved.split == SplitMethod.TIME_ORDERED:
        return _time_ordered(_given(orders.time, "TimeOrdered", "timeColumn"), split)
    if resolved.split == SplitMethod.GROUPED:
        divide = _grouped(_given(orders.groups, "Grouped", "groupColumn"), split)
    else:
        divide = _shuffled(y, split, resolved.split == SplitMethod.STRATIFIED, classes)
    try:
        rest, test = divide(np.arange(len(y)), split.test / 100)
        train, validation = divide(rest, split.validation / (100 - split.test))
    except ValueError as error:
        raise SplitImpossibleError(_advice(y, split, resolved.split, str(error))) from error
    return Parts(train, validation, test)


def part_warnings(parts: Parts, split: Split) -> list[str]:
    """Return a warning for each part that is far from its share: groups are counted, and they differ in size."""
    total = sum(parts.sizes.values())
    asked = {"train": split.train, "validation": split.validation, "test": split.test}
    reached = {name: 100 * rows / total for name, rows in parts.sizes.items()}
    return [
        f"The {name} part has {parts.sizes[name]} of {total} rows, {reached[name]:.0f} %, where spec.split asks for "
        f"{asked[name]} %: the percentages count groups, and these groups differ in size. Another spec.split.seed "
        "may come closer."
        for name in asked
        if abs(reached[name] - asked[name]) > POINTS
    ]


def _shuffled(
    y: np.ndarray, split: Split, stratified: bool, classes: Sequence[Any] | None
) -> Callable[[np.ndarray, float], RowPair]:
    from sklearn.model_selection import train_test_split

    if stratified:
        _check_class_sizes(y, classes)

    def divide(rows: np.ndarray, share: float) -> RowPair:
        stratify = y[rows] if stratified else None
        larger, smaller = train_test_split(rows, test_size=share, random_state=split.seed, stratify=stratify)
        return larger, smaller

    return divide


def _grouped(groups: np.ndarray, split: Split) -> Callable[[np.ndarray, float], RowPair]:
    from sklearn.model_selection import GroupShuffleSplit

    count = len(np.unique(groups))
    if count < PARTS:
        raise SplitImpossibleError(
            f"spec.split.method is Grouped, but dataset.groupColumn has {count} different values; at least {PARTS} "
            "are needed for training, validation and test part. Name another column, or use another method."
        )

    def divide(rows: np.ndarray, share: float) -> RowPair:
        splitter = GroupShuffleSplit(1, test_size=share, random_state=split.seed)
        larger, smaller = next(splitter.split(rows, groups=groups[rows]))
        return rows[larger], rows[smaller]

    return divide


def _time_ordered(time: np.ndarray, split: Split) -> Parts:
    """Return the latest rows as test part, those before them as validation part; equal times keep their order."""
    rows = np.argsort(time, kind="stable")
    test_start = len(rows) - len(rows) * split.test // 100
    validation_start = test_start - len(rows) * split.validation // 100
    parts = Parts(rows[:validation_start], rows[validation_start:test_start], rows[test_start:])
    empty = [name for name, size in parts.sizes.items() if size == 0]
    if empty:
        raise SplitImpossibleError(
            f"spec.split is {split.train}/{split.validation}/{split.test} with method TimeOrdered, but of {len(rows)} "
            f"rows that leaves none for {' and '.join(empty)}. Use more rows, or larger shares for the small parts."
        )
    return parts


def _given(order: np.ndarray | None, method: str, field: str) -> np.ndarray:
    if order is None:
        raise SplitImpossibleError(f"spec.split.method is {method}, which needs dataset.{field}; name that column.")
    return order


def _check_class_sizes(y: np.ndarray, classes: Sequence[Any] | None) -> None:
    codes, sizes = np.unique(y, return_counts=True)
    small = [(code, size) for code, size in zip(codes, sizes, strict=True) if size < PARTS]
    if small:
        items = [f"{_name(code, classes)} ({size})" for code, size in small]
        raise SplitImpossibleError(
            f"spec.split.method is Stratified: remove or merge small classes, or use method: Random; {len(small)} of "
            f"{len(codes)} classes have fewer than {PARTS} rows, too few for training, validation and test part: "
            f"{listed(items, 200)}.",
        )


def _name(code: Any, classes: Sequence[Any] | None) -> str:
    return show(classes[int(code)] if classes is not None else code.item())


def _advice(y: np.ndarray, split: Split, method: str | None, cause: str) -> str:
    stratified = method == SplitMethod.STRATIFIED
    advice = "Use more groups" if method == SplitMethod.GROUPED else "Use more rows"
    advice += ", or larger shares for the small parts"
    if stratified:
        advice += ", or method: Random"
    return (
        f"spec.split is {split.train}/{split.validation}/{split.test} with method {method}, but the data has {len(y)} "
        f"rows{f' of {len(np.unique(y))} classes' if stratified else ''} and scikit-learn says: {cause} {advice}."
    )
