"""When a run will have ended, told from how long its own cells took."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.status import TrainingJobStatus
from gridfold.domain.estimate import estimate
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Progress, Span, Waiting, Wave
from gridfold.domain.standing import stand
from tests.unit.domain.world import World, cell_end, document, infeasible_end, job_of

CELLS = 12
GRID = [{"C": list(range(1, CELLS + 1))}]


def searching(**execution: int) -> World:
    world = World(job_of(document(GRID, execution={"parallelism": 2, **execution})))
    world.step()
    world.finish_prepare(CELLS)
    world.step()
    return world


def run(world: World, *cells: int) -> None:
    (name,) = world.waves
    world.waves[name] = replace(world.waves[name], running=frozenset(cells))
    world.step()


def end(world: World, cell: int, seconds: float = 600, **report: bool) -> None:
    (name,) = world.waves
    ran = Span(world.now - timedelta(seconds=seconds), world.now)
    wave = world.waves[name]
    world.waves[name] = replace(wave, running=wave.running - {cell})
    world.end_cell(name, cell, cell_end(cell, 0.5, ran, **report), good=True)
    world.step()


def minutes_to_go(world: World) -> float:
    assert world.status.estimated_completion_time is not None
    return (datetime.fromisoformat(world.status.estimated_completion_time) - world.now).total_seconds() / 60


def test_there_is_no_estimate_before_a_cell_has_been_computed() -> None:
    world = searching()
    run(world, 0, 1)
    assert world.status.estimated_completion_time is None
    end(world, 0, 1.0, reused=True)
    (name,) = world.waves
    world.end_cell(name, 2, infeasible_end(2), good=False)
    world.step()
    assert world.status.estimated_completion_time is None, "neither was computed here"
    end(world, 1, 600)
    assert world.status.estimated_completion_time is not None


def test_the_estimate_is_what_is_left_at_the_pace_of_the_cells_and_refit() -> None:
    world = searching()
    run(world, 0, 1)
    end(world, 0)
    # 11 cells left, one of them half done, two at a time, ten minutes each; then refit
    assert minutes_to_go(world) == pytest.approx((10.5 / 2 + 1.5) * 10, abs=5)


def test_while_no_cell_ends_nothing_is_written_however_long_it_takes() -> None:
    world = searching()
    run(world, 0, 1)
    end(world, 0)
    world.now += timedelta(hours=5)
    again = decide(world.observe())
    assert again.status == world.status


def test_cells_that_take_what_was_measured_do_not_move_the_estimate() -> None:
    world = searching()
    seen = set()
    for first in range(0, CELLS - 2, 2):
        run(world, first, first + 1)
        world.now += timedelta(minutes=10)
        for cell in (first, first + 1):
            end(world, cell)
        seen.add(world.status.estimated_completion_time)
    assert len(seen) <= 2


@pytest.mark.parametrize("reason", ["Unschedulable", "ImagePullBackOff"])
def test_while_no_cell_can_run_there_is_no_estimate(reason: str) -> None:
    world = searching()
    run(world, 0, 1)
    end(world, 0)
    end(world, 1)
    (name,) = world.waves
    world.wait(name, Waiting(reason, "words", 2))
    world.now += timedelta(minutes=1)
    world.step()
    assert world.status.estimated_completion_time is None


def test_a_suspended_and_an_ended_run_have_none() -> None:
    world = searching()
    run(world, 0, 1)
    end(world, 0)
    world.edit(document(GRID, suspend=True))
    world.step()
    assert world.status.estimated_completion_time is None
    world.edit(document(GRID))
    world.step()
    for cell in range(1, CELLS):
        end(world, cell)
    assert world.status.estimated_completion_time is not None
    world.finish_refit()
    world.step()
    assert (world.status.estimated_completion_time, world.status.completion_time is None) == (None, False)


def test_a_run_that_will_not_be_done_in_time_says_so_before_it_is_over() -> None:
    world = searching(timeoutSeconds=3600)
    run(world, 0, 1)
    end(world, 0)
    message = world.message("Running")
    assert message.startswith("1 cell runs; as it goes, the run would take until 2026-01-01T01:")
    assert message.endswith("but spec.execution.timeoutSeconds ends it at 2026-01-01T01:00:01Z: raise it")
    world.edit(document(GRID, execution={"parallelism": 2, "timeoutSeconds": 7200}))
    world.step()
    assert world.message("Running") == "1 cell runs"


def test_cells_that_took_less_than_a_second_have_the_run_end_now() -> None:
    world = searching(parallelism=4)
    run(world, 0, 1)
    end(world, 0, 0)
    world.now += timedelta(seconds=4)
    end(world, 1, 0)  # nothing runs, and none of the two took any time: what comes next is awaited at their pace
    assert 0 <= minutes_to_go(world) <= 1


@given(
    spans=st.lists(st.tuples(st.integers(-3, 9), st.integers(-3, 9)), min_size=1, max_size=5),
    left=st.integers(0, CELLS),
    pods=st.integers(0, 3),
)
def test_whatever_the_clocks_say_the_estimate_is_not_over_yet(
    spans: list[tuple[int, int]], left: int, pods: int
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ends = {
        cell: cell_end(cell, 0.5, Span(now + timedelta(seconds=start), now + timedelta(seconds=end)))
        for cell, (start, end) in enumerate(spans)
    }
    groups = tuple((cell,) for cell in range(CELLS))
    wave = Wave("w0", "digest", 0, groups, 2, Progress.ACTIVE, succeeded=frozenset(ends), ends=ends)
    pending = frozenset(range(CELLS - left, CELLS))
    standing = replace(
        stand(CELLS, frozenset(), frozenset(), (wave,), job_of(document(GRID)).spec),
        pending=pending,
        running=frozenset(),
        running_pods=min(pods, left),
    )
    shown = estimate(standing, [wave], TrainingJobStatus(), now)
    assert shown is not None
    assert datetime.fromisoformat(shown) >= now
