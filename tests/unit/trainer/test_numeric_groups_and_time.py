"""No group and no later row on both sides: of the three parts and of every split of the cross-validation."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, StratifiedGroupKFold, TimeSeriesSplit

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidation, Split
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.learning import cross_validation
from gridfold_trainer.learning.cross_validation import make_cv, make_splits
from gridfold_trainer.learning.splits import Parts, SplitImpossibleError, make_parts, part_warnings

GROUPED = Resolved(split="Grouped", cross_validation="Grouped")
STRATIFIED_GROUPED = Resolved(split="Grouped", cross_validation="StratifiedGrouped")
TIMED = Resolved(split="TimeOrdered", cross_validation="TimeSeries")

GROUPS = st.lists(st.integers(0, 30), min_size=20, max_size=200).map(np.array)
TIMES = st.lists(st.integers(-5, 60), min_size=30, max_size=200).map(lambda values: np.array(values, dtype=np.float64))
SHARES = st.sampled_from([(70, 15, 15), (60, 19, 21), (34, 33, 33), (80, 10, 10)])


def share(train: int, validation: int, test: int, seed: int = 0) -> Split:
    return Split(train=train, validation=validation, test=test, seed=seed)


@settings(max_examples=60)
@given(groups=GROUPS, shares=SHARES, seed=st.integers(0, 9), resolved=st.sampled_from([GROUPED, STRATIFIED_GROUPED]))
def test_no_group_is_on_two_sides(
    groups: np.ndarray, shares: tuple[int, int, int], seed: int, resolved: Resolved
) -> None:
    assume(len(np.unique(groups)) >= 8)
    y = np.arange(len(groups)) % 2
    parts = make_parts(y, share(*shares, seed), resolved, orders=Orders(groups=groups))
    sides = [set(groups[rows].tolist()) for rows in (parts.train, parts.validation, parts.test)]
    assert all(sides)
    assert sum(len(side) for side in sides) == len(set(groups.tolist()))
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(len(groups)))
    training, two = groups[parts.train], CrossValidation(folds=2, seed=seed)
    assume(not cross_validation.check(y[parts.train], two, resolved, ("a", "b"), Orders(groups=training)))
    splits = make_splits(y[parts.train], two, resolved, Orders(groups=training))
    assert sorted(np.concatenate([scored for _, scored in splits])) == list(range(len(training)))
    for fitted, scored in splits:
        assert set(training[fitted].tolist()).isdisjoint(training[scored].tolist())


@settings(max_examples=60)
@given(time=TIMES, shares=SHARES, folds=st.integers(2, 6))
def test_no_row_is_later_than_one_that_it_is_scored_on(
    time: np.ndarray, shares: tuple[int, int, int], folds: int
) -> None:
    y = np.zeros(len(time))
    parts = make_parts(y, share(*shares), TIMED, orders=Orders(time=time))
    assert time[parts.train].max() <= time[parts.validation].min()
    assert time[parts.validation].max() <= time[parts.test].min()
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(len(time)))
    assert (len(parts.test), len(parts.validation)) == (len(time) * shares[2] // 100, len(time) * shares[1] // 100)
    training = time[parts.train]
    splits = make_splits(y[parts.train], CrossValidation(folds=folds), TIMED)
    assert [len(scored) for _, scored in splits] == [len(training) // (folds + 1)] * folds
    for fitted, scored in splits:
        assert training[fitted].max() <= training[scored].min()


def test_rows_of_one_time_keep_their_order() -> None:
    parts = make_parts(np.zeros(20), Split(), TIMED, orders=Orders(time=np.repeat([2.0, 1.0], 10)))
    assert [*parts.train, *parts.validation, *parts.test] == [*range(10, 20), *range(10)]


def test_grouped_parts_are_what_two_calls_of_group_shuffle_split_return() -> None:
    groups = np.random.default_rng(0).integers(0, 25, 300)
    rest, test = next(GroupShuffleSplit(1, test_size=0.15, random_state=4).split(groups, groups=groups))
    second = GroupShuffleSplit(1, test_size=15 / 85, random_state=4)
    train, validation = next(second.split(rest, groups=groups[rest]))
    parts = make_parts(np.zeros(300), Split(seed=4), GROUPED, orders=Orders(groups=groups))
    assert parts.train.tolist() == rest[train].tolist()
    assert parts.validation.tolist() == rest[validation].tolist()
    assert parts.test.tolist() == test.tolist()


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("Grouped", GroupKFold(4, shuffle=True, random_state=6)),
        ("StratifiedGrouped", StratifiedGroupKFold(4, shuffle=True, random_state=6)),
        ("TimeSeries", TimeSeriesSplit(4)),
    ],
)
def test_folds_of_groups_and_of_time_are_those_of_scikit_learn(method: str, expected: object) -> None:
    y, groups = np.arange(120) % 3, np.arange(120) % 20
    resolved = Resolved(cross_validation=method)
    assert repr(make_cv(CrossValidation(folds=4, seed=6), resolved)) == repr(expected)
    found = make_splits(y, CrossValidation(folds=4, seed=6), resolved, Orders(groups=groups))
    told = None if method == "TimeSeries" else groups
    theirs = list(expected.split(np.zeros((120, 2)), y, told))  # type: ignore[attr-defined]
    assert all(np.array_equal(a, c) and np.array_equal(b, d) for (a, b), (c, d) in zip(found, theirs, strict=True))


@pytest.mark.parametrize("groups", [np.zeros(50, int), np.arange(50) % 2])
def test_fewer_than_three_groups_cannot_be_divided(groups: np.ndarray) -> None:
    count = len(np.unique(groups))
    with pytest.raises(SplitImpossibleError, match=f"groupColumn has {count} different values; at least 3"):
        make_parts(np.zeros(50), Split(), GROUPED, orders=Orders(groups=groups))


@pytest.mark.parametrize(("resolved", "column"), [(GROUPED, "groupColumn"), (TIMED, "timeColumn")])
def test_a_method_whose_column_the_data_does_not_have_is_told(resolved: Resolved, column: str) -> None:
    with pytest.raises(SplitImpossibleError, match=f"which needs dataset.{column}"):
        make_parts(np.zeros(50), Split(), resolved)


def test_so_few_rows_that_a_part_by_time_is_empty_are_told() -> None:
    with pytest.raises(SplitImpossibleError, match="of 6 rows that leaves none for validation and test"):
        make_parts(np.zeros(6), Split(), TIMED, orders=Orders(time=np.arange(6.0)))


def test_a_part_more_than_ten_points_off_is_reported_with_what_was_asked() -> None:
    groups = np.repeat(np.arange(5), [96, 1, 1, 1, 1])
    parts = make_parts(np.zeros(100), Split(), GROUPED, orders=Orders(groups=groups))
    reported = part_warnings(parts, Split())
    assert reported
    for rows, told in ((81, True), (80, False)):  # 70 % are asked for
        larger = Parts(np.arange(rows), np.arange(15), np.arange(100 - rows - 15))
        assert any(text.startswith("The train part") for text in part_warnings(larger, Split())) == told
    assert all(" of 100 rows, " in text and "where spec.split asks for" in text for text in reported)
    even = make_parts(np.zeros(100), Split(), GROUPED, orders=Orders(groups=np.arange(100)))
    assert part_warnings(even, Split()) == []


@pytest.mark.parametrize(
    ("method", "sizes", "groups", "classes", "message"),
    [
        ("Grouped", (20, 20), 4, ("a", "b"), "the training part has 4 groups; use at most 4 folds"),
        ("StratifiedGrouped", (36, 4), 20, ("a", "b"), 'smallest class, "b", has 4 rows .* or method: Grouped'),
        ("StratifiedGrouped", (20, 20), 20, None, "the target is a number; use method: Grouped"),
        ("TimeSeries", (3, 2), 5, ("a", "b"), "the training part has 5 rows; use at most 4 folds"),
        ("Grouped", (20, 20), 1, None, "has 1 groups; no number of folds is possible"),
    ],
)
def test_folds_that_are_impossible_are_told(
    method: str, sizes: tuple[int, int], groups: int, classes: tuple[str, ...] | None, message: str
) -> None:
    y = np.repeat([0, 1], sizes)
    found = cross_validation.check(
        y, CrossValidation(folds=5), Resolved(cross_validation=method), classes, Orders(np.arange(len(y)) % groups)
    )
    with pytest.raises(ValueError, match=message):
        raise ValueError(*found)
