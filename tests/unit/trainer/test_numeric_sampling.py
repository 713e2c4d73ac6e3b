"""Random search draws what scikit-learn's ParameterSampler draws."""

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import ParameterSampler

from gridfold.api.v1alpha1 import Search
from gridfold.domain.grid import Grid, cell_count
from gridfold_trainer.learning.sampling import draw

AXES = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.integers(0, 9), min_size=1, max_size=5), max_size=3)


@given(
    grid=st.lists(AXES, min_size=1, max_size=3),
    cells=st.integers(1, 40),
    seed=st.one_of(st.integers(0, 5), st.just(4294967295)),
)
def test_the_cells_of_a_random_search_are_those_of_parameter_sampler_in_its_order(
    grid: list[dict[str, list[Any]]], cells: int, seed: int
) -> None:
    search = Search.model_validate({"grid": grid, "algorithm": "Random", "cells": cells, "seed": seed})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a grid with fewer cells than asked for
        theirs = list(ParameterSampler(grid, cells, random_state=seed))
    whole = Grid.of(search.grid)
    assert [dict(whole[number]) for number in draw(search)] == theirs
    assert len(draw(search)) == cell_count(search)


def test_no_cell_is_drawn_twice_from_a_large_grid() -> None:
    grid = [{name: list(range(10)) for name in "abcdef"}]
    search = Search.model_validate({"grid": grid, "algorithm": "Random", "cells": 9999, "seed": 1})
    assert len(set(draw(search))) == 9999
    theirs = ParameterSampler(grid, 9999, random_state=1)
    assert [dict(Grid.of(grid)[number]) for number in draw(search)] == list(theirs)


def test_a_grid_search_has_all_cells_in_order() -> None:
    assert draw(Search(grid=[{"a": [1, 2], "b": [3, 4]}, {}])) == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_decides(seed: int) -> None:
    def drawn(of: int) -> tuple[int, ...]:
        return draw(
            Search.model_validate({"grid": [{"a": list(range(50))}], "algorithm": "Random", "cells": 5, "seed": of})
        )

    assert drawn(seed) == drawn(seed)
    assert drawn(seed) != drawn(seed + 2)
