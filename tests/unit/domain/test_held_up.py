"""What the list shows of a job that does not get on: one word, and nothing while all is well."""

from typing import Any

import pytest

from gridfold.domain.interrupted import blocked, stalled
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Waiting
from tests.unit.domain.world import World, cell_end, document, failure, job_of


@pytest.fixture
def world() -> World:
    return World(job_of(document()))


def test_while_all_is_well_no_reason_stands_there(world: World) -> None:
    reasons = []

    def step() -> None:
        world.step()
        reasons.append(world.status.reason)

    step()
    world.finish_prepare(3)
    step()
    (wave,) = world.waves
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
        step()
    world.finish_refit()
    step()
    world.edit(document(suspend=True))
    step()
    assert (reasons, world.status.duration) == ([None] * 7, "5s")


@pytest.mark.parametrize("reason", ["Unschedulable", "FailedMount", "ImagePullBackOff", "FailedCreate"])
def test_a_job_that_waits_says_for_what_until_it_need_not(world: World, reason: str) -> None:
    world.step()
    (name,) = world.prepares
    world.wait(name, Waiting(reason, "words", 1, for_seconds=900))
    world.step()
    assert (world.status.state, world.status.reason) == ("Preparing", reason)
    world.wait(name)
    world.step()
    assert world.status.reason is None


def test_a_failed_job_says_why_and_how_long_it_took_until_it_is_tried_again(world: World) -> None:
    world.step()
    world.end_single(world.prepares, failure(137, "OOMKilled"))
    world.step()
    assert (world.status.reason, world.status.duration) == ("OutOfMemory", "1s")
    world.edit(document(retry=1))
    world.step()
    assert (world.status.reason, world.status.duration) == (None, None)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"suspend": True}, None), ({"search": {"grid": [{"C": [1, 2]}], "maxCells": 1}}, "TooManyCells")],
)
def test_other_states_say_only_what_they_do_not_say_already(spec: dict[str, Any], reason: str | None) -> None:
    world = World(job_of(document(**spec)))
    world.step()
    assert world.status.reason == reason


def test_what_the_api_server_refuses_and_a_fault_of_our_own_are_said_too(world: World) -> None:
    observed = world.observe()
    assert blocked(observed, decide(observed), "QuotaExceeded", "exceeded quota: few").status.reason == "QuotaExceeded"
    assert stalled(observed, ZeroDivisionError("division by zero")).status.reason == "InternalError"
