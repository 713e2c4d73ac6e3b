"""What runs out of memory is tried again with more, up to a ceiling, and never with as much as before."""

from dataclasses import replace
from typing import Any

import pytest

from gridfold.api.handoff import FailureReport, Stage, encode_report
from gridfold.api.v1alpha1 import Execution
from gridfold.domain.observed import ProcessEnd
from gridfold.domain.plan import StartStage, StartWave
from gridfold.domain.stage_needs import more_memory, resources_of
from tests.unit.domain.world import World, cell_end, document, failure, job_of

OOM = ProcessEnd(137, "OOMKilled", "")
EXECUTION: dict[str, Any] = {
    "resources": {"requests": {"memory": "500Mi"}, "limits": {"memory": "1Gi"}},
    "outOfMemory": {"factor": 2, "maxMemory": "3Gi"},
}


def world_of(execution: dict[str, Any] = EXECUTION, **spec: Any) -> World:
    return World(job_of(document(execution=execution, **spec)))


def searching(execution: dict[str, Any] = EXECUTION) -> World:
    """Return a world whose first wave, of three cells, has been started."""
    world = world_of(execution)
    world.step()
    world.finish_prepare(total=3)
    world.step()
    return world


def end_wave(world: World, **ends: ProcessEnd) -> None:
    """End the last wave's cells: those that are not named well."""
    name, wave = list(world.waves.items())[-1]
    for cell in wave.cells:
        end = ends.get(f"c{cell}")
        world.end_cell(name, cell, end or cell_end(cell, 0.5), good=end is None)


def started(world: World) -> StartWave:
    (action,) = world.step().actions
    assert isinstance(action, StartWave)
    return action


def failed_message(world: World) -> str:
    return world.message("Failed")


# ── how much ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("execution", "had", "more"),
    [
        (EXECUTION, "1Gi", "2Gi"),
        (EXECUTION, "2Gi", "3Gi"),
        (EXECUTION, "3Gi", ""),
        (EXECUTION, "4Gi", ""),
        (EXECUTION, "", ""),
        (EXECUTION, "100Mi", "1Gi"),
        ({**EXECUTION, "outOfMemory": {"factor": 3, "maxMemory": "16Gi"}}, "700Mi", "2100Mi"),
        ({**EXECUTION, "outOfMemory": {"factor": 2, "maxMemory": "1500M"}}, "1Gi", "1500M"),
        ({"resources": EXECUTION["resources"]}, "1Gi", ""),
    ],
)
def test_the_next_try_has_a_multiple_of_the_memory_but_no_more_than_the_ceiling(
    execution: dict[str, Any], had: str, more: str
) -> None:
    assert more_memory(Execution.model_validate(execution), Stage.CELL, had) == more


@pytest.mark.parametrize(
    ("resources", "memory", "expected"),
    [
        (EXECUTION["resources"], "2Gi", ({"memory": "1000Mi"}, {"memory": "2Gi"})),
        (EXECUTION["resources"], "3Gi", ({"memory": "1500Mi"}, {"memory": "3Gi"})),
        (EXECUTION["resources"], "1Gi", ({"memory": "500Mi"}, {"memory": "1Gi"})),
        (EXECUTION["resources"], "", ({"memory": "500Mi"}, {"memory": "1Gi"})),
        ({"requests": {"cpu": "2", "memory": "700Mi"}}, "16Gi", ({"cpu": "2", "memory": "16Gi"}, {})),
        ({"limits": {"memory": "2Gi", "nvidia.com/gpu": "1"}}, "4Gi", None),
    ],
)
def test_request_and_limit_grow_alike_and_nothing_else_does(
    resources: dict[str, Any], memory: str, expected: tuple[dict[str, str], dict[str, str]] | None
) -> None:
    requests, limits = expected or ({"cpu": "1", "memory": "2Gi"}, {"memory": "4Gi", "nvidia.com/gpu": "1"})
    spec = Execution.model_validate({"resources": resources})
    assert resources_of(spec, Stage.CELL, memory) == {"requests": requests, "limits": limits}


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_cells_that_run_out_of_memory_are_a_further_wave_with_more_and_refit_is_told_what_each_had() -> None:
    world = searching()
    end_wave(world, c1=OOM)
    second = started(world)
    assert (second.cells, second.memory, second.number) == ((1,), "2Gi", 1)
    world.waves[second.name] = replace(world.waves[second.name], running=frozenset({1}))
    world.step()
    assert world.message("Running") == "1 cell runs; 1 cell ran out of memory and gets 2Gi"
    end_wave(world, c1=OOM)
    third = started(world)
    assert (third.cells, third.memory) == ((1,), "3Gi")
    end_wave(world)
    (refit,) = world.step().actions
    assert isinstance(refit, StartStage)
    assert refit.input.failed == []
    assert refit.input.memory == {"1Gi": "0,2", "3Gi": "1"}


def test_at_the_ceiling_a_cell_has_failed_and_says_what_was_tried_and_what_to_do() -> None:
    world = searching()
    for _ in range(3):
        end_wave(world, c1=OOM)
        (action,) = world.step().actions
    assert isinstance(action, StartStage)
    (failed,) = action.input.failed
    assert (failed.reason, failed.attempts) == ("OutOfMemory", 3)
    assert failed.message == (
        "the pod ran out of memory with 1Gi, then 2Gi, then 3Gi; spec.execution.outOfMemory.maxMemory, 3Gi, allows no "
        "more: raise it, or use less data"
    )


def test_more_memory_takes_nothing_from_the_retries_for_causes_that_pass() -> None:
    world = searching({**EXECUTION, "retries": 1})
    end_wave(world, c0=OOM)
    started(world)
    end_wave(world, c0=failure(137))
    killed = started(world)
    assert (killed.cells, killed.memory) == ((0,), "2Gi"), "as much as it needs, not as much as at first"
    end_wave(world, c0=failure(137))
    (refit,) = world.step().actions
    assert isinstance(refit, StartStage)
    assert refit.input.failed[0].attempts == 4 - 1


def test_a_cell_keeps_its_memory_where_the_wave_that_was_too_small_is_gone() -> None:
    world = searching()
    end_wave(world, c0=OOM)
    started(world)
    world.waves.pop(next(iter(world.waves)))
    end_wave(world, c0=failure(137))
    assert started(world).memory == "2Gi"


def test_cells_with_different_needs_are_different_waves() -> None:
    world = searching()
    end_wave(world, c0=OOM, c1=OOM, c2=failure(137))
    first = started(world)
    assert (first.cells, first.memory) == ((2,), "")
    end_wave(world)
    second = started(world)
    assert (second.cells, second.memory) == ((0, 1), "2Gi")


def test_without_a_policy_a_cell_that_runs_out_of_memory_has_failed_with_both_ways_out() -> None:
    world = searching({"resources": EXECUTION["resources"]})
    end_wave(world, c0=OOM)
    (refit,) = world.step().actions
    assert isinstance(refit, StartStage)
    message = refit.input.failed[0].message
    assert message.startswith("the pod ran out of memory with 1Gi; raise spec.execution.resources.limits.memory and ")
    assert "spec.execution.outOfMemory" in message


def test_where_nothing_limits_the_memory_the_nodes_has_run_out() -> None:
    world = searching({"resources": {"requests": {"cpu": "1"}}, "outOfMemory": EXECUTION["outOfMemory"]})
    end_wave(world, c0=OOM)
    (refit,) = world.step().actions
    assert isinstance(refit, StartStage)
    words = "the pod ran out of memory (it has no limit, so it was the node's); raise spec.execution.resources.limits."
    assert refit.input.failed[0].message.startswith(words)


def test_a_ceiling_that_is_raised_on_a_failed_job_goes_on_from_what_the_cells_had() -> None:
    world = searching({**EXECUTION, "maxFailedCells": 0})
    for _ in range(3):
        end_wave(world, c1=OOM)
        world.step()
    assert world.condition("Failed") == "True/TooManyFailedCells"
    raised = {**EXECUTION, "maxFailedCells": 0, "outOfMemory": {"factor": 2, "maxMemory": "8Gi"}}
    world.edit(document(execution=raised))
    world.step()
    again = started(world)
    assert (again.cells, again.memory) == ((1,), "6Gi")


def test_on_a_laptop_where_nobody_limits_memory_nothing_is_tried_with_more() -> None:
    world = World(job_of(document(execution=EXECUTION)), laptop=True)
    world.step()
    world.finish_prepare(total=3)
    world.step()
    report = encode_report(FailureReport(reason="OutOfMemory", message="the memory of this machine ran out; …"))
    end_wave(world, c0=ProcessEnd(137, "OutOfMemory", report))
    (refit,) = world.step().actions
    assert isinstance(refit, StartStage)
    assert refit.input.failed[0].message == "the memory of this machine ran out; …"
    assert refit.input.memory == {}


def told(world: World) -> list[str]:
    """Return what Events say of the next step about memory."""
    return [f"{event.type}: {event.message}" for event in world.step().events if event.reason == "OutOfMemory"]


def test_whatever_is_tried_again_with_more_memory_is_told_once_by_an_event() -> None:
    world = world_of()
    world.step()
    world.end_single(world.prepares, OOM)
    assert told(world) == ["Warning: Prepare ran out of memory; it is tried again with 2Gi"]
    world.finish_prepare(total=3)
    assert told(world) == []
    end_wave(world, c0=OOM, c1=OOM)
    assert told(world) == ["Warning: 2 cells ran out of memory; they are tried again with 2Gi"]
    end_wave(world, c1=OOM)
    (event,) = world.step().events
    assert f"{event.type}: {event.message}" == "Warning: 1 cell ran out of memory; it is tried again with 3Gi"
    assert event.wave == 2, "the one in which it is tried again"
    assert told(world) == []


# ── prepare and refit ────────────────────────────────────────────────────────────────────────────────────────────────


def test_prepare_is_started_again_with_more_memory_and_says_so() -> None:
    world = world_of({**EXECUTION, "prepare": {"resources": {"limits": {"memory": "2Gi"}}}})
    world.step()
    world.end_single(world.prepares, OOM)
    (action,) = world.step().actions
    assert isinstance(action, StartStage)
    assert (action.stage, action.memory) == (Stage.PREPARE, "3Gi")
    assert action.name.endswith("-prepare-2")
    assert "it ran out of memory with 2Gi, and has 3Gi now" in world.message("DatasetReady")
    assert world.step().actions == ()
    world.end_single(world.prepares, OOM)
    world.step()
    assert world.condition("Failed") == "True/OutOfMemory"
    assert "with 2Gi, then 3Gi; spec.execution.outOfMemory.maxMemory, 3Gi, allows no more" in failed_message(world)


def test_without_a_policy_prepare_fails_at_the_first_time_and_names_its_own_resources() -> None:
    world = world_of({"prepare": {"resources": {"limits": {"memory": "2Gi"}}}})
    world.step()
    world.end_single(world.prepares, OOM)
    assert world.step().actions == ()
    assert "raise spec.execution.prepare.resources.limits.memory" in failed_message(world)


def test_refit_is_started_again_with_more_memory() -> None:
    world = searching()
    end_wave(world)
    world.step()
    world.end_single(world.refits, ProcessEnd(13, "Error", ""))
    (action,) = world.step().actions
    assert isinstance(action, StartStage)
    assert (action.stage, action.memory, action.name.endswith("-refit-2")) == (Stage.REFIT, "2Gi", True)
    world.finish_refit()
    world.step()
    assert world.condition("Complete") == "True/Completed"


@pytest.mark.parametrize("retries", [0, 2])
def test_a_stage_that_is_killed_is_tried_again_with_as_much_memory_as_often_as_retries_says(retries: int) -> None:
    world = world_of({**EXECUTION, "retries": retries})
    world.step()
    for _ in range(retries):
        world.end_single(world.prepares, failure(137))
        (action,) = world.step().actions
        assert isinstance(action, StartStage)
        assert action.memory == ""
    world.end_single(world.prepares, failure(137))
    assert world.step().actions == ()
    assert world.condition("Failed") == "True/Error"


def test_raising_the_ceiling_has_a_failed_prepare_tried_again() -> None:
    world = world_of()
    world.step()
    for _ in range(3):
        world.end_single(world.prepares, OOM)
        world.step()
    assert world.condition("Failed") == "True/OutOfMemory"
    world.edit(document(execution={**EXECUTION, "outOfMemory": {"factor": 2, "maxMemory": "8Gi"}}))
    world.step()
    world.step()
    assert [stage.memory for stage in world.prepares.values()] == ["1Gi"]


# ── what is not forgotten ────────────────────────────────────────────────────────────────────────────────────────────


def edited(world: World, grid: list[dict[str, Any]], execution: dict[str, Any] = EXECUTION) -> StartWave:
    """Edit the grid, have prepare judge it, and return the first wave that is started for it."""
    world.edit(document(grid, execution=execution))
    world.step()
    world.finish_prepare(total=sum(len(axes["C"]) for axes in grid))
    for _ in range(4):
        for action in world.step().actions:
            if isinstance(action, StartWave):
                return action
    raise AssertionError("no wave was started")


def test_an_edited_grid_starts_the_cells_that_stay_with_the_memory_that_they_need() -> None:
    world = searching()
    end_wave(world, c1=OOM)
    started(world)
    base = edited(world, [{"C": [1, 7]}])
    assert (base.cells, base.memory) == ((1,), ""), "the new cell, with as much as the spec says"
    more = started(world)
    assert (more.cells, more.memory) == ((0,), "2Gi"), "beside it"
    end_wave(world, c0=OOM)
    assert (started(world).memory, world.status.attempt.memory.keys()) == ("3Gi", {"3Gi"})


@pytest.mark.parametrize(
    ("policy", "limit", "memory"),
    [
        ({"factor": 2, "maxMemory": "1536Mi"}, "1Gi", "1536Mi"),
        (None, "1Gi", ""),
        ({"factor": 2, "maxMemory": "8Gi"}, "4Gi", ""),
    ],
)
def test_an_edit_that_allows_less_or_gives_more_to_all_counts_more_than_what_was_needed(
    policy: dict[str, Any] | None, limit: str, memory: str
) -> None:
    world = searching()
    end_wave(world, c0=OOM, c1=OOM, c2=OOM)
    started(world)
    edit = {"resources": {"limits": {"memory": limit}}, **({"outOfMemory": policy} if policy else {})}
    assert edited(world, [{"C": [1]}], edit).memory == memory


def test_a_wave_that_is_gone_takes_nothing_of_it_with_it() -> None:
    world = searching()
    end_wave(world, c0=OOM)
    second = started(world)
    world.waves.clear()
    assert world.status.prepared.succeeded
    again = started(world)
    assert (again.cells, again.memory, second.memory) == ((0,), "2Gi", "2Gi")
    end_wave(world)
    world.step()
    assert world.status.attempt.memory == {}, "it has its result"
