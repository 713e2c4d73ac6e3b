"""When the winner is at the end of an axis, and what to try beyond it."""

from typing import Any

import pytest

from gridfold.domain.numbers.edge import Bounds, edges
from gridfold.domain.numbers.judged import JudgedCell
from tests.unit.domain.numbers.cells import NAN, product


def found(axis: list[Any], winner: int, bounds: Bounds | None = None) -> list[tuple[str, float]]:
    """Return side and next value where that value of an axis won."""
    scores = [1 - abs(place - winner) / 100 for place in range(len(axis))]
    cells = product({"p": axis}, scores)
    return [(edge.side, edge.next) for edge in edges(cells, winner, {"p": bounds} if bounds else None)]


@pytest.mark.parametrize(
    ("axis", "winner", "expected"),
    [
        ([0.1, 1, 10], 2, [("highest", 100)]),
        ([0.1, 1, 10], 0, [("lowest", 0.01)]),
        ([0.1, 1, 10], 1, []),
        ([0.03, 0.1, 0.3], 2, [("highest", 0.9)]),
        ([10, 20, 30], 2, [("highest", 40)]),
        ([10, 20, 30], 0, [("lowest", 0)]),
        ([15, 31, 63], 2, [("highest", 128)]),
        ([1, 2, 4], 0, []),  # no whole number in these steps
        ([0.5, 1.0], 0, [("lowest", 0.0)]),
        ([100, 200], 1, [("highest", 300)]),
        ([30, 10, 20], 0, [("highest", 40)]),  # the order of writing says nothing
        ([0.9991, 0.9992], 1, [("highest", 0.9993)]),
        ([-2.0, -1.0], 1, [("highest", 0.0)]),
        ([5], 0, []),
        ([None, 5, 10], 0, []),  # no limit won
        ([None, 5, 10], 2, [("highest", 15)]),
        (["a", "b"], 0, []),
        ([1e-10, 1e200], 1, []),  # no number is that large
        ([False, True], 1, []),
    ],
)
def test_an_end_is_told_with_its_side_and_the_next_step(
    axis: list[Any], winner: int, expected: list[tuple[str, float]]
) -> None:
    assert found(axis, winner) == [(side, pytest.approx(number)) for side, number in expected]


@pytest.mark.parametrize(
    ("axis", "winner", "bounds", "expected"),
    [
        ([0.0, 0.5, 1.0], 2, Bounds(0, 1), []),
        ([0.0, 0.5, 1.0], 0, Bounds(0, 1), []),
        ([1, 2, 4], 0, Bounds(low=1), []),
        ([0.5, 0.9], 1, Bounds(0, 1), [("highest", 1.0)]),  # as far as it goes
        ([0.5, 0.9], 1, Bounds(0, 1, includes_high=False), [("highest", 0.95)]),
        ([10, 20, 30], 0, Bounds(low=0, includes_low=False), [("lowest", 5)]),
        ([0.1, 0.2], 0, Bounds(low=0, includes_low=False), [("lowest", 0.05)]),
        ([2, 3, 4], 0, Bounds(low=1, includes_low=False), []),
    ],
)
def test_the_estimator_s_own_bound_is_no_edge_and_nothing_beyond_it_is_named(
    axis: list[Any], winner: int, bounds: Bounds, expected: list[tuple[str, float]]
) -> None:
    assert found(axis, winner, bounds) == [(side, pytest.approx(number)) for side, number in expected]


def test_an_end_where_the_score_has_levelled_off_is_none() -> None:
    cells = product({"trees": [100, 200, 400], "depth": [1, 2]}, lambda trees, depth: min(trees, 200) + depth)
    assert [edge.parameter for edge in edges(cells, 5)] == ["depth"]


def test_a_value_without_scores_has_been_tried() -> None:
    cells = product({"C": [1, 10, 100]}, [0.5, 0.9, NAN])
    assert edges(cells, 1) == []


def test_values_of_another_word_have_not_been_tried_with_this_one() -> None:
    cells = [
        *product({"kernel": ["linear"], "C": [1, 10]}, [0.5, 0.9]),
        *product({"kernel": ["poly"], "C": [1, 10, 100]}, [0.5, 0.5, 0.6]),
        *product({"kernel": ["rbf"], "C": [1000], "gamma": [1]}, [0.1]),
    ]
    (edge,) = edges(cells, 1)
    assert (edge.parameter, edge.value, edge.highest, edge.values, edge.next) == ("C", 10, True, 2, 100)


def test_drawn_cells_share_no_other_number() -> None:
    cells = [JudgedCell({"C": float(10**n), "tol": 0.1 * n}, (0.5 + n / 100,)) for n in range(3)]
    assert [edge.parameter for edge in edges(cells, 2)] == ["C", "tol"]


def test_without_a_winner_there_is_no_edge() -> None:
    assert edges([], None) == []


@pytest.mark.parametrize(("axis", "written"), [([0.1, 1, 10], "100"), ([0.1, 1.0, 10.0], "100.0")])
def test_the_next_value_is_written_as_the_last_one_is(axis: list[float], written: str) -> None:
    ((_, following),) = found(axis, 2)
    assert str(following) == written
