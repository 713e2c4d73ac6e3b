"""Means that tie as numpy's, and which cell is chosen."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.domain.numbers.choosing import BEST, Choice, Simplest
from gridfold.domain.numbers.judged import JudgedCell, best, is_number, mean, std, text
from gridfold_trainer.learning import ranking
from tests.unit.domain.numbers.cells import NAN, of_scores, searches


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400))
def test_mean_and_deviation_have_every_bit_of_the_ranking(values: list[float]) -> None:
    means, stds = ranking.means_and_stds([values, values[::-1]])
    assert [mean(values), mean(values[::-1])] == means.tolist()
    assert [std(values), std(values[::-1])] == stds.tolist()


def test_no_scores_have_no_mean() -> None:
    assert math.isnan(mean([]))
    assert math.isnan(std([]))
    assert not JudgedCell({}).is_scored


@given(searches())
def test_the_best_cell_is_the_ranking_s_winner(scores: np.ndarray) -> None:
    cells = of_scores(*scores.tolist())
    assert BEST.of(cells) == ranking.winner(ranking.means_and_stds(scores)[0])
    assert best([cell.mean for cell in cells]) == BEST.of(cells)


@given(searches(), st.booleans())
def test_the_rule_takes_the_cell_of_scikit_learn_s_example(scores: np.ndarray, highest: bool) -> None:
    means, stds = ranking.means_and_stds(scores)
    found = Choice((Simplest("C", highest),)).of(of_scores(*scores.tolist()))
    if np.isnan(means).all():
        assert found is None
        return
    top = np.nanargmax(means)
    near = np.flatnonzero(means >= means[top] - stds[top])
    values = np.arange(len(scores))[near]
    assert found == near[values.argmax() if highest else values.argmin()]


def cell(score: float, **parameters: Any) -> JudgedCell:
    return JudgedCell(parameters, (score - 0.1, score + 0.1))


@pytest.mark.parametrize(
    ("simplest", "chosen"),
    [
        ([Simplest("depth")], 1),  # equally simple: the higher mean
        ([Simplest("depth"), Simplest("alpha", highest=True)], 0),
        ([Simplest("depth", highest=True)], 3),  # None is no limit, above every number
        ([Simplest("alpha", highest=True)], 4),
    ],
)
def test_parameters_decide_in_their_order_then_the_mean(simplest: list[Simplest], chosen: int) -> None:
    cells = [
        cell(0.80, depth=2, alpha=0.5),
        cell(0.85, depth=2, alpha=0.1),
        cell(0.88, depth=3, alpha=0.1),
        cell(0.81, depth=None, alpha=0.1),
        cell(0.82, depth=9, alpha=5),
        cell(0.70, depth=1, alpha=9),  # too far from the best
        JudgedCell({"depth": 0, "alpha": 10}, (NAN, 2.0)),
    ]
    assert Choice(tuple(simplest)).of(cells) == chosen


@pytest.mark.parametrize(("value", "number"), [(1, True), (0.5, True), (True, False), (None, False), ("1", False)])
def test_truth_values_and_texts_are_no_numbers(value: Any, number: bool) -> None:
    assert is_number(value) == number


@pytest.mark.parametrize("value", [math.inf, NAN, 10**400])
def test_what_is_no_float_is_no_number(value: Any) -> None:
    assert not is_number(value)


def test_values_are_told_apart_by_their_kind() -> None:
    assert len({text(value) for value in (1, 1.0, True, "1", [1], {"a": 1}, None)}) == 7
