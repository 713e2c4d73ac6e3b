"""What happens when cells find that the prepared data is damaged."""

import pytest

from gridfold.api.status import State
from gridfold.domain.observed import Progress
from tests.unit.domain.world import World, cell_end, damaged_end, document, job_of


def searching() -> tuple[World, str]:
    """Return a job whose three cells are on their way."""
    world = World(job_of(document(execution={"retries": 0})))
    world.step()
    world.finish_prepare(3)
    world.step()
    return world, next(iter(world.waves))


def damaged() -> tuple[World, str]:
    """Return a job whose first cell has found the data damaged, when the others have not begun."""
    world, wave = searching()
    world.end_cell(wave, 0, damaged_end(), good=False)
    world.step()
    return world, wave


def healed() -> tuple[World, str]:
    """Return a job whose data has been prepared again, when the cell that was hit is on its way once more."""
    world, wave = damaged()
    world.finish_prepare(3)
    world.step()
    for cell in (1, 2):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
    world.step()
    (second,) = set(world.waves) - {wave}
    return world, second


def again(world: World) -> list[str]:
    return [name for name in world.started if name.endswith("-prepare-again")]


def test_the_damage_is_told_once_as_a_warning_and_the_repair_as_news() -> None:
    world, wave = searching()
    world.end_cell(wave, 0, damaged_end(), good=False)
    notes = [(event.type, event.reason, event.message) for _ in range(2) for event in world.step().events]
    assert notes == [
        ("Warning", "PreparedCorrupt", world.message("DatasetReady")),
        ("Normal", "Preparing", "prepare is being started"),
    ]
    world.finish_prepare(3)
    notes = [(event.type, event.reason) for _ in range(2) for event in world.step().events]
    assert ("Normal", "Prepared") in notes


def test_no_cell_is_started_until_the_data_has_been_prepared_again() -> None:
    world, wave = damaged()
    assert len(again(world)) == 1
    assert world.waves[wave].parallelism == 0
    assert world.status.state is State.PREPARING
    assert world.condition("DatasetReady") == "False/PreparedCorrupt"
    assert world.message("DatasetReady") == (
        "prepared again: cell 0 found it damaged: X.npy has the BLAKE3 digest a; expected b."
    )
    assert world.status.progress == "0/3"
    world.finish_prepare(3)
    world.step()
    assert world.waves[wave].parallelism == world.job.spec.execution.parallelism
    assert world.status.state is State.RUNNING
    assert world.message("DatasetReady") == "100 rows, 4 columns; prepared again after it was damaged"


def test_the_cells_that_were_hit_go_into_the_next_wave_and_the_try_does_not_count() -> None:
    world, second = healed()
    assert world.waves[second].cells == (0,)
    world.end_cell(second, 0, cell_end(0, 0.9), good=True)
    world.step()
    world.finish_refit()
    world.step()
    assert world.condition("Complete") == "True/Completed"
    assert (world.status.cells.succeeded, world.status.cells.failed) == (3, 0)


def test_a_wave_that_is_over_is_followed_by_another_only_when_the_data_is_there_again() -> None:
    world, wave = searching()
    for cell in range(3):
        world.end_cell(wave, cell, damaged_end(), good=False)
    world.step()
    world.step()
    assert (len(again(world)), list(world.waves)) == (1, [wave])
    world.finish_prepare(3)
    world.step()
    (second,) = set(world.waves) - {wave}
    assert world.waves[second].cells == (0, 1, 2)


def test_what_is_damaged_a_second_time_fails_with_that_reason() -> None:
    world, second = healed()
    world.end_cell(second, 0, damaged_end(), good=False)
    world.step()
    assert len(again(world)) == 1
    (refit,) = world.refits
    (failed,) = world.inputs[refit].failed
    assert (failed.cell, failed.reason) == (0, "PreparedCorrupt")


def test_that_it_was_prepared_again_is_known_when_its_pod_and_its_job_are_gone() -> None:
    world, wave = damaged()
    world.finish_prepare(3)
    world.step()
    world.prepares.clear()
    world.step()
    assert len(again(world)) == 1
    assert world.waves[wave].parallelism == world.job.spec.execution.parallelism


def test_where_it_cannot_be_prepared_again_the_job_fails_and_its_waves_are_ended() -> None:
    world, _ = damaged()
    world.fail_prepare("ObjectMissing", "s3://data/rows.csv does not exist")
    world.step()
    assert not world.waves
    assert world.condition("Failed") == "True/ObjectMissing"
    assert world.condition("DatasetReady") == "False/ObjectMissing"


def test_where_the_sources_have_changed_meanwhile_the_job_fails_and_shows_both_digests() -> None:
    world, _ = damaged()
    world.finish_prepare(3, digest="f" * 64)
    world.step()
    assert not world.waves
    assert world.condition("Failed") == "True/SourceChanged"
    assert "d" * 64 in world.message("Failed") and "f" * 64 in world.message("Failed")
    assert world.status.dataset.digest == "d" * 64


@pytest.mark.parametrize("times", [1, 2])
def test_refit_runs_again_on_data_that_was_prepared_again_but_not_a_third_time(times: int) -> None:
    world, wave = searching()
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.5), good=True)
    world.step()
    (refit,) = world.refits
    for _ in range(times):
        world.end_single(world.refits, damaged_end())
        world.step()
        if len(again(world)) == 1 and world.status.state is State.PREPARING:
            assert "refit found it damaged" in world.message("DatasetReady")
            world.finish_prepare(3)
            world.step()
            world.step()
    assert world.started.count(refit) == 2
    assert len(again(world)) == 1
    if times == 2:
        assert world.condition("Failed") == "True/PreparedCorrupt"
        return
    world.finish_refit()
    world.step()
    assert world.condition("Complete") == "True/Completed"


def test_cells_that_were_hit_are_no_failures_that_end_the_job() -> None:
    world = World(job_of(document(execution={"maxFailedCells": 0})))
    world.step()
    world.finish_prepare(3)
    world.step()
    (wave,) = world.waves
    for cell in range(3):
        world.end_cell(wave, cell, damaged_end(), good=False)
    world.step()
    assert world.waves[wave].progress is Progress.FAILED
    assert world.condition("Failed") == ""
    assert (world.status.cells.pending, world.status.cells.failed) == (3, 0)
