"""The life of a run, read as a specification."""

from dataclasses import replace

import pytest

from gridfold.api.exit_codes import ExitCode
from gridfold.api.status import State
from gridfold.api.validation import Problem
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Observed, ObservedJob, ProcessEnd, Progress, Waiting
from gridfold.domain.plan import StartWave
from tests.unit.domain.world import World, cell_end, document, failure, infeasible_end, job_of


@pytest.fixture
def world() -> World:
    return World(job_of(document()))


def searching(world: World, **prepared: object) -> str:
    world.step()
    world.finish_prepare(3, **prepared)
    world.step()
    return next(iter(world.waves))


def test_a_new_job_is_accepted_and_prepare_is_started_once(world: World) -> None:
    world.step()
    world.step()
    assert (len(world.started), world.status.state) == (1, State.PREPARING)
    assert world.condition("Accepted") == "True/Valid"
    assert world.condition("DatasetReady") == "False/Preparing"


def test_every_cell_without_a_result_goes_into_the_first_wave(world: World) -> None:
    wave = searching(world, cached={1}, infeasible={2})
    assert world.waves[wave].cells == (0,)
    assert world.inputs[wave].cells == "0"
    assert world.status.cells.model_dump() == {
        "total": 3, "cached": 1, "pending": 1, "running": 0, "succeeded": 0, "infeasible": 1, "failed": 0,
    }  # fmt: skip
    assert world.status.progress == "2/3"


def test_a_job_whose_cells_are_all_cached_goes_straight_to_refit(world: World) -> None:
    world.step()
    world.finish_prepare(3, cached={0, 1, 2})
    world.step()
    assert not world.waves
    assert world.status.state is State.REFITTING


def test_the_whole_life_ends_complete_with_the_winner_validation_and_test_scores(world: World) -> None:
    wave = searching(world)
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.5 + cell / 10), good=True)
    world.step()
    assert world.status.best.cell == 2
    world.finish_refit(best=2)
    world.step()
    assert world.status.state is State.COMPLETE
    assert world.condition("Complete") == "True/Completed"
    assert (world.status.best.parameters, world.status.best.score) == ({"C": "10"}, "0.8000")
    assert world.status.validation["f1"] == world.status.test.scores["f1"] == "0.7500"
    assert world.status.completion_time


def test_failures_that_were_cached_are_told_as_well(world: World) -> None:
    world.step()
    world.finish_prepare(3, cached={0, 1, 2})
    world.step()
    world.finish_refit(failed=1)
    world.step()
    assert world.condition("Complete") == "True/CompletedWithFailures"
    assert world.message("Complete") == "cell 0 of 4 won; 1 failed, 0 infeasible"


def test_a_job_without_a_model_file_is_complete_and_says_why(world: World) -> None:
    world.step()
    world.finish_prepare(3, cached={0, 1, 2})
    world.step()
    world.finish_refit(no_model="skops cannot store this model")
    world.step()
    assert world.condition("Complete") == "True/Completed"
    assert world.message("Complete").endswith("0 infeasible; skops cannot store this model")


def test_what_refit_remarks_stands_in_the_condition_of_a_complete_job(world: World) -> None:
    world.step()
    world.finish_prepare(3, cached={0, 1, 2})
    world.step()
    world.finish_refit(remarks="f1 is 0 on every fold")
    world.step()
    assert world.message("Complete") == "cell 0 of 3 won; 0 failed, 0 infeasible; f1 is 0 on every fold"


def test_a_complete_job_never_trains_again_when_its_children_are_gone(world: World) -> None:
    test_the_whole_life_ends_complete_with_the_winner_validation_and_test_scores(world)
    started, status = list(world.started), world.status
    for children in (world.prepares, world.waves, world.refits):
        children.clear()
    plan = world.step()
    assert (plan.actions, world.started, plan.status) == ((), started, status)


def test_an_edit_of_parallelism_reaches_the_running_wave_and_starts_nothing(world: World) -> None:
    wave = searching(world)
    world.edit(document(execution={"parallelism": 2}))
    world.step()
    assert world.waves[wave].parallelism == 2
    assert (len(world.started), world.status.observed_generation) == (2, 2)


def test_an_edit_of_the_data_starts_another_run_and_shows_nothing_stale(world: World) -> None:
    wave = searching(world)
    world.end_cell(wave, 0, cell_end(0, 0.9), good=True)
    world.step()
    raw = document()
    raw["spec"]["dataset"]["target"] = "z"
    world.edit(raw)
    world.step()
    assert (wave in world.waves, len(world.prepares)) == (True, 1), "it goes when the new data has passed"
    assert (world.status.best, world.status.cells, world.status.leaderboard) == (None, None, [])
    assert world.condition("Reconciling") == "True/RunReplaced"
    world.finish_prepare(3)
    world.step()
    assert wave not in world.waves
    world.step()
    assert world.condition("Reconciling") == ""


def test_data_that_cannot_be_used_fails_the_job_before_any_cell_and_before_the_job_controller_says_so(
    world: World,
) -> None:
    world.step()
    world.fail_prepare("ColumnMissing", "spec.dataset.target is y, the columns are a, b; name one of them")
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], progress=Progress.ACTIVE)
    world.step()
    assert world.condition("Failed") == "True/ColumnMissing"
    assert world.condition("DatasetReady") == "False/ColumnMissing"
    assert world.condition("Stalled") == "True/ColumnMissing"
    assert "name one of them" in world.message("Failed")
    assert not world.waves


def test_a_prepare_that_lost_its_report_with_its_pod_is_asked_again(world: World) -> None:
    world.step()
    world.end_single(world.prepares, None)
    world.step()
    assert not world.prepares
    world.step()
    assert len(world.prepares) == 1


def test_a_report_of_another_version_fails_with_advice(world: World) -> None:
    world.step()
    world.end_single(world.prepares, ProcessEnd(0, "Completed", '{"kind": "prepare", "new": 1}'))
    world.step()
    assert world.condition("Failed") == "True/PrepareFailed"
    assert "same version" in world.message("Failed")


def test_nothing_depends_on_the_pod_of_prepare_once_it_has_handed_over(world: World) -> None:
    wave = searching(world)
    world.prepares.clear()
    world.step()
    assert list(world.waves) == [wave]
    assert not world.prepares


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (failure(ExitCode.STORAGE), "retry"),
        (failure(ExitCode.KILLED), "retry"),
        (None, "retry"),
        (failure(1, message="Traceback"), "retry"),
        (failure(ExitCode.KILLED, "OOMKilled"), "failed"),
        (failure(ExitCode.MEMORY), "failed"),
        (failure(ExitCode.FIT_FAILED), "failed"),
        (failure(ExitCode.TIMEOUT), "failed"),
        (infeasible_end(1), "infeasible"),
    ],
)
def test_a_failed_cell_is_tried_again_only_where_that_can_help(
    world: World, end: ProcessEnd | None, outcome: str
) -> None:
    wave = searching(world)
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    world.end_cell(wave, 2, cell_end(2, 0.5), good=True)
    world.end_cell(wave, 1, end, good=False)
    plan = world.step()
    if outcome == "retry":
        (action,) = plan.actions
        assert isinstance(action, StartWave)
        assert (action.number, action.cells) == (1, (1,))
    else:
        assert world.status.state is State.REFITTING
        assert getattr(world.status.cells, outcome) == 1


def test_retries_are_bounded_and_the_cause_reaches_refit(world: World) -> None:
    searching(world)
    for _ in range(3):
        wave = list(world.waves)[-1]
        for cell in world.waves[wave].cells:
            good = cell != 1
            world.end_cell(wave, cell, cell_end(cell, 0.5) if good else failure(137), good=good)
        world.step()
    assert len(world.waves) == 3
    assert world.status.state is State.REFITTING
    (failed,) = world.inputs[world.started[-1]].failed
    assert (failed.cell, failed.attempts) == (1, 3)


def test_a_pod_that_succeeded_counts_as_succeeded_whatever_its_reason_says(world: World) -> None:
    wave = searching(world)
    world.end_cell(wave, 0, ProcessEnd(0, "OOMKilled", ""), good=True)
    world.step()
    assert world.status.cells.succeeded == 1


def test_more_failed_cells_than_allowed_end_the_job_and_its_wave(world: World) -> None:
    world = World(job_of(document(execution={"maxFailedCells": 0})))
    wave = searching(world)
    world.end_cell(wave, 0, failure(12, message="boom"), good=False)
    world.step()
    assert world.condition("Failed") == "True/TooManyFailedCells"
    assert wave not in world.waves
    assert "boom" in world.message("Failed")


def test_pods_without_a_node_show_the_schedulers_words_until_they_have_one(world: World) -> None:
    wave = searching(world)
    words = "0/1 nodes are available: 1 Insufficient cpu."
    world.waves[wave] = replace(world.waves[wave], waiting=(Waiting("Unschedulable", words, 3),))
    plan = world.step()
    assert world.condition("CapacityReady") == "False/Unschedulable"
    assert words in world.message("CapacityReady")
    assert world.condition("Running") == "False/Unschedulable"
    assert any(event.type == "Warning" and words in event.message for event in plan.events)
    world.waves[wave] = replace(world.waves[wave], waiting=(), running=frozenset({0, 1}))
    world.step()
    assert world.condition("CapacityReady") == "True/PodsScheduled"
    assert world.condition("Running") == "True/Searching"


def test_cells_that_came_and_went_between_two_looks_had_their_nodes(world: World) -> None:
    wave = searching(world)
    waiting = (Waiting("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 3),)
    world.waves[wave] = replace(world.waves[wave], waiting=waiting)
    world.step()
    assert world.condition("CapacityReady") == "False/Unschedulable"
    world.waves[wave] = replace(world.waves[wave], waiting=())
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
    world.step()
    assert world.condition("CapacityReady") == "True/PodsScheduled"


def test_pods_that_cannot_start_are_never_reported_as_running(world: World) -> None:
    world.step()
    (name,) = world.prepares
    waiting = (Waiting("ImagePullBackOff", "Back-off pulling image x", 1),)
    world.prepares[name] = replace(world.prepares[name], waiting=waiting)
    world.step()
    assert world.condition("Running") == "False/ImagePullBackOff"
    assert "Back-off pulling" in world.message("Running")


def test_a_job_without_a_winner_fails_and_says_where_to_look(world: World) -> None:
    world.step()
    world.finish_prepare(3, infeasible={0, 1, 2})
    world.step()
    world.finish_refit(best=None)
    world.step()
    assert world.condition("Failed") == "True/NoCellSucceeded"
    assert world.status.results.uri


def test_targets_are_judged_on_every_digit_and_judged_again_after_an_edit_without_a_run(world: World) -> None:
    world = World(job_of(document(scoring={"targets": {"f1": "0.75"}})))
    world.step()
    world.finish_prepare(3, cached={0, 1, 2})
    world.step()
    world.finish_refit(scores={"accuracy": 0.9, "precision": 0.8, "recall": 0.7, "f1": 0.74999999})
    world.step()
    assert world.condition("TargetsMet") == "False/TargetsMissed"
    started = len(world.started)
    world.edit(document(scoring={"targets": {"f1": "0.70"}}))
    world.step()
    assert world.condition("TargetsMet") == "True/TargetsMet"
    assert len(world.started) == started


def test_an_invalid_spec_is_refused_with_all_problems_and_starts_nothing(world: World) -> None:
    problems = (Problem("spec.a", "1", "must be 2"), Problem("spec.b", "3", "must be 4"))
    observed = Observed(
        ObservedJob(world.job.metadata, None, world.status, problems), world.observe().children, world.now
    )
    plan = decide(observed)
    assert plan.actions == ()
    accepted = next(c for c in plan.status.conditions if c.type == "Accepted")
    assert accepted.message == "spec.a is 1: must be 2; spec.b is 3: must be 4"


def test_a_grid_above_max_cells_is_refused_with_both_numbers(world: World) -> None:
    world = World(job_of(document(search={"grid": [{"C": [1, 2, 3]}], "maxCells": 2})))
    world.step()
    assert world.condition("Accepted") == "False/TooManyCells"
    assert "3 cells" in world.message("Accepted")
    assert not world.started


def test_the_refused_job_runs_once_it_is_mended(world: World) -> None:
    world = World(job_of(document(search={"grid": [{"C": [1, 2, 3]}], "maxCells": 2})))
    world.step()
    world.edit(document())
    world.step()
    assert world.condition("Accepted") == "True/Valid"
    assert world.condition("Failed") == ""
    assert len(world.started) == 1


def test_a_namesake_of_a_deleted_job_gets_children_of_other_names(world: World) -> None:
    world.step()
    raw = document()
    raw["metadata"]["uid"] = "u-2"
    other = World(job_of(raw))
    other.step()
    assert set(world.prepares).isdisjoint(other.prepares)
