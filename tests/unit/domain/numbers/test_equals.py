"""Cells that cannot be told apart, the fastest of them, and the distribution behind it."""

import numpy as np
import pytest
from scipy import stats

from gridfold.domain.numbers.equals import cheapest_equal, indistinguishable, p_values
from gridfold.domain.numbers.student import two_sided
from tests.unit.domain.numbers.cells import NAN, of_scores


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 24, 49, 999])
def test_the_distribution_is_student_s(degrees: int) -> None:
    for t in (0.0, 0.3, 1.0, 2.1, 12.7, 80.0):
        assert two_sided(t, degrees) == two_sided(-t, degrees)
        assert two_sided(t, degrees) == pytest.approx(2 * stats.t.sf(t, degrees), abs=1e-13)


def test_the_test_is_that_of_nadeau_and_bengio() -> None:
    scores = np.random.default_rng(0).normal(0.8, 0.02, (6, 10))
    share = 1 / 9
    found = p_values(of_scores(*scores.tolist()), 0, share)
    assert np.isnan(found[0])
    for cell in range(1, 6):
        d = scores[0] - scores[cell]
        t = d.mean() / np.sqrt((1 / 10 + share) * d.var(ddof=1))
        assert found[cell] == pytest.approx(2 * stats.t.sf(abs(t), 9), rel=1e-10)


def test_the_correction_makes_close_cells_indistinguishable_that_a_plain_test_would_tell_apart() -> None:
    best = np.linspace(0.7, 0.9, 10)
    other = best - 0.01 + np.tile([0.012, -0.012], 5)
    assert stats.ttest_rel(best, other).pvalue < 0.05
    assert indistinguishable(of_scores(best.tolist(), other.tolist()), 0, 0.25) == [1]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ((0.5, 0.6, 0.7), [0]),  # equal
        ((0.4, 0.5, 0.6), [0]),  # no variance of the difference: never called significant
        ((0.1, 0.19, 0.31), []),  # far below
        ((NAN, 0.6, 0.7), []),  # a split without a score: left out
        ((), []),
        ((-1e200, 1e-3, -3e200), [0]),  # no number has its square
        ((-1e200, -1e200, -1.1e200), []),
    ],
)
def test_cells_are_found_that_do_not_differ(other: tuple[float, ...], expected: list[int]) -> None:
    assert indistinguishable(of_scores(other, (0.5, 0.6, 0.7)), 1, 0.5) == expected


def test_the_winner_is_not_its_own_equal() -> None:
    assert indistinguishable(of_scores((0.9, 0.9)), 0, 0.25) == []


def test_one_split_tells_nothing_apart() -> None:
    assert indistinguishable(of_scores((0.9,), (0.1,)), 0, 0.25) == [1]


@pytest.mark.parametrize(
    ("seconds", "cheapest"),
    [
        ((3, 2, 1, 4), 1),  # cell 2 is faster, but not equal
        ((1, 2, 0, 4), 0),  # the winner itself
        ((3, 2, 0, 2), 3),  # as fast: the higher mean
        ((3, NAN, 0, NAN), 0),
        ((NAN, 2, 0, 1), None),
    ],
)
def test_the_cheapest_equal_is_the_fastest_of_the_winner_and_its_equals(
    seconds: tuple[float, ...], cheapest: int | None
) -> None:
    cells = of_scores((0.9, 0.9), (0.7, 0.8), (0.1, 0.1), (0.8, 0.9), seconds=seconds)
    assert cheapest_equal(cells, 0, [1, 3]) == cheapest
