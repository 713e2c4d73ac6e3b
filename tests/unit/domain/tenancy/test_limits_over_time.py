"""When limits count: for each spec that is new, and never for one that was accepted."""

from gridfold.domain.tenancy.settings import PlaceSettings, TenancySettings
from tests.unit.domain.world import World, document, job_of


def world_with(parallelism: int, most: int) -> World:
    world = World(job_of(document(execution={"parallelism": parallelism})))
    limit(world, most)
    return world


def limit(world: World, most: int) -> None:
    settings = TenancySettings(namespaces={"team": PlaceSettings(max_parallelism=most)})
    world.limits = settings.limits_of("team", {})


def test_a_spec_beyond_a_limit_starts_nothing() -> None:
    world = world_with(parallelism=500, most=100)
    world.step()
    assert world.started == []
    assert world.condition("Accepted") == "False/NotAllowed"


def test_the_advice_taken_starts_the_job() -> None:
    world = world_with(parallelism=500, most=100)
    world.step()
    world.edit(document(execution={"parallelism": 100}))
    world.step()
    assert len(world.started) == 1
    assert world.condition("Accepted") == "True/Valid"


def test_a_raised_limit_starts_the_job() -> None:
    world = world_with(parallelism=500, most=100)
    world.step()
    limit(world, 500)
    world.step()
    assert world.condition("Accepted") == "True/Valid"


def test_a_lowered_limit_ends_no_job_and_lets_it_start_what_it_still_needs() -> None:
    world = world_with(parallelism=100, most=100)
    world.step()
    limit(world, 1)
    world.finish_prepare(3)
    world.step()
    assert world.condition("Accepted") == "True/Valid"
    (wave,) = world.waves.values()
    assert wave.parallelism > 1


def test_an_edit_of_a_running_job_is_judged_by_the_limits_of_now_and_its_cells_go_on() -> None:
    world = world_with(parallelism=2, most=2)
    world.step()
    world.finish_prepare(3)
    world.step()
    waves = dict(world.waves)
    world.edit(document(execution={"parallelism": 3}))
    world.step()
    assert world.condition("Accepted") == "False/NotAllowed"
    assert world.waves == waves


def test_a_suspended_job_is_judged_when_it_is_to_go_on() -> None:
    world = world_with(parallelism=100, most=100)
    world.step()
    world.finish_prepare(3)
    world.step()
    limit(world, 1)
    world.edit(document(execution={"parallelism": 100}, suspend=True))
    world.step()
    assert world.condition("Accepted") == "True/Valid"
    assert world.condition("Suspended") == "True/Suspended"
    world.edit(document(execution={"parallelism": 100}))
    world.step()
    assert world.condition("Accepted") == "False/NotAllowed"
    world.edit(document(execution={"parallelism": 1}))
    world.step()
    assert world.condition("Accepted") == "True/Valid"
