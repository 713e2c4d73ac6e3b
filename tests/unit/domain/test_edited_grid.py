"""An edit of the grid: what runs goes on, what is new is run, what has left is ignored."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gridfold.api.status import State
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Waiting
from gridfold.domain.plan import Delete, Drain, SetParallelism
from tests.unit.domain.world import World, cell_end, document, job_of

BEFORE = [{"C": [1, 2, 3, 4]}]
#: Cell 0 has left; 1, 2 and 3 have become 2, 1 and 0; 4 and 5 are new.
AFTER = [{"C": [4, 3, 2, 5, 6]}]
TWO = {"parallelism": 2}


@pytest.fixture
def world() -> World:
    return World(job_of(document(BEFORE, execution=TWO)))


def running(world: World, *cells: int) -> str:
    """Have prepare done and these cells run; return the wave."""
    world.step()
    world.finish_prepare(4)
    world.step()
    (wave,) = world.waves
    world.waves[wave] = replace(world.waves[wave], running=frozenset(cells))
    world.step()
    return wave


def prepared_again(world: World, total: int, cached: set[int] = frozenset()) -> None:
    world.step()
    world.finish_prepare(total, cached)


def end(world: World, wave: str, cell: int, score: float) -> None:
    """End a cell that runs, by its number in the wave's own grid."""
    world.waves[wave] = replace(world.waves[wave], running=world.waves[wave].running - {cell})
    world.end_cell(wave, cell, cell_end(cell, score), good=True)


def test_cells_that_both_grids_have_run_on_and_the_others_form_a_wave_beside_them(world: World) -> None:
    wave = running(world, 1, 2)
    world.edit(document(AFTER, execution=TWO))
    for _ in range(3):
        assert world.step().actions == () or world.status.state is State.PREPARING
    assert world.waves[wave].parallelism == 2, "while the new grid is judged, the wave goes on as it was"
    world.finish_prepare(5)
    assert world.step().actions == (Drain(wave),)
    assert world.step().actions == (), "both places are taken by cells that are wanted"
    assert (world.status.cells.running, world.status.cells.pending, world.status.progress) == (2, 3, "0/5")
    end(world, wave, 1, 0.75)
    world.step()
    assert (world.status.progress, world.status.best.cell, world.status.best.parameters) == ("1/5", 2, {"C": "2"})
    (new,) = (name for name in world.waves if name != wave)
    assert (world.waves[new].cells, world.waves[new].parallelism) == ((0, 3, 4), 1)
    end(world, wave, 2, 0.5)
    assert world.step().actions == (Delete(wave),)
    assert world.step().actions == (SetParallelism(new, 2),)
    for cell in (0, 3, 4):
        world.end_cell(new, cell, cell_end(cell, 0.6), good=True)
    world.step()
    assert (world.status.state, world.status.progress) == (State.REFITTING, "5/5")


def test_where_only_cells_run_that_nobody_wants_any_more_their_wave_is_ended(world: World) -> None:
    wave = running(world, 0)
    world.edit(document(AFTER, execution=TWO))
    prepared_again(world, 5)
    assert world.step().actions == (Delete(wave),)
    world.step()
    assert [w.cells for w in world.waves.values()] == [(0, 1, 2, 3, 4)]


def test_a_mistake_that_is_taken_back_costs_nothing(world: World) -> None:
    wave = running(world, 0, 1)
    wrong = document(BEFORE, execution=TWO)
    wrong["spec"]["dataset"]["target"] = "typo"
    world.edit(wrong)
    world.step()
    world.fail_prepare("ColumnMissing", "no such column")
    world.step()
    assert (world.condition("Failed"), wave in world.waves) == ("True/ColumnMissing", True)
    started = len(world.started)
    world.edit(document(BEFORE, execution=TWO))
    world.step()
    world.finish_prepare(4)
    world.step()
    assert (len(world.started) - started, world.waves[wave].running) == (1, {0, 1}), "prepare alone"


def test_a_refused_edit_leaves_what_runs(world: World) -> None:
    wave = running(world, 0, 1)
    world.edit(document(search={"grid": BEFORE, "maxCells": 3}, execution=TWO))
    assert (world.step().actions, wave in world.waves) == ((), True)
    assert world.condition("Accepted") == "False/TooManyCells"
    assert "cells that run go on" in world.message("Accepted")


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ({"search": {"grid": AFTER, "algorithm": "Random", "cells": 3}}, False),
        ({"crossValidation": {"folds": 3}}, False),
        ({"execution": {**TWO, "threads": 2}}, False),
        ({"split": {"train": 60, "validation": 20, "test": 20}}, False),
        ({"scoring": {"targets": {"f1": "0.5"}}}, True),
        ({"search": {"grid": AFTER, "maxCells": 50}}, True),
    ],
)
def test_waves_of_an_earlier_run_are_of_use_only_where_the_cells_are_the_same(
    world: World, spec: dict[str, Any], kept: bool
) -> None:
    wave = running(world, 1, 2)
    world.edit(document(**{"search": {"grid": AFTER}, "execution": TWO, **spec}))
    prepared_again(world, 3 if "cells" in spec.get("search", {}) else 5)
    world.step()
    assert (wave in world.waves) is kept


def test_cells_run_on_where_only_what_ranks_them_has_changed() -> None:
    metrics = ["accuracy", "f1"]
    world = World(job_of(document(BEFORE, execution=TWO, scoring={"metrics": metrics, "objective": "f1"})))
    wave = running(world, 1, 2)
    world.edit(document(BEFORE, execution=TWO, scoring={"metrics": metrics, "objective": "accuracy"}))
    prepared_again(world, 4)
    world.step()
    assert (world.waves[wave].running, world.status.cells.running) == ({1, 2}, 2)


def test_an_earlier_wave_of_which_nobody_can_tell_what_it_ran_is_ended(world: World) -> None:
    wave = running(world, 1)
    world.waves[wave] = replace(world.waves[wave], spec=None)
    world.edit(document(AFTER, execution=TWO))
    prepared_again(world, 5)
    world.step()
    assert wave not in world.waves


def test_numbers_of_another_kind_make_another_cell(world: World) -> None:
    wave = running(world, 1)
    world.edit(document([{"C": [{"float": 2}, 1]}], execution=TWO))
    prepared_again(world, 2)
    world.step()
    assert wave not in world.waves


def test_an_earlier_wave_makes_room_for_a_prepare_that_finds_none(world: World) -> None:
    wave = running(world, 1, 2)
    world.edit(document(AFTER, execution={"parallelism": 4}))
    world.step()
    (name,) = world.prepares
    waiting = (Waiting("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 1),)
    world.prepares[name] = replace(world.prepares[name], waiting=waiting)
    world.step()
    assert (world.step().actions, world.step().actions) == ((Drain(wave),), ())
    end(world, wave, 1, 0.5)
    assert world.step().actions == ()
    end(world, wave, 2, 0.5)
    assert world.step().actions == (Delete(wave),)


def test_suspending_ends_earlier_waves_too(world: World) -> None:
    running(world, 1, 2)
    world.edit(document(AFTER, execution=TWO, suspend=True))
    world.step()
    assert world.waves == {}


@pytest.mark.parametrize("seed", range(150))
def test_however_the_grid_is_edited_no_cell_runs_twice_and_every_cell_gets_its_result(seed: int) -> None:
    chance = random.Random(seed)

    def values() -> list[int]:
        return chance.sample(range(1, 7), chance.randint(1, 6))

    world = World(job_of(document([{"C": values()}], execution=TWO)))
    stored: set[int] = set()  #: values of C whose result is in the store
    for _ in range(chance.randint(1, 4)):
        for _ in range(chance.randint(0, 12)):
            turn(world, stored, lambda: chance.random() < 0.5)
        world.edit(document([{"C": values()}], execution=TWO))
    for _ in range(30):
        turn(world, stored, lambda: True)
    world.step()
    cells = len(grid_of(world))
    assert (world.status.state, world.status.progress) == (State.REFITTING, f"{cells}/{cells}")
    assert {wave.run_digest for wave in world.waves.values()} <= {world.status.run_digest}
    again = decide(world.observe())
    assert (again.actions, again.status) == ((), world.status)


def grid_of(world: World) -> list[int]:
    return list(world.job.spec.search.grid[0]["C"])


def turn(world: World, stored: set[int], happens: Callable[[], bool]) -> None:
    """Look once, then have prepare end, or a Job controller start and end cells; none of them may run twice at once."""
    world.step()
    if any(stage.end is None for stage in world.prepares.values()):
        grid = grid_of(world)
        world.finish_prepare(len(grid), {cell for cell, value in enumerate(grid) if value in stored})
        return
    at_work: list[int] = []
    for name in list(world.waves):
        wave = world.waves[name]
        assert wave.spec is not None
        grid = list(wave.spec.search.grid[0]["C"])
        if wave.running and happens():
            cell = min(wave.running)
            end(world, name, cell, 0.5)
            stored.add(grid[cell])
        wave = world.waves[name]
        left = [cell for cell in wave.cells if cell not in wave.succeeded | wave.running]
        if happens() and not wave.draining:
            started = left[: max(0, wave.parallelism - len(wave.running))]
            world.waves[name] = wave = replace(wave, running=wave.running | set(started))
        at_work += [grid[cell] for cell in wave.running]
    assert len(at_work) == len(set(at_work)), "a cell runs twice at the same time"
