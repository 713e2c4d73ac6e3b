"""How its owner steers a run: try it again, edit what it failed for, suspend it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import FailureReport, encode_report
from gridfold.api.status import State
from gridfold.domain.lifecycle import decide
from gridfold.domain.plan import Delete, Drain, SetParallelism
from gridfold.domain.waves import MOST_WAVES
from tests.unit.domain.test_lifecycle_properties import CELLS, GRID, move
from tests.unit.domain.world import World, cell_end, document, failure, infeasible_end, job_of

OUT_OF_MEMORY = failure(ExitCode.KILLED, "OOMKilled")
MORE_MEMORY = {"resources": {"limits": {"memory": "8Gi"}}}
#: An edit, and whether it has a failed run tried again.
EDITS: list[tuple[dict[str, Any], bool]] = [
    ({"execution": MORE_MEMORY}, True),
    ({"execution": {"retries": 5}}, True),
    ({"execution": {"cellTimeoutSeconds": 60}}, True),
    ({"execution": {"maxFailedCells": 3}}, True),
    ({"execution": {"template": {"nodeSelector": {"disk": "ssd"}}}}, True),
    ({"storage": {"credentialsSecretName": "other"}}, True),
    ({"storage": {"endpoint": "http://s3.elsewhere:9000"}}, True),
    ({"retry": 1}, True),
    ({"scoring": {"targets": {"f1": "0.1"}}}, False),
    ({"execution": {"parallelism": 3}}, False),
    ({"search": {"grid": [{"C": [0.1, 1, 10]}], "maxCells": 9}}, False),
]


@pytest.fixture
def world() -> World:
    return World(job_of(document()))


def searching(world: World) -> str:
    world.step()
    world.finish_prepare(3)
    world.step()
    return next(iter(world.waves))


def steps(world: World, count: int = 3) -> None:
    for _ in range(count):
        world.step()


@pytest.mark.parametrize(("edit", "again"), EDITS)
def test_an_edit_of_what_a_run_failed_for_has_it_tried_again(world: World, edit: dict[str, Any], again: bool) -> None:
    world.step()
    world.end_single(world.prepares, OUT_OF_MEMORY)
    world.step()
    assert world.condition("Failed") == "True/OutOfMemory"
    world.edit(document(**edit))
    steps(world)
    assert (world.condition("Failed") == "") is again
    assert len(world.started) == (2 if again else 1)
    if again:
        assert (world.status.state, world.condition("Stalled"), world.status.completion_time) == (
            State.PREPARING, "", None,
        )  # fmt: skip
        assert world.inputs[world.started[-1]].spec == world.job.spec


def test_that_a_run_is_tried_again_is_told_once(world: World) -> None:
    world.step()
    world.end_single(world.prepares, OUT_OF_MEMORY)
    world.step()
    world.edit(document(retry=1))
    told = [(event.type, event.reason) for _ in range(3) for event in world.step().events]
    assert told == [("Normal", "Retrying"), ("Normal", "Preparing")]


def test_of_a_run_that_is_tried_again_finished_cells_stay(world: World) -> None:
    world = World(job_of(document(execution={"maxFailedCells": 0})))
    wave = searching(world)
    world.end_cell(wave, 0, cell_end(0, 0.6), good=True)
    world.end_cell(wave, 1, infeasible_end(1), good=False)
    world.end_cell(wave, 2, OUT_OF_MEMORY, good=False)
    world.step()
    assert world.condition("Failed") == "True/TooManyFailedCells"
    world.edit(document(execution={"maxFailedCells": 0, **MORE_MEMORY}))
    steps(world)
    assert [w.cells for w in world.waves.values()] == [(0, 1, 2), (2,)]
    assert world.status.progress == "2/3"
    world.end_cell(list(world.waves)[1], 2, cell_end(2, 0.7), good=True)
    world.step()
    world.finish_refit(best=2)
    world.step()
    assert world.condition("Complete") == "True/Completed"


def test_a_cell_that_fails_again_ends_the_run_again_and_the_next_retry_tries_it_once_more(world: World) -> None:
    world = World(job_of(document(execution={"maxFailedCells": 0})))
    wave = searching(world)
    for cell in (0, 1):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    world.end_cell(wave, 2, OUT_OF_MEMORY, good=False)
    world.step()
    for retry in (1, 2):
        world.edit(document(execution={"maxFailedCells": 0}, retry=retry))
        steps(world)
        assert world.waves[list(world.waves)[-1]].cells == (2,)
        world.end_cell(list(world.waves)[-1], 2, OUT_OF_MEMORY, good=False)
        world.step()
        assert world.condition("Failed") == "True/TooManyFailedCells"
    assert len(world.waves) == 3


def test_a_run_without_a_winner_is_ranked_again_after_a_retry(world: World) -> None:
    wave = searching(world)
    for cell in range(3):
        world.end_cell(wave, cell, OUT_OF_MEMORY, good=False)
    world.step()
    world.finish_refit(best=None)
    world.step()
    assert world.condition("Failed") == "True/NoCellSucceeded"
    world.edit(document(execution=MORE_MEMORY))
    steps(world)
    assert (world.refits, world.status.results) == ({}, None)
    for cell in range(3):
        world.end_cell(list(world.waves)[1], cell, cell_end(cell, 0.6), good=True)
    world.step()
    world.finish_refit(best=0)
    world.step()
    assert world.condition("Complete") == "True/Completed"


def test_results_that_the_store_has_lost_are_looked_for_and_computed_again_by_a_retry(world: World) -> None:
    wave = searching(world)
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    world.step()
    lost = encode_report(FailureReport(reason="ResultsMissing", message="1 of 3 cells have no valid result: 1"))
    world.end_single(world.refits, failure(ExitCode.DATA, message=lost))
    steps(world)
    assert world.condition("Failed") == "True/ResultsMissing"
    world.edit(document(retry=1))
    steps(world)
    world.finish_prepare(3, cached={0, 2})
    steps(world)
    assert [found.cells for found in world.waves.values()] == [(1,)]
    assert (world.status.progress, world.status.cells.cached) == ("2/3", 2)


def test_a_report_of_prepare_that_was_not_understood_is_asked_for_anew_by_a_retry(world: World) -> None:
    world.step()
    world.end_single(world.prepares, failure(0, "Completed", "{}"))
    world.step()
    assert world.condition("Failed") == "True/PrepareFailed"
    world.edit(document(retry=1))
    steps(world)
    assert (world.status.state, len(world.started)) == (State.PREPARING, 2)


def test_a_complete_job_is_not_tried_again(world: World) -> None:
    wave = searching(world)
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    world.step()
    world.finish_refit()
    steps(world, 2)
    world.edit(document(retry=1, execution=MORE_MEMORY))
    plan = world.step()
    assert (plan.actions, world.condition("Complete")) == ((), "True/Completed")


def test_an_edit_while_cells_run_gives_those_that_failed_before_another_try(world: World) -> None:
    wave = searching(world)
    world.end_cell(wave, 0, OUT_OF_MEMORY, good=False)
    world.step()
    assert world.status.cells.failed == 1
    world.edit(document(execution=MORE_MEMORY))
    world.step()
    assert (world.status.cells.failed, world.status.cells.pending) == (0, 3)
    for cell in (1, 2):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    world.step()
    assert world.waves[list(world.waves)[1]].cells == (0,)


@pytest.mark.parametrize("running", [False, True])
def test_a_stage_that_waits_is_replaced_by_one_with_the_edited_spec_and_one_that_runs_is_not(
    world: World, running: bool
) -> None:
    world.step()
    (name,) = world.prepares
    world.edit(document(execution=MORE_MEMORY))
    world.prepares[name] = replace(world.prepares[name], outdated=True, running_pods=int(running))
    plan = world.step()
    assert plan.actions == (() if running else (Delete(name),))
    world.step()
    assert len(world.started) == (1 if running else 2)
    assert not world.prepares[name].outdated or running


@pytest.mark.parametrize("running", [False, True])
def test_a_wave_whose_cells_all_wait_is_replaced_for_those_that_are_left_and_one_at_work_is_not(
    world: World, running: bool
) -> None:
    name = searching(world)
    world.end_cell(name, 0, cell_end(0, 0.5), good=True)
    world.step()
    world.edit(document(execution=MORE_MEMORY))
    world.waves[name] = replace(world.waves[name], outdated=True, running=frozenset({1} if running else ()))
    plan = world.step()
    assert plan.actions == ((Drain(name),) if running else (Delete(name),))
    world.step()
    assert [wave.cells for wave in world.waves.values()] == ([(0, 1, 2), (2,)] if running else [(1, 2)])
    assert (world.status.progress, world.status.best.cell) == ("1/3", 0)


def test_progress_does_not_fall_when_somebody_deletes_a_wave(world: World) -> None:
    name = searching(world)
    for cell in (0, 2):
        world.end_cell(name, cell, cell_end(cell, 0.5), good=True)
    world.step()
    del world.waves[name]
    world.step()
    assert (world.status.progress, world.status.cells.succeeded) == ("2/3", 2)
    assert [wave.cells for wave in world.waves.values()] == [(1,)]


def test_a_suspended_job_starts_nothing_and_goes_on_when_it_is_resumed() -> None:
    world = World(job_of(document(suspend=True)))
    plan = world.step()
    assert (plan.actions, world.status.state, world.condition("Suspended")) == ((), State.SUSPENDED, "True/Suspended")
    world.edit(document())
    world.step()
    assert world.condition("Suspended") == "False/Resumed"
    assert len(world.prepares) == 1


def test_suspending_ends_prepare_and_resuming_starts_it_again(world: World) -> None:
    world.step()
    (name,) = world.prepares
    world.edit(document(suspend=True))
    assert world.step().actions == (Delete(name),)
    assert world.step().actions == ()
    world.edit(document())
    world.step()
    assert world.started == [name, name]


def test_suspending_ends_running_cells_keeps_results_and_resuming_runs_the_rest(world: World) -> None:
    wave = searching(world)
    world.end_cell(wave, 0, cell_end(0, 0.6), good=True)
    world.waves[wave] = replace(world.waves[wave], running=frozenset({1}))
    world.step()
    world.edit(document(suspend=True))
    assert world.step().actions == (SetParallelism(wave, 0),)
    assert world.step().actions == ()
    world.waves[wave] = replace(world.waves[wave], running=frozenset())
    world.step()
    assert (world.status.progress, world.condition("Running")) == ("1/3", "False/Suspended")
    assert world.status.best.cell == 0
    world.edit(document())
    assert world.step().actions == (SetParallelism(wave, 20),)
    assert len(world.started) == 2


def test_suspending_in_refit_ends_it_and_resuming_starts_it_again(world: World) -> None:
    wave = searching(world)
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.6), good=True)
    world.step()
    (name,) = world.refits
    world.edit(document(suspend=True))
    assert world.step().actions == (Delete(name),)
    world.edit(document())
    world.step()
    assert world.status.state is State.REFITTING
    assert list(world.refits) == [name]


def test_an_ended_job_does_not_mind_being_suspended(world: World) -> None:
    world.step()
    world.fail_prepare("DataError", "no such column")
    world.step()
    world.edit(document(suspend=True))
    world.step()
    assert (world.status.state, world.condition("Suspended")) == (State.FAILED, "")


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_however_a_run_is_steered_no_finished_cell_is_started_again_and_nothing_is_written_at_rest(
    data: st.DataObject,
) -> None:
    world = World(job_of(document(GRID, execution={"maxFailedCells": 2})))
    spec: dict[str, Any] = {"execution": {"maxFailedCells": 2}}
    for number in range(data.draw(st.integers(3, 25), "turns")):
        change = data.draw(st.sampled_from(["none", "none", "none", "suspend", "resume", "retry", "memory"]), "edit")
        if change != "none":
            spec["suspend"] = change == "suspend"
            spec |= {"retry": number} if change == "retry" else {}
            spec["execution"] = {"maxFailedCells": 2, **(MORE_MEMORY if change == "memory" else {})}
            world.edit(document(GRID, **spec))
        steps(world, data.draw(st.integers(0, 3), "looks"))
        if not world.job.spec.suspend:
            move(world, data)
    steps(world)
    again = decide(world.observe())
    assert (again.actions, again.status, again.events) == ((), world.status, ())
    finished: set[int] = set()
    for wave in sorted(world.waves.values(), key=lambda wave: wave.number):
        assert finished.isdisjoint(wave.cells)
        finished |= wave.succeeded
    at_work = [cell for wave in world.waves.values() for cell in wave.open]
    assert len(at_work) == len(set(at_work)), "a cell is of two waves"
    assert sum(bool(wave.open) for wave in world.waves.values()) <= MOST_WAVES
    counts = world.status.cells.model_dump() if world.status.cells else {"total": 0}
    assert counts.pop("total") == sum(counts.values()) in {0, CELLS}
