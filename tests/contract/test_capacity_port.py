"""One suite over every Capacity: the fake, and Leases with each kind of provider; also on a real API server."""

from collections.abc import AsyncIterator

import pytest
from moto import mock_aws

from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import ConflictError, JobKey
from tests.cluster.kind import ensure_kind
from tests.contract.aws_memory import MemoryAwsWorld
from tests.contract.aws_worlds import AwsWorld
from tests.contract.capacity_worlds import OTHER, PROVIDER, CapacityWorld, FakeCapacityWorld, MemoryWorld
from tests.contract.scale_worlds import ScaleWorld, real_scale_world

WORLDS = {"fake": FakeCapacityWorld, "karpenter": MemoryWorld, "scale": ScaleWorld, "aws": MemoryAwsWorld}


@pytest.fixture(params=[*WORLDS, "aws by moto", pytest.param("scale on kubernetes", marks=pytest.mark.cluster)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[CapacityWorld]:
    if request.param in WORLDS:
        yield WORLDS[request.param]()
        return
    if request.param == "aws by moto":
        with mock_aws():
            yield AwsWorld()
        return
    kubectl, namespace = request.getfixturevalue("kubectl"), request.getfixturevalue("namespace")
    ensure_kind(kubectl)
    async with real_scale_world(kubectl, namespace) as real:
        yield real


def load(world: CapacityWorld, key: JobKey) -> ObservedJob:
    job = world.load(key)
    assert job is not None
    return job


async def observe(world: CapacityWorld, key: JobKey) -> Held:
    held = await world.capacity.observe(load(world, key))
    assert held is not None
    return held


async def granted(world: CapacityWorld, nodes: int = 3) -> JobKey:
    """Return a job that holds so many nodes, all of which are there."""
    key = world.create("job")
    await world.capacity.ensure(load(world, key), nodes)
    world.bring(nodes)
    return key


async def test_a_job_that_names_no_provider_has_nothing_to_do_with_nodes(world: CapacityWorld) -> None:
    key = world.create("job", "none")
    assert await world.capacity.observe(load(world, key)) is None
    world.delete(key)
    assert await world.capacity.let_go(key) is None


async def test_nothing_is_held_before_it_is_asked_for(world: CapacityWorld) -> None:
    held = await observe(world, world.create("job"))
    assert (held.provider, held.nodes, held.launched, held.ready) == (PROVIDER, 0, 0, frozenset())
    assert held.shape is not None
    assert (held.most_nodes, held.trouble, held.anything) == (50, None, False)


async def test_a_provider_that_nobody_has_configured_is_trouble_that_names_those_there_are(
    world: CapacityWorld,
) -> None:
    held = await observe(world, world.create("job", "hetzner"))
    assert held.shape is None
    assert held.trouble is not None
    assert held.trouble.reason == "ProviderUnknown"
    assert PROVIDER in held.trouble.message
    assert OTHER in held.trouble.message


async def test_what_was_asked_for_is_granted_and_then_comes(world: CapacityWorld) -> None:
    key = world.create("job")
    await world.capacity.ensure(load(world, key), 3)
    held = await observe(world, key)
    assert (held.nodes, held.launched, held.anything) == (3, 0, True)
    world.bring(2)
    held = await observe(world, key)
    assert (held.nodes, held.launched, len(held.ready)) == (3, 2, 2)


async def test_asking_again_changes_nothing_and_asking_for_another_number_changes_it(world: CapacityWorld) -> None:
    key = await granted(world)
    before = await observe(world, key)
    world.wait(10)
    await world.capacity.ensure(load(world, key), 3)
    assert await observe(world, key) == before
    await world.capacity.ensure(load(world, key), 5)
    more = await observe(world, key)
    assert more.nodes == 5
    assert more.since != before.since
    await world.capacity.ensure(load(world, key), 2)
    assert (await observe(world, key)).nodes == 2


async def test_two_jobs_hold_each_its_own(world: CapacityWorld) -> None:
    one, two = world.create("one"), world.create("two")
    await world.capacity.ensure(load(world, one), 1)
    await world.capacity.ensure(load(world, two), 2)
    await world.capacity.release(load(world, one))
    assert ((await observe(world, one)).anything, (await observe(world, two)).nodes) == (False, 2)


async def test_what_is_handed_back_is_leaving_until_every_machine_is_gone(world: CapacityWorld) -> None:
    key = await granted(world)
    await world.capacity.release(load(world, key))
    held = await observe(world, key)
    assert (held.leaving, held.nodes, held.launched) == (True, 0, 3)
    with pytest.raises(ConflictError, match="handed back first"):
        await world.capacity.ensure(load(world, key), 1)
    world.take()
    await world.capacity.release(load(world, key))
    assert not (await observe(world, key)).anything
    await world.capacity.release(load(world, key))
    await world.capacity.ensure(load(world, key), 1)
    assert (await observe(world, key)).nodes == 1


async def test_a_job_that_was_edited_since_it_was_looked_at_gets_nothing(world: CapacityWorld) -> None:
    key = world.create("job")
    seen = load(world, key)
    world.edit(key, OTHER)
    with pytest.raises(ConflictError, match="has changed since"):
        await world.capacity.ensure(seen, 1)
    assert not (await observe(world, key)).anything


async def test_nodes_of_one_provider_are_handed_back_before_another_gives_any(world: CapacityWorld) -> None:
    key = await granted(world)
    world.edit(key, OTHER)
    held = await observe(world, key)
    assert (held.provider, held.nodes) == (PROVIDER, 3)
    with pytest.raises(ConflictError, match="handed back first"):
        await world.capacity.ensure(load(world, key), 1)
    await world.capacity.release(load(world, key))
    world.take()
    await world.capacity.release(load(world, key))
    assert (await observe(world, key)).provider == OTHER
    await world.capacity.ensure(load(world, key), 1)
    assert (await observe(world, key)).nodes == 1


async def test_nodes_of_a_job_that_names_no_provider_any_more_are_still_seen(world: CapacityWorld) -> None:
    key = await granted(world)
    world.edit(key, "none")
    held = await observe(world, key)
    assert (held.provider, held.nodes) == (PROVIDER, 3)
    await world.capacity.release(load(world, key))
    world.take()
    await world.capacity.release(load(world, key))
    assert await world.capacity.observe(load(world, key)) is None


async def test_a_job_that_is_deleted_stays_until_all_is_handed_back(world: CapacityWorld) -> None:
    key = await granted(world)
    seen = load(world, key)
    world.delete(key)
    assert world.load(key) is None
    with pytest.raises(ConflictError):
        await world.capacity.ensure(seen, 9)
    assert await world.capacity.let_go(key) == 2.0
    world.take()
    assert await world.capacity.let_go(key) is None
    reborn = world.create("job")
    assert not (await observe(world, reborn)).anything


async def test_a_namesake_made_later_holds_nothing_of_the_one_before(world: CapacityWorld) -> None:
    key = await granted(world)
    world.delete(key)
    await world.capacity.let_go(key)
    world.take()
    await world.capacity.let_go(key)
    reborn = world.create("job")
    await world.capacity.ensure(load(world, reborn), 1)
    assert await world.capacity.let_go(key) is None, "it is there, and nobody deletes it"
    assert (await observe(world, reborn)).nodes == 1
