"""A run whose stages a queue admits: what is told of it, and what is left to the queue."""

from dataclasses import replace
from typing import Any

import pytest

from gridfold.api.conditions import Reason
from gridfold.api.status import State
from gridfold.domain.observed import Waiting
from gridfold.domain.plan import Delete, SetParallelism, StartWave
from tests.unit.domain.world import World, cell_end, document, job_of

GRID = [{"C": [1, 2, 3, 4]}]
QUEUE: dict[str, Any] = {"queueName": "team", "parallelism": 4}
FULL = Waiting(Reason.QUEUED, "in the queue team of Kueue: insufficient unused quota for cpu", 4, 5.0)
PREEMPTED = Waiting(Reason.PREEMPTED, "in the queue team of Kueue, which has taken its quota back: others", 4, 5.0)


@pytest.fixture
def world() -> World:
    return World(job_of(document(GRID, execution=QUEUE)))


def searching(world: World, *running: int, parallelism: int = 0) -> str:
    """Have prepare done and the queue admit the wave; return it."""
    world.step()
    world.admit(*world.prepares)
    world.finish_prepare(4)
    world.step()
    (wave,) = world.waves
    if running:
        world.admit(wave, *running, parallelism=parallelism)
    world.step()
    return wave


def edited(**execution: Any) -> Any:
    return document(GRID, execution={**QUEUE, **execution})


@pytest.mark.parametrize("stage", ["prepare", "wave", "refit"])
def test_what_a_queue_says_is_told_of_every_stage_and_it_is_left_alone(world: World, stage: str) -> None:
    name = searching(world) if stage != "prepare" else None
    if stage == "refit":
        for cell in range(4):
            world.end_cell(str(name), cell, cell_end(cell, 0.5), good=True)
        world.step()
    elif stage == "prepare":
        world.step()
    (name,) = {"prepare": world.prepares, "wave": world.waves, "refit": world.refits}[stage]
    world.wait(name, FULL)
    plan = world.step()
    assert plan.actions == ()
    assert world.condition("Running") == "False/Queued"
    assert "in the queue team of Kueue: insufficient unused quota" in world.message("Running")
    assert (world.status.reason, [event.type for event in plan.events]) == ("Queued", ["Warning"])
    assert world.step().events == ()


def test_an_admitted_wave_keeps_the_number_that_the_queue_has_given_it(world: World) -> None:
    wave = searching(world, 0, 1, parallelism=2)
    assert world.step().actions == ()
    world.edit(edited(parallelism=3))
    assert world.step().actions == ()
    assert world.waves[wave].parallelism == 2
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    assert world.step().actions == ()


def test_a_wave_that_still_waits_takes_an_edit_of_parallelism(world: World) -> None:
    wave = searching(world)
    world.edit(edited(parallelism=2))
    assert world.step().actions == (SetParallelism(wave, 2),)
    assert world.step().actions == ()


def test_an_edit_of_the_queue_replaces_what_waits_and_nothing_that_runs(world: World) -> None:
    wave = searching(world)
    world.waves[wave] = replace(world.waves[wave], outdated=True)
    world.edit(edited(queueName="other"))
    assert world.step().actions == (Delete(wave),)
    (started,) = world.step().actions
    assert isinstance(started, StartWave)
    assert world.waves[started.name].queue == "other"
    world.admit(started.name, 0, 1)
    world.waves[started.name] = replace(world.waves[started.name], outdated=True)
    assert world.step().actions == ()


def test_what_a_queue_takes_back_is_pending_again_and_goes_on_by_itself(world: World) -> None:
    wave = searching(world, 0, 1, 2, 3)
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    world.step()
    assert world.condition("Running") == "True/Searching"
    world.take_back(wave, PREEMPTED)
    assert world.step().actions == ()
    assert (world.condition("Running"), world.status.progress) == ("False/Preempted", "1/4")
    assert (world.status.cells.running, world.status.cells.pending, world.status.cells.failed) == (0, 3, 0)
    world.admit(wave, 1, 2, 3)
    assert world.step().actions == ()
    assert (world.condition("Running"), world.status.reason) == ("True/Searching", None)
    for cell in (1, 2, 3):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
    world.step()
    assert world.status.state is State.REFITTING
    assert world.started == [*world.prepares, wave, *world.refits], "nothing was started twice"


def test_suspending_the_job_takes_its_wave_out_of_the_queue_and_resuming_puts_it_back(world: World) -> None:
    wave = searching(world, 0, 1, parallelism=2)
    world.edit({**edited(), "spec": {**edited()["spec"], "suspend": True}})
    assert world.step().actions == (SetParallelism(wave, 0),)
    world.admit(wave)  # a queue lets a wave of no pods run at once
    world.waves[wave] = replace(world.waves[wave], parallelism=0)
    assert world.step().actions == ()
    assert world.status.state is State.SUSPENDED
    world.edit(edited())
    assert world.step().actions == (SetParallelism(wave, 4),)
    assert world.step().actions == ()


def test_an_edited_grid_does_not_drain_an_admitted_wave_which_would_end_all_of_it(world: World) -> None:
    wave = searching(world, 0, 1, 2, 3)
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    world.edit(document([{"C": [1, 2, 3, 5]}], execution=QUEUE))
    world.step()
    assert wave in world.waves, "while prepare has room, it goes on"
    prepare = next(iter(world.prepares))
    world.wait(prepare, FULL)
    world.step()
    assert world.step().actions == (Delete(wave),), "it has the quota that prepare waits for"


def test_time_in_a_queue_is_no_time_of_the_run(world: World) -> None:
    world = World(job_of(document(GRID, execution={**QUEUE, "timeoutSeconds": 60})))
    world.step()
    (prepare,) = world.prepares
    world.wait(prepare, FULL)
    for _ in range(100):
        world.step()
    assert (world.condition("Failed"), world.step().requeue_after_seconds) == ("", None)
    world.admit(prepare)
    for _ in range(50):
        world.step()
    assert world.condition("Failed") == ""
    for _ in range(20):
        world.step()
    assert world.condition("Failed") == "True/DeadlineExceeded"
