"""How long the children of a run stay: told when they are made where that is long, kept while the run goes on."""

from datetime import timedelta

import pytest

from gridfold.api.v1alpha1 import Execution
from gridfold.domain.ending import ttl_from_the_start
from gridfold.domain.plan import SetTtl
from tests.unit.domain.test_timing import children, completed, searching
from tests.unit.domain.world import World, cell_end, document, job_of


def ttls(world: World) -> dict[str, int | None]:
    found = {**world.prepares, **world.waves, **world.refits}
    return {name: child.ttl_seconds for name, child in found.items()}


@pytest.mark.parametrize(("seconds", "told"), [(0, None), (3599, None), (3600, 3600), (86400, 86400)])
def test_what_stays_for_an_hour_is_told_so_when_it_is_made(seconds: int, told: int | None) -> None:
    assert ttl_from_the_start(Execution(ttl_seconds_after_finished=seconds)) == told


def test_of_an_ordinary_run_nothing_has_to_be_changed_at_its_end() -> None:
    world = World(job_of(document()))
    completed(world)
    assert ttls(world) == dict.fromkeys(children(world), 86400)
    assert world.step().actions == ()


def test_a_run_that_lasts_keeps_what_has_ended_until_all_of_it_has() -> None:
    world = World(job_of(document(execution={"timeoutSeconds": 10_000_000})))
    searching(world)
    (prepare,), (wave,) = world.prepares, world.waves
    world.now += timedelta(hours=11)
    assert world.step().actions == ()
    world.now += timedelta(hours=1)
    assert world.step().actions == (SetTtl(prepare, None),), "half of its time is over"
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    assert SetTtl(wave, None) in world.step().actions
    world.finish_refit()
    world.step()
    assert {*world.step().actions} == {SetTtl(name, 86400) for name in children(world)}


def test_a_run_that_is_tried_again_keeps_what_would_go_in_a_minute() -> None:
    world = World(job_of(document(execution={"ttlSecondsAfterFinished": 60})))
    world.step()
    world.fail_prepare("DataError", "no such column")
    world.step()
    (prepare,) = world.prepares
    assert world.step().actions == (SetTtl(prepare, 60),)
    world.now += timedelta(seconds=50)
    world.edit(document(execution={"ttlSecondsAfterFinished": 60}, retry=1))
    world.step()
    assert ttls(world) in ({}, {prepare: None})
