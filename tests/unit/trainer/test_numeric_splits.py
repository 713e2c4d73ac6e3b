"""The three parts and the folds: scikit-learn's own, and what is said where they are impossible."""

import numpy as np
import pytest
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    train_test_split,
)

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidation, Split
from gridfold_trainer.learning.cross_validation import check, make_cv, make_splits
from gridfold_trainer.learning.splits import Parts, SplitImpossibleError, make_parts

STRATIFIED = Resolved(split="Stratified", cross_validation="Stratified")
PLAIN = Resolved(split="Random", cross_validation="KFold")


def targets(*sizes: int) -> np.ndarray:
    """Codes of classes of these sizes, shuffled."""
    return np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))


@pytest.mark.parametrize("rows", [20, 99, 100, 101, 1234])
@pytest.mark.parametrize(("train", "validation", "test"), [(70, 15, 15), (98, 1, 1), (34, 33, 33), (1, 50, 49)])
@pytest.mark.parametrize("resolved", [STRATIFIED, PLAIN])
def test_parts_are_what_two_calls_of_train_test_split_return(
    rows: int, train: int, validation: int, test: int, resolved: Resolved
) -> None:
    y = targets(rows // 2, rows - rows // 2)
    stratify = resolved is STRATIFIED
    try:
        rest, last = train_test_split(
            np.arange(rows), test_size=test / 100, random_state=9, stratify=y if stratify else None
        )
        first, middle = train_test_split(
            rest, test_size=validation / (100 - test), random_state=9, stratify=y[rest] if stratify else None
        )
    except ValueError:
        with pytest.raises(SplitImpossibleError, match=f"the data has {rows} rows"):
            make_parts(y, Split(train=train, validation=validation, test=test, seed=9), resolved)
        return
    parts = make_parts(y, Split(train=train, validation=validation, test=test, seed=9), resolved)
    assert [parts.train.tolist(), parts.validation.tolist(), parts.test.tolist()] == [
        first.tolist(),
        middle.tolist(),
        last.tolist(),
    ]
    assert sorted([*parts.train, *parts.validation, *parts.test]) == list(range(rows))


def test_a_hundred_rows_at_the_defaults_give_69_16_and_15() -> None:
    parts = make_parts(targets(60, 40), Split(), STRATIFIED)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (69, 16, 15)


def test_the_digest_tells_order_and_borders_of_the_parts_apart() -> None:
    def digest(*parts: list[int]) -> str:
        return Parts(*map(np.array, parts)).digest

    digests = {
        digest([1, 2], [3], [4]), digest([2, 1], [3], [4]), digest([1], [2, 3], [4]), digest([1, 2, 3], [], [4]),
        digest([1, 2], [3, 4], []),
    }  # fmt: skip
    assert len(digests) == 5
    narrow = Parts(*(np.array(part, dtype=np.int32) for part in ([1, 2], [3], [4])))
    assert narrow.digest == digest([1, 2], [3], [4])


def test_classes_too_small_for_three_parts_are_named_with_their_sizes() -> None:
    with pytest.raises(SplitImpossibleError, match=r'2 of 4 classes have fewer than 3 rows.*"b" \(1\), "d" \(2\)'):
        make_parts(targets(50, 1, 50, 2), Split(), STRATIFIED, ("a", "b", "c", "d"))


def test_a_small_class_is_no_obstacle_to_a_random_split() -> None:
    assert len(make_parts(targets(50, 1), Split(), PLAIN).train) > 30


@pytest.mark.parametrize(
    ("resolved", "repeats", "expected"),
    [
        (STRATIFIED, 1, StratifiedKFold(4, shuffle=True, random_state=6)),
        (PLAIN, 1, KFold(4, shuffle=True, random_state=6)),
        (STRATIFIED, 3, RepeatedStratifiedKFold(n_splits=4, n_repeats=3, random_state=6)),
        (PLAIN, 3, RepeatedKFold(n_splits=4, n_repeats=3, random_state=6)),
    ],
)
def test_folds_are_those_of_scikit_learn(resolved: Resolved, repeats: int, expected: object) -> None:
    y = targets(30, 21, 10)
    cross_validation = CrossValidation(folds=4, repeats=repeats, seed=6)
    assert repr(make_cv(cross_validation, resolved)) == repr(expected)
    found = make_splits(y, cross_validation, resolved)
    theirs = list(expected.split(np.zeros((61, 2)), y))  # type: ignore[attr-defined]
    assert len(found) == 4 * repeats
    assert all(np.array_equal(a, c) and np.array_equal(b, d) for (a, b), (c, d) in zip(found, theirs, strict=True))


@pytest.mark.parametrize(
    ("sizes", "resolved", "message"),
    [
        ((40, 7), STRATIFIED, 'the smallest class, "b", has 7 rows in the training part; use at most 7 folds'),
        ((40, 1), STRATIFIED, "has 1 rows in the training part; use method: KFold"),
        ((40, 0), STRATIFIED, "has 0 rows in the training part; use method: KFold"),
        ((4, 5), PLAIN, "folds is 10, but the training part has 9 rows; use at most 9 folds"),
    ],
)
def test_folds_that_are_too_many_are_told_with_what_is_possible(
    sizes: tuple[int, ...], resolved: Resolved, message: str
) -> None:
    (problem,) = check(targets(*sizes), CrossValidation(folds=10), resolved, ("a", "b"))
    assert message in problem


@pytest.mark.parametrize(("sizes", "resolved"), [((10, 10), STRATIFIED), ((19, 1), PLAIN)])
def test_folds_that_are_possible_are_no_problem(sizes: tuple[int, ...], resolved: Resolved) -> None:
    assert check(targets(*sizes), CrossValidation(folds=10), resolved, ("a", "b")) == []


def test_stratified_folds_of_numbers_are_a_problem() -> None:
    (problem,) = check(np.linspace(0, 1, 50), CrossValidation(), STRATIFIED)
    assert "the target is a number; use method: KFold" in problem
