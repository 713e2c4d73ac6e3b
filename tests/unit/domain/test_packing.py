"""How many cells a pod gets: as said, or from how long the first ones took."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.status import State
from gridfold.domain.observed import Span
from gridfold.domain.packing import POD_SECONDS
from gridfold.domain.shared_work import SHARED_AXES, packed_groups
from tests.unit.domain.test_groups import end_pod
from tests.unit.domain.test_shared_work import spec_of
from tests.unit.domain.world import World, cell_end, document, infeasible_end, job_of

CELLS, PARALLELISM = 60, 4


def world_of(cells: int = CELLS, **packing: Any) -> World:
    execution = {"parallelism": PARALLELISM, "packing": packing}
    world = World(job_of(document([{"C": [*range(1, cells + 1)]}], execution=execution)))
    world.step()
    world.finish_prepare(cells)
    world.step()
    return world


def sizes(world: World, wave: str) -> list[int]:
    return [len(group) for group in world.waves[wave].groups]


def end(world: World, wave: str, index: int, seconds: float, *, reused: bool = False) -> None:
    (cell,) = world.waves[wave].groups[index]
    ran = Span(world.now - timedelta(seconds=seconds), world.now)
    end_pod(world, wave, index, cell_end(cell, 0.5, ran, reused=reused))


def test_a_pod_has_as_many_cells_as_are_asked_for() -> None:
    world = world_of(mode="Fixed", cellsPerPod=25)
    (wave,) = world.waves
    assert sizes(world, wave) == [25, 25, 10]
    assert world.waves[wave].parallelism == PARALLELISM


def test_cells_that_one_fit_serves_are_in_the_same_pod_and_the_longest_pods_come_first() -> None:
    spec = spec_of([{"max_depth": [2, 4, 8], "n_estimators": [100, 200, 400]}])
    assert packed_groups(spec, range(9), 3) == ((0, 1, 2), (3, 4, 5), (6, 7, 8))
    assert packed_groups(spec, range(9), 5) == ((0, 1, 2), (3, 4, 5), (6, 7, 8)), "no fit is made twice to fill a pod"
    assert packed_groups(spec, range(9), 2) == ((2, 5), (8,), (0, 1), (3, 4), (6, 7))


@pytest.mark.parametrize(("seconds", "most"), [(0, 14), (2, 14), (10, 6), (59, 2), (60, 1), (900, 1)])
def test_how_many_cells_a_pod_has_follows_from_how_long_the_first_ones_took(seconds: float, most: int) -> None:
    world = world_of(mode="Auto")
    (first,) = world.waves
    assert sizes(world, first) == [1] * PARALLELISM
    assert [cells[0] for cells in world.waves[first].groups] == [0, 15, 30, 45], "from all over the grid"
    end(world, first, 0, seconds)
    world.step()
    assert [*world.waves] == [first], "the quickest is not all there is to know"
    end(world, first, 1, seconds)
    world.step()
    (second,) = world.waves.keys() - {first}
    assert max(sizes(world, second)) == most
    assert sum(sizes(world, second)) == CELLS - PARALLELISM
    assert world.waves[second].parallelism == PARALLELISM - 2, "two of the first ones are still at work"


def test_where_no_first_cell_was_computed_the_others_are_not_measured_for_ever() -> None:
    world = world_of(mode="Auto")
    (first,) = world.waves
    for index in range(PARALLELISM):
        end(world, first, index, 1, reused=True)
    world.step()
    (second,) = world.waves.keys() - {first}
    assert sizes(world, second) == [10] * 5 + [6]


def test_refused_cells_tell_how_long_a_pod_takes_too() -> None:
    world = world_of(mode="Auto")
    (first,) = world.waves
    for index, (cell,) in enumerate(world.waves[first].groups):
        refused = infeasible_end(cell)
        end_pod(world, first, index, replace(refused, ran=Span(world.now - timedelta(seconds=30), world.now)))
    world.step()
    (second,) = world.waves.keys() - {first}
    assert max(sizes(world, second)) == POD_SECONDS / 30


def test_as_many_cells_as_run_at_a_time_have_a_pod_each() -> None:
    world = world_of(PARALLELISM, mode="Auto")
    (wave,) = world.waves
    assert sizes(world, wave) == [1] * PARALLELISM


def test_an_edit_counts_from_the_next_wave_on_and_ends_nothing() -> None:
    world = world_of(mode="Cell")
    (wave,) = world.waves
    before = world.waves[wave]
    world.edit(document([{"C": [*range(1, CELLS + 1)]}], execution={"packing": {"mode": "Fixed", "cellsPerPod": 5}}))
    world.step()
    assert (world.status.state, [*world.waves], world.waves[wave].groups) == (State.RUNNING, [wave], before.groups)


@settings(max_examples=60, deadline=None)
@given(
    estimator=st.sampled_from([*sorted(SHARED_AXES), "sklearn.svm.SVC"]),
    axes=st.dictionaries(
        st.sampled_from(["n_estimators", "max_iter", "n_neighbors", "C", "preprocessing.numeric.scale"]),
        st.lists(st.integers(1, 50), min_size=1, max_size=5, unique=True),
        min_size=1,
        max_size=3,
    ),
    most=st.integers(1, 30),
    data=st.data(),
)
def test_every_cell_is_in_one_group_and_no_group_is_too_large(
    estimator: str, axes: dict[str, list[Any]], most: int, data: st.DataObject
) -> None:
    spec = spec_of([{"max_depth": [1]}]).model_copy(
        update={"estimator": spec_of([{"max_depth": [1]}], estimator).estimator}
    )
    spec = spec.model_copy(update={"search": spec.search.model_copy(update={"grid": [axes]})})
    total = 1
    for values in axes.values():
        total *= len(values)
    cells = sorted(data.draw(st.sets(st.integers(0, total - 1), min_size=1)))
    groups = packed_groups(spec, cells, most)
    assert sorted(cell for group in groups for cell in group) == cells
    assert max(map(len, groups)) <= most


def test_a_killed_pod_of_many_cells_is_halved_whatever_the_packing_is() -> None:
    world = world_of(mode="Fixed", cellsPerPod=30)
    (first,) = world.waves
    for index in range(2):
        end_pod(world, first, index, None)
    world.step()
    (second,) = world.waves.keys() - {first}
    assert sizes(world, second) == [15] * 4
