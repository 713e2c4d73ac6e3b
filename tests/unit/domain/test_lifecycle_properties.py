"""What holds for `decide` whatever happens in whatever order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.exit_codes import ExitCode
from gridfold.api.status import State
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import ProcessEnd, Progress
from tests.unit.domain.world import World, cell_end, damaged_end, document, failure, infeasible_end, job_of

CELLS = 6
GRID = [{"C": [0.1, 0.2, 0.3], "fit_intercept": [True, False]}]
ENDS = st.sampled_from(["good", "good", "infeasible", "fit", "storage", "killed", "gone", "oom", "damaged"])


def end_of(kind: str, cell: int) -> ProcessEnd | None:
    return {
        "good": cell_end(cell, 0.5 + cell / 100),
        "infeasible": infeasible_end(cell),
        "fit": failure(ExitCode.FIT_FAILED),
        "storage": failure(ExitCode.STORAGE),
        "killed": failure(ExitCode.KILLED),
        "oom": failure(ExitCode.KILLED, "OOMKilled"),
        "gone": None,
        "damaged": damaged_end(),
    }[kind]


def run_to_the_end(world: World, data: st.DataObject, *, lose_writes: bool) -> int:
    """Let the world move in drawn order until the job has ended; return the number of steps it took."""
    for steps in range(400):
        if world.status.state in {State.COMPLETE, State.FAILED}:
            return steps
        for _ in range(data.draw(st.integers(0, 3), "looks")):
            world.step(save=not (lose_writes and data.draw(st.booleans(), "write lost")))
        move(world, data)
    raise AssertionError(f"not at its end after 400 steps: {world.status}")


def move(world: World, data: st.DataObject) -> None:
    """Let one thing happen, if there is one that can."""
    open_cells = [
        (name, cell)
        for name, wave in world.waves.items()
        if wave.progress is Progress.ACTIVE and wave.parallelism
        for cell in sorted(set(wave.cells) - wave.succeeded - wave.failed)
    ]
    preparing = any(stage.progress is Progress.ACTIVE for stage in world.prepares.values())
    if open_cells and not (preparing and data.draw(st.booleans(), "prepare moves first")):
        name, cell = data.draw(st.sampled_from(open_cells), "cell")
        kind = data.draw(ENDS, "end")
        world.end_cell(name, cell, end_of(kind, cell), good=kind == "good")
    elif any(stage.progress is Progress.ACTIVE for stage in world.refits.values()):
        world.finish_refit()
    elif preparing:
        cached = data.draw(st.sets(st.integers(0, CELLS - 1)), "cached")
        infeasible = data.draw(st.sets(st.integers(0, CELLS - 1)), "infeasible")
        world.finish_prepare(CELLS, cached, infeasible - cached)
    world.step()


@given(st.data(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_job_comes_to_its_end_and_every_cell_is_counted_once(data: st.DataObject, lose_writes: bool) -> None:
    world = World(job_of(document(GRID, execution={"maxFailedCells": 6})))
    run_to_the_end(world, data, lose_writes=lose_writes)
    counts = world.status.cells
    parts = counts.model_dump()
    total = parts.pop("total")
    assert sum(parts.values()) == total == CELLS
    assert counts.running == counts.pending == 0
    assert len(world.started) == len(set(world.started)), "a child was started twice"


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_what_a_plan_has_brought_about_is_no_part_of_the_next_plan(data: st.DataObject) -> None:
    world = World(job_of(document(GRID)))
    for _ in range(data.draw(st.integers(0, 12))):
        world.step()
        move(world, data)
    world.step()
    world.step()
    world.now += timedelta(hours=1)  # nothing is written at rest, however long it lasts
    again = decide(world.observe())
    assert again.actions == ()
    assert again.status == world.status
    assert again.events == ()


@given(st.permutations(range(CELLS)), st.permutations(range(CELLS)))
@settings(max_examples=50, deadline=None)
def test_the_order_in_which_cells_end_does_not_matter(first: list[int], second: list[int]) -> None:
    statuses = []
    for order in (first, second):
        world = World(job_of(document(GRID)))
        world.step()
        world.finish_prepare(CELLS)
        world.step()
        (wave,) = world.waves
        for cell in order:
            world.end_cell(wave, cell, cell_end(cell, 0.5 + (cell % 3) / 10), good=True)
            world.step()
        statuses.append([(line.cell, line.score) for line in world.status.leaderboard])
    assert statuses[0] == statuses[1]
    assert [cell for cell, _ in statuses[0]] == [2, 5, 1, 4, 0, 3]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_cell_that_has_succeeded_is_ever_started_again(data: st.DataObject) -> None:
    world = World(job_of(document(GRID, execution={"maxFailedCells": 6})))
    run_to_the_end(world, data, lose_writes=True)
    succeeded: set[int] = set()
    for wave in sorted(world.waves.values(), key=lambda wave: wave.number):
        assert succeeded.isdisjoint(wave.cells)
        succeeded |= wave.succeeded


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_data_that_is_damaged_is_prepared_again_once_and_meanwhile_no_cell_is_started_on_it(
    data: st.DataObject,
) -> None:
    world = World(job_of(document(GRID, execution={"maxFailedCells": 6})))
    for _ in range(400):
        world.step()
        again = [stage for name, stage in world.prepares.items() if name.endswith("-again")]
        if any(stage.progress is Progress.ACTIVE for stage in again):
            active = [wave for wave in world.waves.values() if wave.progress is Progress.ACTIVE]
            assert all(wave.parallelism == 0 for wave in active)
        if world.status.state in {State.COMPLETE, State.FAILED}:
            break
        move(world, data)
    assert sum(name.endswith("-again") for name in world.started) <= 1
    ends = [end for wave in world.waves.values() for end in wave.ends.values()]
    assert any(name.endswith("-again") for name in world.started) == (damaged_end() in ends)
