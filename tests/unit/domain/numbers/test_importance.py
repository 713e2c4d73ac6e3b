"""Analysis of variance against least squares, and grids that are not balanced."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.domain.numbers.importance import Shares, importance
from gridfold.domain.numbers.judged import JudgedCell
from tests.unit.domain.numbers.cells import NAN, product


def explained(scores: np.ndarray, columns: list[np.ndarray]) -> float:
    """Return the sum of squares that a linear model of these columns, and a constant, explains."""
    X = np.column_stack([np.ones(len(scores)), *columns])
    fitted = X @ np.linalg.lstsq(X, scores, rcond=None)[0]
    return float(((fitted - scores.mean()) ** 2).sum())


def dummies(values: list[Any]) -> np.ndarray:
    levels = list(dict.fromkeys(values))
    return np.array([[value == level for level in levels] for value in values], dtype=float)


def by_least_squares(cells: list[JudgedCell]) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    scores = np.array([cell.mean for cell in cells])
    names = [name for name in cells[0].parameters if len({cell.parameters[name] for cell in cells}) > 1]
    columns = {name: dummies([cell.parameters[name] for cell in cells]) for name in names}
    total = ((scores - scores.mean()) ** 2).sum()
    main = {name: explained(scores, [columns[name]]) / total for name in names}
    pairs = {}
    for one, other in itertools.combinations(names, 2):
        both = dummies([(cell.parameters[one], cell.parameters[other]) for cell in cells])
        alone = explained(scores, [columns[one], columns[other]])
        pairs[one, other] = (explained(scores, [both]) - alone) / total
    return main, pairs


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_shares_are_those_of_least_squares(sizes: list[int], seed: int) -> None:
    axes = {f"p{number}": list(range(size)) for number, size in enumerate(sizes)}
    scores = np.random.default_rng(seed).normal(size=int(np.prod(sizes)))
    cells = product(axes, scores.tolist())
    found = importance(cells).all
    if len(cells) == 1:
        assert found is None
        return
    assert found is not None
    main, pairs = by_least_squares(cells)
    assert dict(found.main) == pytest.approx(main, abs=1e-9)
    assert {frozenset(pair): share for pair, share in found.pairs.items()} == pytest.approx(
        {frozenset(pair): share for pair, share in pairs.items()}, abs=1e-9
    )
    assert sum(found.main.values()) + sum(found.pairs.values()) + found.rest == pytest.approx(1)


def test_a_hopeless_value_takes_nearly_everything_but_not_in_the_better_half() -> None:
    axes = {"rate": [0.01, 0.1, 1, 10], "depth": [1, 2, 3]}
    found = importance(product(axes, lambda rate, depth: 0.1 if rate >= 1 else 0.8 + depth / 100 + rate / 1000))
    assert found.all and found.better
    assert found.all.main["rate"] > 0.99
    assert found.better.main["rate"] < 0.01
    assert found.better.main["depth"] > 0.98
    assert (found.better.cells, dict(found.better.left_out)) == (6, {"rate": ("1", "10")})


def test_the_better_half_has_half_of_the_cells_and_the_winner() -> None:
    cells = product({"a": [1, 2, 3], "b": [1, 2, 3]}, [9, 0, 0, 5, 5, 4, 5, 5, 5])
    better = importance(cells).better
    assert better is not None
    assert better.cells == 6
    assert dict(better.left_out) == {"b": ("3",)}  # value 1 of a has the lowest mean, but the winner, too


def test_two_parameters_have_no_rest_and_effects_that_add_up_no_pairs() -> None:
    found = importance(product({"a": [1, 2], "b": [1, 2, 3]}, lambda a, b: a + 10 * b)).all
    assert found is not None
    assert found.rest == 0
    assert found.pairs == pytest.approx({("a", "b"): 0}, abs=1e-12)
    assert found.total("a") == pytest.approx(found.main["a"])
    assert list(found.main) == ["b", "a"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([], "no cell has a score"),
        ([JudgedCell({"a": 1}, (NAN,))], "no cell has a score"),
        ([JudgedCell({}, (0.5,))], "no parameter has two values"),
        (product({"a": [1], "b": [2]}, [0.5]), "no parameter has two values"),
        (product({"a": [1, 2, 3]}, [0.1 + 0.2, 0.3, 0.3]), "all scores are equal"),
        (product({"a": [1, 2]}, [0.0, 0.0]), "all scores are equal"),
        ([JudgedCell({"a": n, "b": n}, (n,)) for n in range(4)], "too many combinations of values have no score"),
        ([JudgedCell({"a": n, "b": n}, (n,)) for n in range(400)], "too many combinations of values have no score"),
    ],
)
def test_where_there_are_no_shares_the_reason_is_told(cells: list[JudgedCell], reason: str) -> None:
    found = importance(cells)
    assert found.all is None
    assert found.better is None
    assert found.reason.startswith(reason)


def test_values_with_cells_that_are_infeasible_are_left_out_and_named() -> None:
    cells = product(
        {"penalty": ["l1", "l2", None], "solver": ["lbfgs", "saga", "liblinear"], "C": [1, 10]},
        lambda penalty, solver, C: (
            NAN if (penalty, solver) in {("l1", "lbfgs"), (None, "liblinear")} else C + len(solver)
        ),
    )
    found = importance(cells).all
    assert found is not None
    assert found.cells == 8
    assert sum(map(len, found.left_out.values())) == 2
    whole = [
        cell for cell in cells if all(_text(v) not in found.left_out.get(k, ()) for k, v in cell.parameters.items())
    ]
    assert len(whole) == 8
    assert dict(found.main) == pytest.approx(by_least_squares(whole)[0], abs=1e-9)


def _text(value: Any) -> str:
    return {None: "null"}.get(value, f'"{value}"')


def test_of_a_list_of_grids_it_is_the_winner_s() -> None:
    linear = product({"kernel": ["linear"], "C": [1, 10]}, [0.1, 0.2])
    rbf = product({"kernel": ["rbf"], "C": [1, 10], "gamma": [1, 2, 3]}, [0.3, 0.4, 0.5, 0.6, 0.7, 0.9])
    found = importance(linear + rbf).all
    assert found is not None
    assert found.cells == 6
    assert set(found.main) == {"C", "gamma"}


def test_a_combination_of_two_grids_counts_once() -> None:
    cells = product({"a": [1, 2]}, [0.1, 0.2])
    found = importance([*cells, *product({"a": [2, 1]}, [0.2, 0.1])]).all
    assert found == importance(cells).all


@given(st.permutations(range(12)))
def test_the_order_of_the_cells_does_not_matter(order: list[int]) -> None:
    cells = product({"a": [1, 2, 3, 4], "b": [1, 2, 3]}, [float((7 * n) % 12) for n in range(12)])
    found, expected = importance([cells[place] for place in order]), importance(cells)
    for mixed, plain in ((found.all, expected.all), (found.better, expected.better)):
        assert isinstance(mixed, Shares)
        assert isinstance(plain, Shares)
        assert dict(mixed.main) == pytest.approx(dict(plain.main))


def test_one_and_one_point_zero_are_two_values() -> None:
    found = importance(product({"max_features": [1, 1.0]}, [0.1, 0.2])).all
    assert found is not None
    assert found.main == {"max_features": pytest.approx(1)}


def test_losses_whose_squares_are_no_numbers_have_shares() -> None:
    found = importance(product({"a": [1, 2], "b": [1, 2]}, lambda a, b: -1e200 * a - 1e199 * b)).all
    assert found is not None
    assert found.main["a"] == pytest.approx(100 / 101)
