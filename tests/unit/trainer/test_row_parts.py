"""Which rows of a fold a learning curve fits on: nested parts, the last of which is the fold."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.status import Resolved
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.learning.row_parts import chosen, parts_of, warnings
from tests.unit.trainer.data_jobs import stage_input

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=120).map(np.array)
SEEDS, FRACTIONS = st.integers(0, 99), st.integers(1, 100)


def drawn(size: int, fraction: int, seed: int, classes: Any = None, groups: Any = None) -> np.ndarray:
    return chosen(size, fraction, np.random.default_rng(seed), classes, groups)


@settings(max_examples=80)
@given(classes=LABELS, stratified=st.booleans(), grouped=st.booleans(), seed=SEEDS, two=st.tuples(FRACTIONS, FRACTIONS))
def test_a_smaller_part_lies_in_every_larger_one_and_positions_ascend(
    classes: np.ndarray, stratified: bool, grouped: bool, seed: int, two: tuple[int, int]
) -> None:
    groups = np.arange(len(classes)) // 3 if grouped else None
    small, large = (drawn(len(classes), f, seed, classes if stratified else None, groups) for f in sorted(two))
    assert set(small.tolist()) <= set(large.tolist())
    assert large.tolist() == sorted(set(large.tolist()))
    assert len(small) >= 1
    if not grouped:
        assert [len(small), len(large)] == [max(1, len(classes) * f // 100) for f in sorted(two)]
    assert drawn(len(classes), 100, seed, classes if stratified else None, groups).tolist() == list(range(len(classes)))


@settings(max_examples=80)
@given(classes=LABELS, fraction=FRACTIONS, seed=SEEDS)
def test_each_class_has_its_share_to_a_row(classes: np.ndarray, fraction: int, seed: int) -> None:
    part = drawn(len(classes), fraction, seed, classes)
    for kind in np.unique(classes):
        own = np.count_nonzero(classes == kind)
        assert abs(np.count_nonzero(classes[part] == kind) - own * len(part) / len(classes)) <= 1


@settings(max_examples=80)
@given(groups=LABELS, fraction=FRACTIONS, seed=SEEDS)
def test_groups_are_whole_and_the_fraction_counts_them(groups: np.ndarray, fraction: int, seed: int) -> None:
    part, every = drawn(len(groups), fraction, seed, groups=groups), np.unique(groups)
    inside = np.unique(groups[part])
    assert part.tolist() == np.flatnonzero(np.isin(groups, inside)).tolist()
    assert len(inside) == max(1, len(every) * fraction // 100)


def test_groups_of_each_class_are_taken_in_their_share() -> None:
    groups, classes = np.repeat(np.arange(40), 3), np.repeat(np.arange(40) % 4 == 0, 3).astype(int)
    part = drawn(120, 50, 7, classes, groups)
    assert np.count_nonzero(classes[part]) == 15 and len(part) == 60


@pytest.mark.parametrize("method", ["KFold", "Stratified", "Grouped", "StratifiedGrouped", "TimeSeries", "Predefined"])
def test_all_rows_are_the_fold_itself_and_every_fold_is_scored_on_all_its_rows(method: str) -> None:
    y, orders = np.arange(60) % 3, Orders(groups=np.arange(60) // 5)
    splits = [(np.arange(0, 40), np.arange(40, 60)), (np.arange(20, 60), np.arange(20))]
    for fraction in (10, 50, 100):
        for (part, scored), (train, test) in zip(parts_of(splits, fraction, y, method, 3, orders), splits, strict=True):
            assert scored is test
            assert set(part.tolist()) <= set(train.tolist())
            assert (part is train) == (fraction == 100)


def test_folds_by_time_take_the_latest_rows() -> None:
    splits = [(np.arange(10), np.arange(10, 15)), (np.arange(15), np.arange(15, 20))]
    found = parts_of(splits, 40, np.zeros(20), "TimeSeries", 0, Orders())
    assert [part.tolist() for part, _ in found] == [[6, 7, 8, 9], [9, 10, 11, 12, 13, 14]]


def test_splits_draw_apart_and_the_seed_decides() -> None:
    splits = [(np.arange(50), np.arange(50, 60))] * 2

    def parts(seed: int) -> list[list[int]]:
        return [part.tolist() for part, _ in parts_of(splits, 50, np.zeros(60), "KFold", seed, Orders())]

    assert parts(1) == parts(1) != parts(2)
    assert parts(1)[0] != parts(1)[1]


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        (tuple("ab"), []),
        (tuple("abcdef"), ["of the smallest fold, 10 % (5 rows) is fewer rows than the target has classes, 6."]),
        (
            tuple("abcdefghijklmnopqrst"),
            ["10 % (5 rows) and 25 % (13 rows) are fewer rows than the target has classes"],
        ),
        (None, []),
    ],
)
def test_parts_with_fewer_rows_than_classes_are_told_before_any_fit(classes: Any, told: list[str]) -> None:
    spec = stage_input(crossValidation={"folds": 3}, learningCurve={}).spec
    found = warnings(spec, Resolved(cross_validation="KFold"), np.zeros(80, dtype=int), classes, Orders())
    assert len(found) == len(told)
    assert all(text in line and line.startswith("Consider larger") for text, line in zip(told, found, strict=True))
    assert warnings(stage_input().spec, Resolved(cross_validation="KFold"), np.zeros(80), classes, Orders()) == []
