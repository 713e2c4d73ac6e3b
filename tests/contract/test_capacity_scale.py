"""What is special about nodes by the replicas of a group, which other jobs and people share."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.reaper import reap
from tests.contract.capacity_worlds import OTHER, PROVIDER, SYSTEM
from tests.contract.scale_worlds import PLURAL, READY, ScaleWorld, node


def load(world: ScaleWorld, key: JobKey) -> ObservedJob:
    job = world.load(key)
    assert job is not None
    return job


async def observe(world: ScaleWorld, key: JobKey) -> Held:
    held = await world.capacity.observe(load(world, key))
    assert held is not None
    return held


async def granted(world: ScaleWorld, nodes: int, name: str = "job") -> JobKey:
    key = world.create(name)
    await world.capacity.ensure(load(world, key), nodes)
    return key


async def release(world: ScaleWorld, key: JobKey) -> None:
    await world.capacity.release(load(world, key))
    world.take()
    await world.capacity.release(load(world, key))
    assert not (await observe(world, key)).anything


async def test_number_and_share_change_in_one_write() -> None:
    world = ScaleWorld(replicas=1)
    key = await granted(world, 3)
    assert world.replicas() == 4
    assert [path for _, path in world.api.writes if PLURAL in path] == [world.path()]
    (share,) = world.api.objects[world.path()]["metadata"]["annotations"].values()
    assert json.loads(share) == {
        "nodes": 3, "provider": PROVIDER, "namespace": "team", "name": "job", "uid": "uid-1", "system": SYSTEM,
    }  # fmt: skip
    await release(world, key)
    assert world.replicas() == 1
    assert world.api.objects[world.path()]["metadata"]["annotations"] == {}


async def test_two_jobs_share_a_group_and_each_takes_back_its_own() -> None:
    world = ScaleWorld(replicas=1)
    one, two = await granted(world, 3, "one"), await granted(world, 2, "two")
    assert world.replicas() == 6
    await release(world, one)
    assert (world.replicas(), (await observe(world, two)).nodes) == (3, 2)
    await release(world, two)
    assert world.replicas() == 1


@pytest.mark.parametrize(
    ("set_to", "left", "why"),
    [(9, 6, "somebody wants five more"), (4, 1, "nobody does anything"), (2, 0, "no fewer than none are there")],
)
async def test_what_somebody_else_changes_meanwhile_stays(set_to: int, left: int, why: str) -> None:
    world = ScaleWorld(replicas=1)
    key = await granted(world, 3)
    world.scale(set_to)
    await release(world, key)
    assert world.replicas() == left, why


async def test_somebody_who_scales_between_our_look_and_our_write_is_not_overwritten() -> None:
    world = ScaleWorld()
    key = world.create("job")

    def meddle(verb: str, path: str) -> None:
        if verb == "patch" and path == world.path():
            world.api.before = lambda _verb, _path: None
            world.scale(7)

    world.api.before = meddle
    with pytest.raises(ConflictError, match="has changed since"):
        await world.capacity.ensure(load(world, key), 3)
    assert world.replicas() == 7
    await world.capacity.ensure(load(world, key), 3)
    assert world.replicas() == 10


async def test_a_group_at_its_maximum_gives_what_it_has_and_says_so() -> None:
    world = ScaleWorld(replicas=2, maxReplicas=4)
    key = await granted(world, 3)
    held = await observe(world, key)
    assert (held.nodes, world.replicas()) == (2, 4)
    assert held.trouble is not None
    assert "has 4 replicas, and may have 4 (maxReplicas), 0 of them for other jobs" in held.trouble.message
    other = await granted(world, 1, "other")
    assert ((await observe(world, other)).nodes, world.replicas()) == (0, 4)
    await release(world, key)
    await world.capacity.ensure(load(world, other), 1)
    found = await observe(world, other)
    assert (found.nodes, found.trouble) == (1, None)


async def test_somebody_who_scales_above_the_maximum_loses_nothing_by_us() -> None:
    world = ScaleWorld(replicas=9, maxReplicas=4)
    await granted(world, 3)
    assert world.replicas() == 9


@pytest.mark.parametrize(
    ("spoil", "reason", "words"),
    [
        (lambda w: w.api.remove(w.path()), "ProviderMissing", f"there is no {PLURAL} gridfold-system/big to be scaled"),
        (lambda w: w.api.kinds.remove(PLURAL), "ProviderMissing", "install it"),
        (
            lambda w: w.api.put(w.path(), {**w.api.objects[w.path()], "spec": {}}),
            "ProviderFailed",
            "set one, such as 0",
        ),
        (lambda w: w.api.forbidden.add(("patch", PLURAL)), "ProviderForbidden", "Allow it"),
    ],
    ids=["group gone", "kind gone", "no number", "forbidden"],
)
async def test_a_group_that_cannot_be_scaled_is_trouble_in_words(
    spoil: Callable[[ScaleWorld], Any], reason: str, words: str
) -> None:
    world = ScaleWorld()
    spoil(world)
    key = await granted(world, 3)
    held = await observe(world, key)
    assert held.trouble is not None
    assert (held.trouble.reason, held.nodes) == (reason, 0)
    assert words in held.trouble.message


async def test_a_group_that_is_deleted_meanwhile_has_nothing_to_hand_back() -> None:
    world = ScaleWorld()
    key = await granted(world, 3)
    world.api.remove(world.path())
    assert (await observe(world, key)).nodes == 0
    await world.capacity.release(load(world, key))
    assert not (await observe(world, key)).anything


async def test_nodes_of_others_are_not_taken_for_ones_that_have_come() -> None:
    world = ScaleWorld(replicas=2)
    world.bring(2)
    key = await granted(world, 3)
    held = await observe(world, key)
    assert (len(held.ready), held.ready_nodes, held.launched) == (2, 0, 0)
    world.bring(4)
    held = await observe(world, key)
    assert (len(held.ready), held.ready_nodes, held.launched) == (4, 2, 2)


async def test_a_node_that_is_not_ready_or_is_going_has_not_come() -> None:
    world = ScaleWorld()
    key = await granted(world, 3)
    world.bring(3)
    pool = f"gridfold-system-{PROVIDER}"
    unready = {**node("big-0", pool), "status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    cordoned = {**node("big-1", pool), "spec": {"unschedulable": True}, "status": READY}
    for document in (unready, cordoned):
        world.api.put(f"{paths.CORE}/nodes/{document['metadata']['name']}", document)
    held = await observe(world, key)
    assert (held.ready, held.launched) == ({"big-2"}, 3)


@pytest.mark.parametrize(("status", "there"), [({}, 1), ({"nodes": 0}, 0), ({"nodes": 3}, 3), ({"replicas": None}, 1)])
async def test_machines_that_have_not_come_are_not_counted_as_there(status: dict[str, Any], there: int) -> None:
    world = ScaleWorld()
    key = await granted(world, 3)
    world.bring(1)
    world.api.put(world.path(), {**world.api.objects[world.path()], "status": status})
    assert (await observe(world, key)).launched == there


async def test_what_the_group_says_of_nodes_that_do_not_come_is_told() -> None:
    world = ScaleWorld()
    key = await granted(world, 3)
    said = {"type": "Ready", "status": "False", "reason": "NoQuota", "message": "no more machines of this size"}
    world.api.put(world.path(), {**world.api.objects[world.path()], "status": {"replicas": 0, "conditions": [said]}})
    held = await observe(world, key)
    assert held.trouble is not None
    assert held.trouble.message == "MachineGroup big, Ready: NoQuota: no more machines of this size"
    world.bring(3)
    assert (await observe(world, key)).trouble is None


async def test_the_reaper_takes_shares_without_a_record_but_none_of_another_operator() -> None:
    world = ScaleWorld(replicas=1)
    await granted(world, 3)
    (lease,) = world.api.of_kind("leases")
    world.api.remove(lease)
    other = {labels.CAPACITY_SHARE + "0123": json.dumps({**SHARE, "system": "elsewhere"})}
    strange = {labels.CAPACITY_SHARE + "4567": "2"}
    group = world.api.objects[world.path()]
    marks = {**group["metadata"]["annotations"], **other, **strange}
    world.api.put(world.path(), {**group, "metadata": {**group["metadata"], "annotations": marks}})
    await reap(world.leases, world.drivers)
    assert world.replicas() == 1
    assert world.api.objects[world.path()]["metadata"]["annotations"] == {**other, **strange}
    assert world.replicas(OTHER) == 1


async def test_the_reaper_asks_nothing_of_kinds_of_which_no_provider_is() -> None:
    world = ScaleWorld()
    world.api.forbidden.add(("list", "nodepools"))
    assert await reap(world.leases, world.drivers) == []


SHARE = {"nodes": 2, "provider": PROVIDER, "namespace": "team", "name": "else", "uid": "u", "system": SYSTEM}
