"""What a status and its Events say while nothing can go on, and that they do not say it twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gridfold.api.status import TrainingJobStatus
from gridfold.api.validation import Problem
from gridfold.domain.interrupted import blocked, stalled
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Observed, ObservedJob, Span, Waiting
from gridfold.domain.plan import Plan
from tests.unit.domain.world import START, World, cell_end, document, job_of

HUGE = {"grid": [{f"p{axis}": list(range(1000)) for axis in range(7)}]}


@pytest.fixture
def world() -> World:
    return World(job_of(document()))


def look(world: World, problems: tuple[Problem, ...], status: TrainingJobStatus) -> Plan:
    world.now += timedelta(minutes=1)
    job = ObservedJob(world.job.metadata, None, status, problems)
    return decide(Observed(job, world.observe().children, world.now))


def events(plan: Plan) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in plan.events]


def test_of_a_refused_spec_everything_is_said_once() -> None:
    world = World(job_of(document()))
    problems = (Problem("spec.a", "1", "must be 2"),)
    first = look(world, problems, world.status)
    assert events(first) == [("Warning", "InvalidSpec")], "that it is not accepted and has failed is one thing"
    again = look(world, problems, first.status)
    assert (again.status, again.events) == (first.status, ())


def test_of_a_grid_that_is_too_large_everything_is_said_once() -> None:
    world = World(job_of(document(search=HUGE)))
    first = world.step()
    world.now += timedelta(minutes=1)
    assert "the search has 1000000000000000000000 cells" in world.message("Accepted")
    assert decide(world.observe()).status == first.status


def test_another_refused_spec_is_another_story() -> None:
    world = World(job_of(document()))
    first = look(world, (Problem("spec.a", "1", "must be 2"),), world.status)
    world.edit(document())
    second = look(world, (Problem("spec.b", "1", "must be 2"),), first.status)
    assert [c.message for c in second.status.conditions if c.type == "Accepted"] == ["spec.b is 1: must be 2"]
    assert second.status.completion_time != first.status.completion_time


def test_the_conditions_of_an_ended_job_agree_with_its_end(world: World) -> None:
    world.step()
    (name,) = world.prepares
    waiting = (Waiting("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 1),)
    world.prepares[name] = replace(world.prepares[name], waiting=waiting)
    world.step()
    assert world.condition("CapacityReady") == "False/Unschedulable"
    world.prepares[name] = replace(world.prepares[name], waiting=())
    world.fail_prepare("DataError", "no such column")
    plan = world.step()
    assert world.condition("Failed") == "True/DataError"
    assert world.condition("CapacityReady") == "True/RunEnded"
    assert "RunEnded" not in [reason for _, reason in events(plan)]


def test_running_does_not_flip_between_two_pods_and_between_two_stages(world: World) -> None:
    seen = []

    def step() -> None:
        world.step()
        seen.append(world.condition("Running").partition("/")[0])

    step()
    (prepare,) = world.prepares
    world.prepares[prepare] = replace(world.prepares[prepare], running_pods=1)
    step()
    world.prepares[prepare] = replace(world.prepares[prepare], running_pods=0)
    step()
    world.finish_prepare(3)
    step()
    (wave,) = world.waves
    step()
    world.waves[wave] = replace(world.waves[wave], running=frozenset({0}))
    step()
    world.waves[wave] = replace(world.waves[wave], running=frozenset())
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
        step()
    world.finish_refit()
    step()
    assert seen == ["False", *["True"] * (len(seen) - 2), "False"]


def test_every_stage_is_told_once_also_one_that_begins_and_ends_between_two_looks(world: World) -> None:
    told = events(world.step())
    world.finish_prepare(3)
    told += events(world.step())
    (wave,) = world.waves
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    told += events(world.step())
    assert world.condition("Running") == "True/Searching", "a cell has ended, and nothing waits"
    for cell in (1, 2):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
    told += events(world.step())
    world.finish_refit()
    told += events(world.step())
    reasons = ["Preparing", "Prepared", "Searching", "Refitting", "Completed"]
    assert [reason for _, reason in told] == reasons


def test_a_stage_that_is_told_is_not_told_again_when_its_pod_runs(world: World) -> None:
    assert ("Normal", "Preparing") in events(world.step())
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], running_pods=1)
    assert events(world.step()) == []


def test_pods_that_cannot_start_are_told_once_when_it_begins_and_once_when_it_ends(world: World) -> None:
    world.step()
    (name,) = world.prepares
    told = []
    for reason in ("FailedMount", "FailedMount", "ErrImagePull", "ImagePullBackOff"):
        world.prepares[name] = replace(world.prepares[name], waiting=(Waiting(reason, "words", 1),))
        told += events(world.step())
    assert told == [("Warning", "FailedMount")]
    world.prepares[name] = replace(world.prepares[name], waiting=(), running_pods=1)
    assert ("Normal", "Preparing") in events(world.step())


def test_the_want_of_a_node_is_told_once_not_twice(world: World) -> None:
    world.step()
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], waiting=(Waiting("Unschedulable", "no node", 1),))
    assert events(world.step()) == [("Warning", "Unschedulable")]
    world.prepares[name] = replace(world.prepares[name], waiting=(), running_pods=1)
    assert events(world.step()) == [("Normal", "PodsScheduled"), ("Normal", "Preparing")]


def test_a_refused_action_is_shown_and_told_once_and_goes_when_it_is_allowed(world: World) -> None:
    words = ("QuotaExceeded", "exceeded quota: no-jobs, limited: count/jobs.batch=0. Raise the quota.")
    told = []
    for _ in range(3):
        world.now += timedelta(minutes=1)
        observed = world.observe()
        plan = blocked(observed, decide(observed), *words)
        told.append((plan.status == world.status, events(plan)))
        world.status = plan.status
    assert told == [(False, [("Normal", "Valid"), ("Warning", "QuotaExceeded")]), (True, []), (True, [])]
    assert world.condition("Running") == "False/QuotaExceeded"
    assert "Raise the quota" in world.message("Running")
    world.step()
    assert world.condition("Running") == "False/Preparing"


def test_a_fault_of_our_own_stands_in_the_status_once_and_goes_when_it_is_mended(world: World) -> None:
    error = ZeroDivisionError("division by zero")
    first = stalled(world.observe(), error)
    world.status = first.status
    world.now += timedelta(minutes=1)
    again = stalled(world.observe(), error)
    assert (again.status, again.events) == (first.status, ())
    assert events(first) == [("Warning", "InternalError")]
    assert world.message("Stalled").startswith("ZeroDivisionError: division by zero. This is a fault of Gridfold's own")
    world.step()
    assert world.condition("Stalled") == ""


def test_where_there_is_room_for_one_cell_alone_nothing_flips_between_two(world: World) -> None:
    world.step()
    world.finish_prepare(3)
    world.step()
    (wave,) = world.waves
    no_room = Waiting("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 2)
    told, seen = [], []
    for cell in range(2):
        world.waves[wave] = replace(world.waves[wave], running=frozenset({cell}), waiting=(no_room,))
        told += events(world.step())
        world.waves[wave] = replace(world.waves[wave], running=frozenset())
        world.end_cell(wave, cell, cell_end(cell, 0.5, Span(START, world.now)), good=True)
        told += events(world.step())
        seen.append(world.condition("Running"))
    assert (told, seen) == ([("Warning", "Unschedulable")], ["True/Searching"] * 2)
    world.now += timedelta(minutes=1)
    world.step()
    assert (world.condition("Running"), world.status.reason) == ("False/Unschedulable", "Unschedulable")


def test_while_some_cells_run_it_is_said_what_keeps_others(world: World) -> None:
    world.step()
    world.finish_prepare(3)
    world.step()
    (wave,) = world.waves
    quota = Waiting("FailedCreate", "exceeded quota: few, limited: pods=1", 2)
    world.waves[wave] = replace(world.waves[wave], running=frozenset({0}), waiting=(quota,))
    world.step()
    assert world.condition("Running") == "True/Searching"
    assert world.message("Running").startswith("1 cell runs; 2 pods wait: FailedCreate: exceeded quota: few")
