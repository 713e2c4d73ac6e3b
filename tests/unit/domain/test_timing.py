"""What time does to a run: it may take too long, and what an ended one has left goes after a while."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.exit_codes import ExitCode
from gridfold.api.status import State
from gridfold.domain.durations import duration_between, format_duration
from gridfold.domain.grid import parse_ranges
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Waiting
from gridfold.domain.plan import Delete, SetTtl
from tests.unit.domain.test_lifecycle_properties import GRID, move
from tests.unit.domain.world import World, cell_end, document, failure, infeasible_end, job_of

ONE_HOUR: dict[str, Any] = {"timeoutSeconds": 3600}
OUT_OF_MEMORY = failure(ExitCode.KILLED, "OOMKilled")


def a_world(**spec: Any) -> World:
    return World(job_of(document(**{"execution": ONE_HOUR, **spec})))


def preparing(world: World) -> None:
    world.step()


def searching(world: World) -> None:
    world.step()
    world.finish_prepare(3)
    world.step()


def refitting(world: World) -> None:
    searching(world)
    (wave,) = world.waves
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    world.step()


def completed(world: World) -> None:
    refitting(world)
    world.finish_refit()
    world.step()


def children(world: World) -> set[str]:
    return {*world.prepares, *world.waves, *world.refits}


def after(world: World, **time: float) -> None:
    world.now += timedelta(**time)
    world.step()


@pytest.mark.parametrize(
    ("walk", "far"),
    [
        (preparing, "before the data was prepared"),
        (searching, "with 0/3 cells finished"),
        (refitting, "with 3/3 cells finished"),
    ],
)
def test_a_run_that_takes_longer_than_it_may_fails_and_goes_on_when_its_advice_is_taken(walk: Any, far: str) -> None:
    world = a_world()
    walk(world)
    started, active = len(world.started), {*world.started[-1:]}
    world.now += timedelta(hours=1)
    plan = world.step()
    assert {action.name for action in plan.actions if isinstance(action, Delete)} == active
    assert (world.status.state, world.condition("Failed")) == (State.FAILED, "True/DeadlineExceeded")
    message = world.message("Failed")
    assert f"the 3600 seconds (60m) that spec.execution.timeoutSeconds allows, time suspended not counted, {far}" in (
        message
    )
    assert "raise timeoutSeconds, and the run is tried again for that long, with its finished cells kept" in message
    after(world, days=3)
    assert world.status.state is State.FAILED

    world.edit(document(execution={"timeoutSeconds": 7200}))
    for _ in range(3):
        world.step()
    assert len(world.started) == started + 1
    assert world.condition("Failed") == ""
    after(world, seconds=7000)
    assert world.condition("Failed") == "", "the clock of another try begins with it"
    after(world, seconds=300)
    assert world.condition("Failed") == "True/DeadlineExceeded"


def test_a_plan_wakes_at_the_deadline_and_nothing_is_written_before() -> None:
    world = a_world()
    searching(world)
    world.now += timedelta(seconds=600)
    plan = decide(world.observe())
    assert plan.requeue_after_seconds == 3600 - 600 - 1
    assert (plan.status, plan.actions) == (world.status, ())
    world.now += timedelta(seconds=plan.requeue_after_seconds)
    assert decide(world.observe()).status.state is State.FAILED


def test_a_run_that_ends_at_its_deadline_has_made_it() -> None:
    world = a_world()
    refitting(world)
    world.finish_refit()
    after(world, hours=2)
    assert world.condition("Complete") == "True/Completed"
    assert decide(world.observe()).requeue_after_seconds is None


def test_a_run_that_waited_to_its_end_says_for_what() -> None:
    world = a_world()
    preparing(world)
    (name,) = world.prepares
    world.wait(name, Waiting("FailedMount", 'secret "s3" not found.', 1))
    world.step()
    after(world, hours=2)
    assert ' In the end, 1 pod waits: FailedMount: secret "s3" not found' in world.message("Failed")


@pytest.mark.parametrize("walk", [lambda _: None, preparing, searching, refitting])
def test_time_suspended_does_not_count_in_whatever_state(walk: Any) -> None:
    world = a_world()
    walk(world)
    for _ in range(2):
        world.edit(document(execution=ONE_HOUR, suspend=True))
        world.step()
        assert decide(world.observe()).requeue_after_seconds is None
        written = world.status
        after(world, days=2)
        assert world.status == written, "nothing is written at rest"
        world.edit(document(execution=ONE_HOUR))
        world.step()
        after(world, minutes=25)
    assert world.condition("Failed") == ""
    assert 2 * 172800 <= world.status.attempt.paused_seconds <= 2 * 172805
    after(world, minutes=15)
    assert world.condition("Failed") == "True/DeadlineExceeded"


def test_the_clock_goes_on_over_an_edit_of_a_run_that_has_not_failed() -> None:
    world = a_world()
    searching(world)
    after(world, minutes=50)
    world.edit(document(execution={"timeoutSeconds": 5400, "retries": 5}))
    world.step()
    assert 2300 < decide(world.observe()).requeue_after_seconds < 2400
    world.edit(document(execution={"timeoutSeconds": 60}))
    world.step()
    assert world.condition("Failed") == "True/DeadlineExceeded"


def test_a_lost_write_of_the_status_loses_no_time() -> None:
    world = a_world()
    searching(world)
    world.edit(document(execution=ONE_HOUR, suspend=True))
    world.step()
    world.now += timedelta(hours=5)
    world.edit(document(execution=ONE_HOUR))
    for _ in range(3):
        world.step(save=False)
    world.step()
    assert 18000 <= world.status.attempt.paused_seconds <= 18010


def test_children_go_only_after_all_they_had_to_say_stands_in_the_status() -> None:
    world = a_world(execution={"ttlSecondsAfterFinished": 60})
    refitting(world)
    world.finish_refit()
    assert world.step(save=False).actions == ()
    assert world.step().actions == (), "the status is written first"
    plan = world.step()
    assert plan.actions == tuple(SetTtl(name, 60) for name in world.started)
    assert plan.status == world.status
    assert world.step().actions == (), "once"


def test_the_ttl_may_be_changed_after_the_end_and_that_tries_nothing_again() -> None:
    world = a_world()
    completed(world)
    world.step()
    world.edit(document(execution={**ONE_HOUR, "ttlSecondsAfterFinished": 0}))
    assert world.step().actions == tuple(SetTtl(name, 0) for name in world.started)
    failed = a_world()
    preparing(failed)
    failed.end_single(failed.prepares, OUT_OF_MEMORY)
    failed.step()
    failed.edit(document(execution={**ONE_HOUR, "ttlSecondsAfterFinished": 0}))
    failed.step()
    assert failed.condition("Failed") == "True/OutOfMemory"


def test_when_the_children_are_gone_nothing_flips_and_nothing_is_started_again() -> None:
    world = a_world()
    completed(world)
    world.step()
    for group in (world.prepares, world.waves, world.refits):
        group.clear()
    before = world.status
    world.now += timedelta(days=1)
    assert world.step().actions == ()
    assert world.status == before


def test_a_suspended_run_keeps_its_children() -> None:
    world = a_world(execution={"ttlSecondsAfterFinished": 0})
    searching(world)
    world.edit(document(execution={"ttlSecondsAfterFinished": 0}, suspend=True))
    for _ in range(3):
        assert not any(isinstance(action, SetTtl) for action in world.step().actions)


def failed_world() -> World:
    """Return a failed run: cell 0 has its result, cell 1 is infeasible, cell 2 was out of memory."""
    world = a_world(execution={**ONE_HOUR, "maxFailedCells": 0})
    searching(world)
    (wave,) = world.waves
    world.end_cell(wave, 0, cell_end(0, 0.6), good=True)
    world.end_cell(wave, 1, infeasible_end(1), good=False)
    world.end_cell(wave, 2, OUT_OF_MEMORY, good=False)
    world.step()
    world.step()
    assert world.condition("Failed") == "True/TooManyFailedCells"
    return world


def test_a_failed_run_is_tried_again_after_its_children_are_gone_and_finished_cells_stay() -> None:
    world = failed_world()
    world.prepares.clear()
    world.waves.clear()
    world.edit(document(execution={**ONE_HOUR, "maxFailedCells": 0}, retry=1))
    for _ in range(3):
        world.step()
    ((wave, found),) = world.waves.items()
    assert (world.prepares, found.cells, world.status.progress) == ({}, (2,), "2/3")
    world.end_cell(wave, 2, cell_end(2, 0.7), good=True)
    world.step()
    world.finish_refit(best=2)
    world.step()
    assert world.condition("Complete") == "True/Completed"


def test_a_run_that_is_tried_again_keeps_the_children_that_are_still_there() -> None:
    world = failed_world()
    assert {wave.ttl_seconds for wave in world.waves.values()} == {86400}
    world.edit(document(execution={**ONE_HOUR, "maxFailedCells": 0}, retry=1))
    for _ in range(3):
        world.step()
    assert {child.ttl_seconds for child in (*world.prepares.values(), *world.waves.values())} == {None}
    assert len(world.waves) == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119.4, "119s"),
        (200, "3m20s"),
        (300, "5m"),
        (3600, "60m"),
        (18720, "5h12m"),
        (86400, "24h"),
        (187200, "2d4h"),
        (864000, "10d"),
        (-5, "0s"),
    ],
)
def test_durations_are_written_as_kubectl_writes_them(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_duration_is_known_when_both_its_ends_are() -> None:
    assert duration_between("2026-01-01T00:00:00Z", "2026-01-01T00:03:20Z") == "3m20s"
    assert duration_between("2026-01-01T00:00:00Z", None) is duration_between(None, None) is None


def expire(world: World) -> None:
    """Have the time pass after which children whose stay is 0 seconds are gone."""
    for group in (world.prepares, world.waves, world.refits):
        for name in [name for name, child in group.items() if child.ttl_seconds == 0]:
            del group[name]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_however_late_a_run_is_tried_again_no_finished_cell_is_started_again_and_progress_does_not_fall(
    data: st.DataObject,
) -> None:
    execution = {"maxFailedCells": 2, "timeoutSeconds": 3600, "ttlSecondsAfterFinished": 0}
    spec: dict[str, Any] = {"execution": execution}
    world = World(job_of(document(GRID, **spec)))
    finished: set[int] = set()
    progress, started = 0, 0
    for number in range(data.draw(st.integers(3, 25), "turns")):
        for wave in world.waves.values():
            finished |= wave.succeeded
        happens = data.draw(st.sampled_from(["move", "move", "move", "suspend", "resume", "retry", "hour", "expire"]))
        if happens in {"suspend", "resume", "retry"}:
            spec |= {"suspend": happens == "suspend"} | ({"retry": number} if happens == "retry" else {})
            world.edit(document(GRID, **spec))
        elif happens == "move" and not world.job.spec.suspend:
            move(world, data)
        elif happens == "hour":
            world.now += timedelta(hours=1)
        else:
            expire(world)
        for _ in range(3):
            world.step()
        new = [world.inputs[name] for name in world.started[started:] if "-w" in name]
        started = len(world.started)
        assert all(finished.isdisjoint(parse_ranges(told.cells)) for told in new)
        now = int((world.status.progress or "0/6").partition("/")[0]) - getattr(world.status.cells, "failed", 0)
        assert now >= progress
        progress = now
        ends = [c.type for c in world.status.conditions if c.type in {"Complete", "Failed"} and c.status == "True"]
        assert (len(ends) == 1) is (world.status.completion_time is not None)
    again = decide(world.observe())
    assert (again.actions, again.status, again.events) == ((), world.status, ())
