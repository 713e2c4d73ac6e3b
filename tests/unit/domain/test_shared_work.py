"""Which cells sit together in one process on a machine where a group costs nothing more."""

import random
from typing import Any

import pytest

from gridfold.api.handoff import MOST_CELLS_TOGETHER
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import Grid, cell_count
from gridfold.domain.groups import Groups
from gridfold.domain.shared_work import SHARED_AXES, shared_groups
from gridfold_trainer.learning.sharing import rules
from tests.unit.domain.world import document, job_of

FOREST = "sklearn.ensemble.RandomForestClassifier"


def spec_of(grid: list[dict[str, list[Any]]], estimator: str = FOREST, **search: Any) -> TrainingJobSpec:
    more = {"estimator": {"className": estimator}, "search": {"grid": grid, **search}}
    return job_of(document(**more)).spec


def groups_of(grid: list[dict[str, list[Any]]], processes: int = 2, estimator: str = FOREST, **search: Any) -> Groups:
    spec = spec_of(grid, estimator, **search)
    return shared_groups(spec, range(cell_count(spec.search)), processes)


def test_the_axes_are_those_along_which_the_trainer_shares_fits() -> None:
    theirs = {name: rule.axes for name in rules.estimators() if (rule := rules.rule_of(name)) is not None}
    assert theirs == SHARED_AXES


def test_cells_that_one_fit_serves_are_together_and_the_largest_groups_come_first() -> None:
    grid = [{"max_depth": [2, 4, 8, 16], "n_estimators": [100, 200, 400]}]
    assert groups_of(grid) == ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))
    mixed = [{"max_depth": [2], "n_estimators": [10, 20]}, {"max_depth": [4], "n_estimators": [900]}]
    assert groups_of(mixed) == ((2,), (0, 1))


def test_groups_get_smaller_so_that_the_processes_end_together() -> None:
    sizes = [
        len(group)
        for group in groups_of([{"C": [number / 10 for number in range(1, 25)]}], estimator="sklearn.svm.SVC")
    ]
    assert sizes == [6, 5, 4, 3, 3, 3]
    assert [len(group) for group in groups_of([{"C": [1.0, 2.0]}], estimator="sklearn.svm.SVC")] == [1, 1]


def test_one_process_prepares_no_rows_twice() -> None:
    grid = [{"C": [number / 10 for number in range(1, 25)]}]
    assert groups_of(grid, 1, "sklearn.svm.SVC") == (tuple(range(24)),)
    scaled = [{"C": [1.0, 2.0], "preprocessing.numeric.scale": ["Standard", "Robust"]}]
    assert groups_of(scaled, 1, "sklearn.svm.SVC") == ((0, 2), (1, 3)), "what shares nothing is not waited for"


def test_cells_with_the_same_preparation_are_together() -> None:
    grid = [{"C": [1.0, 2.0, 4.0, 8.0], "preprocessing.numeric.scale": ["Standard", "Robust"]}]
    groups = groups_of(grid, processes=2, estimator="sklearn.svm.SVC")
    cells = list(Grid.of(grid))
    assert set(groups[0]) <= {0, 2, 4, 6} or set(groups[0]) <= {1, 3, 5, 7}, [cells[cell] for cell in groups[0]]


def test_of_a_random_search_nobody_knows_here_which_cells_share() -> None:
    groups = groups_of([{"max_depth": [2, 4, 8, 16], "n_estimators": [100, 200, 400]}], algorithm="Random", cells=6)
    assert sorted(cell for group in groups for cell in group) == list(range(6))


@pytest.mark.parametrize("seed", range(20))
def test_every_cell_is_in_one_group_and_no_group_is_too_large(seed: int) -> None:
    draw = random.Random(seed)
    values = list(range(1, 1 + draw.randint(1, 60)))
    grid = [{"n_estimators": values, "max_depth": values}, {"n_estimators": values, "max_features": ["sqrt"]}]
    spec = spec_of(grid)
    cells = draw.sample(range(cell_count(spec.search)), k=draw.randint(1, cell_count(spec.search)))
    groups = shared_groups(spec, cells, draw.randint(1, 5))
    assert sorted(cell for group in groups for cell in group) == sorted(cells)
    assert all(0 < len(group) <= MOST_CELLS_TOGETHER and group == tuple(sorted(group)) for group in groups)


def test_a_family_that_is_larger_than_a_process_may_have_is_parted() -> None:
    grid = [{"n_neighbors": list(range(1, 900)), "weights": ["uniform", "distance"]}]
    sizes = [len(group) for group in groups_of(grid, 1, "sklearn.neighbors.KNeighborsClassifier")]
    assert sorted(sizes) == [798, 1000]
