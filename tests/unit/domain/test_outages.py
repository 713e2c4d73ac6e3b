"""Storage that is away: shown as waiting, told once, and it ends no run whose cells are done."""

from dataclasses import replace

import pytest

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import FailureReport, encode_report
from gridfold.domain.observed import ProcessEnd, Wave
from gridfold.domain.outage import LOOK_AGAIN_SECONDS, PROOF_SECONDS, UNKNOWN_NAME_SECONDS, still_away
from gridfold.domain.plan import Delete, Plan
from tests.unit.domain.world import World, cell_end, document, job_of


def away_end(reason: str = "StorageUnreachable") -> ProcessEnd:
    report = FailureReport(reason=reason, message="s3://d/a.csv: http://s3:9000 refuses the connection; start it.")
    return ProcessEnd(ExitCode.STORAGE, "Error", encode_report(report))


def preparing(away_seconds: float | None = 5.0, reason: str = "StorageUnreachable", running: int = 0) -> World:
    world = World(job_of(document()))
    world.step()
    (name,) = world.prepares
    world.prepares[name] = replace(
        world.prepares[name], end=away_end(reason), away_seconds=away_seconds, running_pods=running
    )
    return world


def searching() -> tuple[World, str]:
    world = World(job_of(document()))
    world.step()
    world.finish_prepare(3)
    world.step()
    (name,) = world.waves
    return world, name


def with_away(wave: Wave, *cells: int, running: set[int] = frozenset()) -> Wave:
    ends = {**wave.ends, **dict.fromkeys(cells, away_end())}
    return replace(wave, away=frozenset(cells), ends=ends, running=frozenset(running))


def told(plan: Plan) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in plan.events]


@pytest.mark.parametrize("running", [0, 1], ids=["between two tries", "while the next tries in vain"])
def test_a_prepare_that_waits_for_storage_says_so_with_the_cause_and_is_told_once(running: int) -> None:
    world = preparing(running=running)
    plan = world.step()
    assert world.condition("Running") == "False/StorageUnavailable"
    assert world.message("Running") == (
        "s3://d/a.csv: http://s3:9000 refuses the connection; start it; it is tried again until storage answers"
    )
    assert (world.status.state, world.condition("Failed")) == ("Preparing", "")
    assert told(plan) == [("Warning", "StorageUnavailable")]
    assert plan.requeue_after_seconds == LOOK_AGAIN_SECONDS
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], away_seconds=5000.0, running_pods=1 - running)
    assert told(world.step()) == []
    world.prepares[name] = replace(world.prepares[name], away_seconds=None, running_pods=1)
    assert ("Normal", "Preparing") in told(world.step())
    assert world.condition("Running") == "True/Preparing"


@pytest.mark.parametrize(
    ("reason", "seconds", "fails"),
    [
        ("StorageUnreachable", UNKNOWN_NAME_SECONDS * 100, False),
        ("HostUnknown", UNKNOWN_NAME_SECONDS - 1, False),
        ("HostUnknown", UNKNOWN_NAME_SECONDS, True),
    ],
)
def test_only_a_name_that_nobody_knows_for_ten_minutes_ends_prepare(reason: str, seconds: float, fails: bool) -> None:
    world = preparing(seconds, reason)
    plan = world.step()
    assert (world.condition("Failed") == "True/HostUnknown") is fails
    assert any(isinstance(action, Delete) for action in plan.actions) is fails
    assert (world.prepares == {}) is fails
    assert world.step().actions == ()


def test_a_run_whose_cells_are_done_is_never_ended_by_storage() -> None:
    world, name = searching()
    for cell in range(3):
        world.end_cell(name, cell, cell_end(cell, 0.5), good=True)
    world.step()
    (refit,) = world.refits
    world.refits[refit] = replace(world.refits[refit], end=away_end("HostUnknown"), away_seconds=1e6)
    for _ in range(3):
        world.step()
    assert world.condition("Running") == "False/StorageUnavailable"
    assert (world.status.state, world.condition("Failed")) == ("Refitting", "")


def test_cells_wait_where_none_gets_through_and_run_where_one_does() -> None:
    world, name = searching()
    world.waves[name] = with_away(world.waves[name], 0, 1, running={1})
    assert told(world.step()) == [("Warning", "StorageUnavailable")]
    assert world.message("Running").startswith("2 cells wait: s3://d/a.csv")
    world.waves[name] = with_away(world.waves[name], 0, running={0, 2})
    world.step()
    assert world.condition("Running") == "True/Searching"


def test_an_edit_replaces_what_waits_for_storage_at_once_also_while_it_tries() -> None:
    world = preparing(running=1)
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], outdated=True)
    assert world.step().actions == (Delete(name),)
    world, wave = searching()
    world.waves[wave] = replace(with_away(world.waves[wave], 0, 1, running={0, 1}), outdated=True)
    assert world.step().actions == (Delete(wave),)


@pytest.mark.parametrize(
    ("exit_code", "running_seconds", "away"),
    [(14, None, True), (14, 3, True), (14, PROOF_SECONDS, False), (16, None, False), (143, None, False)],
)
def test_storage_is_away_until_a_process_has_run_for_longer_than_one_that_gives_up(
    exit_code: int, running_seconds: float | None, away: bool
) -> None:
    assert still_away(ProcessEnd(exit_code, "Error", ""), running_seconds) is away
    assert not still_away(None, running_seconds)
