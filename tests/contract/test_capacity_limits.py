"""What the platform lets jobs have together: of one provider, in one namespace and in all."""

from typing import Any

import pytest

from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.capacity_settings import CapacitySettings
from tests.contract.capacity_worlds import PROVIDER, SYSTEM, MemoryWorld, karpenter


def world_of(**limits: Any) -> MemoryWorld:
    providers = [karpenter(PROVIDER, **limits)]
    return MemoryWorld(settings=CapacitySettings.model_validate({"namespace": SYSTEM, "providers": providers}))


async def ask(world: MemoryWorld, key: JobKey, nodes: int) -> None:
    job = world.load(key)
    assert job is not None
    await world.capacity.ensure(job, nodes)


async def most(world: MemoryWorld, key: JobKey) -> int | None:
    job = world.load(key)
    assert job is not None
    held = await world.capacity.observe(job)
    assert held is not None
    return held.most_nodes


def granted(world: MemoryWorld) -> list[int]:
    return sorted(int(pool["spec"]["limits"]["nodes"]) for pool in world.api.of_kind("nodepools").values())


@pytest.mark.parametrize("limit", ["maxNodes", "maxNodesPerNamespace"])
async def test_what_one_job_has_is_not_left_for_another_until_all_of_it_is_gone(limit: str) -> None:
    world = world_of(**{limit: 5})
    one, two = world.create("one"), world.create("two")
    assert await most(world, one) == 5
    await ask(world, one, 3)
    world.bring(3)
    assert (await most(world, one), await most(world, two)) == (5, 2)
    job = world.load(one)
    assert job is not None
    await world.capacity.release(job)
    assert await most(world, two) == 2, "its machines are still there"
    world.take()
    await world.capacity.release(job)
    assert await most(world, two) == 5


async def test_the_least_of_all_limits_holds() -> None:
    world = world_of(maxNodes=9, maxNodesPerNamespace=7, maxNodesPerJob=4)
    one, two = world.create("one"), world.create("two")
    assert await most(world, one) == 4
    await ask(world, one, 4)
    assert await most(world, two) == 3


async def test_two_jobs_that_ask_at_the_same_time_do_not_get_more_than_there_is() -> None:
    world = world_of(maxNodes=5)
    one, two = world.create("one"), world.create("two")
    assert (await most(world, one), await most(world, two)) == (5, 5)
    await ask(world, one, 5)
    world.wait(1)
    with pytest.raises(ConflictError, match="another job was given the last nodes of big"):
        await ask(world, two, 5)
    assert granted(world) == [5]
    assert len(world.api.of_kind("leases")) == 1
    await ask(world, one, 3)
    world.wait(1)
    await ask(world, two, 5)
    assert granted(world) == [2, 3], "what is left of the last nodes"
