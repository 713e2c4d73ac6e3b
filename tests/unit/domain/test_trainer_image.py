"""One trainer image a run: a platform's upgrade leaves it alone, a change of spec.retry lets it go over."""

from dataclasses import replace
from typing import Any

import pytest

from gridfold.domain.observed import Waiting
from tests.unit.domain.world import World, cell_end, document, failure, job_of

GRID = [{"C": [1, 2, 3]}]


def searching(**spec: Any) -> tuple[World, str]:
    """Return a world in whose first wave one of three cells has its result, and the platform has another image now."""
    world = World(job_of(document(GRID, **spec)), image="trainer:1")
    world.step()
    world.finish_prepare(3)
    world.step()
    (wave,) = world.waves
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    world.step()
    world.image = "trainer:2"
    return world, wave


def finish_wave(world: World) -> None:
    for name, wave in [*world.waves.items()]:
        for cell in sorted(set(wave.cells) - wave.succeeded):
            world.end_cell(name, cell, cell_end(cell, 0.6), good=True)


def images(world: World) -> dict[str, set[str]]:
    parts = {"prepare": world.prepares, "wave": world.waves, "refit": world.refits}
    return {part: {child.image for child in found.values()} for part, found in parts.items()}


def test_a_run_keeps_the_image_it_was_prepared_with_whatever_the_platform_does() -> None:
    world, _ = searching()
    finish_wave(world)
    world.step()
    assert images(world) == {"prepare": {"trainer:1"}, "wave": {"trainer:1"}, "refit": {"trainer:1"}}
    world.finish_refit()
    world.step()
    assert world.condition("Complete") == "True/Completed"
    world.edit(document(GRID, retry=1))
    world.step()
    assert world.condition("Complete") == "True/Completed"
    assert images(world)["refit"] == {"trainer:1"}


def test_a_wave_that_is_started_after_an_upgrade_has_the_runs_image_too() -> None:
    world, wave = searching()
    world.waves[wave] = replace(world.waves[wave], outdated=True)  # its resources were edited
    world.step()
    world.step()
    assert world.started.count(wave) == 2
    assert images(world)["wave"] == {"trainer:1"}


def test_a_run_whose_prepare_has_not_passed_takes_the_platforms_image() -> None:
    world = World(job_of(document(GRID)), image="missing:1")
    world.step()
    (name,) = world.prepares
    world.image = "trainer:2"
    world.prepares[name] = replace(world.prepares[name], outdated=True)
    world.step()
    world.step()
    assert images(world)["prepare"] == {"trainer:2"}
    world.finish_prepare(3)
    world.step()
    assert images(world)["wave"] == {"trainer:2"}
    assert world.status.prepared is not None
    assert world.status.prepared.image == "trainer:2"


@pytest.mark.parametrize("failed", [False, True])
def test_a_change_of_retry_prepares_the_run_anew_with_the_platforms_image_and_finds_what_is_stored(
    failed: bool,
) -> None:
    world, wave = searching(execution={"maxFailedCells": 0})
    if failed:
        world.end_cell(wave, 1, failure(12), good=False)
        world.step()
        assert world.condition("Failed") == "True/TooManyFailedCells"
    world.edit(document(GRID, execution={"maxFailedCells": 0}, retry=1))
    plan = world.step()
    assert not world.waves
    assert not world.prepares
    assert [event.reason for event in plan.events] == ["TrainerImageChanged"]
    assert "from the trainer image trainer:1 to the platform's trainer:2" in world.message("DatasetReady")
    world.step()
    assert images(world)["prepare"] == {"trainer:2"}
    world.finish_prepare(3, cached={0})
    world.step()
    assert images(world)["wave"] == {"trainer:2"}
    assert world.status.progress == "1/3"
    finish_wave(world)
    world.step()
    world.finish_refit()
    world.step()
    assert world.condition("Complete") == "True/Completed"
    assert world.condition("Failed") == ""


def test_after_going_over_a_cell_that_fails_is_counted_as_in_a_new_run() -> None:
    world, _ = searching(execution={"maxFailedCells": 0, "retries": 0})
    world.edit(document(GRID, execution={"maxFailedCells": 0, "retries": 0}, retry=1))
    world.step()
    world.step()
    world.finish_prepare(3)
    world.step()
    (wave,) = world.waves
    world.end_cell(wave, 0, failure(12), good=False)
    world.step()
    assert world.condition("Failed") == "True/TooManyFailedCells"


def test_a_change_of_retry_under_the_same_image_asks_for_no_other_one_later() -> None:
    world, wave = searching()
    world.image = "trainer:1"
    world.edit(document(GRID, retry=1))
    world.step()
    world.image = "trainer:2"
    world.step()
    assert wave in world.waves
    assert world.step().actions == ()


def test_pods_whose_image_is_gone_tell_how_the_run_goes_over_to_another() -> None:
    world, wave = searching()
    cause = Waiting("ImagePullBackOff", 'Back-off pulling image "trainer:1"', 2)
    world.wait(wave, cause)
    world.step()
    message = world.message("Running")
    assert 'Back-off pulling image "trainer:1"' in message
    assert "change spec.retry, which lets the run go over to the platform's image, trainer:2" in message
    world.image = "trainer:1"
    world.step()
    assert "spec.retry" not in world.message("Running")


def test_waves_of_an_earlier_run_with_another_image_are_of_no_use_to_an_edited_grid() -> None:
    world, wave = searching()
    world.waves[wave] = replace(world.waves[wave], running=frozenset({1}))
    world.edit(document([{"C": [1, 2, 3, 4]}]))
    world.step()
    assert wave in world.waves, "until the new run is prepared, it may be taken back"
    world.finish_prepare(4)
    world.step()
    assert wave not in world.waves
    assert images(world)["wave"] == {"trainer:2"}


NAMED = {"default": "trainer:1", "boosters": "boosters:1", "same": "trainer:1"}


def named(trainer: str = "default", **spec: Any) -> dict[str, Any]:
    return document(GRID, execution={"trainer": trainer}, **spec)


def running(trainer: str = "default") -> World:
    """Return a world with several images, in which a wave runs."""
    world = World(job_of(named(trainer)), images=dict(NAMED))
    world.step()
    world.finish_prepare(3)
    world.step()
    return world


def test_a_job_runs_the_image_of_the_name_that_it_has() -> None:
    assert images(running()) == {"prepare": {"trainer:1"}, "wave": {"trainer:1"}, "refit": set()}
    assert images(running("boosters")) == {"prepare": {"boosters:1"}, "wave": {"boosters:1"}, "refit": set()}


def test_another_name_lets_the_run_go_over_to_that_image_and_back() -> None:
    world = running()
    for name, before in (("boosters", "trainer:1"), ("default", "boosters:1")):
        world.edit(named(name))
        world.step()
        assert not world.waves
        assert f"spec.execution.trainer has changed: the run goes over from the trainer image {before}" in (
            world.message("DatasetReady")
        )
        world.step()
        world.finish_prepare(3)
        world.step()
        assert images(world)["wave"] == {NAMED[name]}


def test_another_name_of_the_same_image_changes_nothing_now_or_later() -> None:
    world = running()
    (wave,) = world.waves
    world.edit(named("same"))
    world.step()
    world.images["same"] = "trainer:2"
    world.step()
    assert wave in world.waves
    assert world.step().actions == ()


def test_a_name_that_the_platform_has_not_starts_nothing_until_it_is_there_or_the_advice_is_taken() -> None:
    for mend in ("edit", "platform"):
        world = World(job_of(named("gpu")), images=dict(NAMED))
        assert world.step().actions == ()
        assert world.condition("Accepted") == "False/NotAllowed"
        assert world.message("Accepted") == (
            'spec.execution.trainer is "gpu": the platform has no trainer image of this name, only default, boosters, '
            "same (trainer.images of the operator's chart). Write one of these, or ask the platform team, who sets it"
        )
        if mend == "edit":
            world.edit(named("boosters"))
        else:
            world.images["gpu"] = "gpu:1"
        world.step()
        assert images(world)["prepare"] == {world.images[world.job.spec.execution.trainer]}


def test_a_run_whose_name_the_platform_takes_away_goes_on_with_its_image_and_an_edit_of_it_is_refused() -> None:
    world = running("boosters")
    del world.images["boosters"]
    finish_wave(world)
    world.step()
    world.step()
    assert images(world)["refit"] == {"boosters:1"}
    assert world.condition("Accepted") == "True/Valid"
    world.edit(document([{"C": [5]}], execution={"trainer": "boosters"}))
    world.step()
    assert world.condition("Accepted") == "False/NotAllowed"
