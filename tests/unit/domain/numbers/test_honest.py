"""The selection-honest score against the plainest way to compute it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.domain.numbers.choosing import Choice, Simplest
from gridfold.domain.numbers.honest import honest_score
from gridfold_trainer.learning import ranking
from tests.unit.domain.numbers.cells import NAN, of_scores, searches


@given(searches())
def test_each_split_is_scored_by_the_cell_that_the_others_choose(scores: np.ndarray) -> None:
    found = honest_score(of_scores(*scores.tolist()))
    whole = np.flatnonzero(~np.isnan(scores).any(axis=1))
    if not len(whole) or scores.shape[1] == 1:
        assert found is None
        return
    chosen = [
        int(whole[np.delete(scores[whole], split, axis=1).mean(axis=1).argmax()]) for split in range(scores.shape[1])
    ]
    assert found is not None
    assert found.chosen == tuple(chosen)
    assert found.score == scores[chosen, range(scores.shape[1])].mean()
    winner = ranking.winner(scores.mean(axis=1))
    assert found.optimism == scores[winner].mean() - found.score


@given(st.integers(2, 4), st.integers(2, 3))
def test_repeats_are_chosen_within_since_the_others_score_the_same_rows(folds: int, repeats: int) -> None:
    scores = np.random.default_rng(folds).normal(size=(9, folds * repeats))
    found = honest_score(of_scores(*scores.tolist()), repeats)
    alone = [
        honest_score(of_scores(*scores[:, start : start + folds].tolist()))
        for start in range(0, folds * repeats, folds)
    ]
    assert found is not None
    assert found.chosen == tuple(cell for part in alone if part for cell in part.chosen)


@pytest.mark.parametrize(
    ("rows", "repeats"),
    [
        ([], 1),
        ([(NAN, 0.5), (0.4, NAN)], 1),
        ([(0.5,), (0.6,)], 1),  # nothing to choose by
        ([(0.5, 0.6), (0.6, 0.7)], 2),
    ],
)
def test_without_anything_to_choose_by_there_is_none(rows: list[tuple[float, ...]], repeats: int) -> None:
    assert honest_score(of_scores(*rows), repeats) is None


def test_one_cell_is_its_own_honest_score() -> None:
    found = honest_score(of_scores((0.25, 0.75)))
    assert found is not None
    assert (found.score, found.optimism, found.chosen) == (0.5, 0, (0, 0))


def test_ties_go_to_the_first_cell() -> None:
    found = honest_score(of_scores((0.5, 0.5, 0.25), (0.5, 0.5, 0.75), (NAN, 1, 1)))
    assert found is not None
    assert found.chosen == (1, 1, 0)
    assert found.score == pytest.approx((0.5 + 0.5 + 0.25) / 3)


def test_it_takes_the_optimism_of_many_equal_cells_away() -> None:
    scores = np.random.default_rng(1).normal(0.7, 0.02, size=(2000, 5))
    found = honest_score(of_scores(*scores.tolist()))
    assert found is not None
    assert found.score == pytest.approx(0.7, abs=0.02)
    assert found.score + found.optimism > 0.725


def test_the_way_of_choosing_is_the_search_s_own() -> None:
    cells = of_scores((0.6, 0.7, 0.8), (0.61, 0.71, 0.81), (0.62, 0.72, 0.82))
    best, simplest = honest_score(cells), honest_score(cells, choice=Choice((Simplest("C"),)))
    assert best and simplest
    assert (best.chosen, simplest.chosen) == ((2, 2, 2), (0, 0, 0))
    assert simplest.score == pytest.approx(0.7)
    assert simplest.optimism == 0
