"""What is special about nodes of an Auto Scaling group of AWS: who else changes it, and what a kill may leave."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from gridfold.api import labels
from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.reaper import reap
from tests.contract.aws_memory import MemoryAwsWorld
from tests.contract.aws_worlds import AwsWorld
from tests.contract.capacity_worlds import PROVIDER, MemoryWorld


@pytest.fixture(autouse=True)
def _no_call_leaves_this_process() -> Iterator[None]:
    with mock_aws():
        yield


def load(world: MemoryWorld, key: JobKey) -> ObservedJob:
    job = world.load(key)
    assert job is not None
    return job


async def observe(world: AwsWorld, key: JobKey) -> Held:
    held = await world.capacity.observe(load(world, key))
    assert held is not None
    return held


async def granted(world: AwsWorld, nodes: int, name: str = "job") -> JobKey:
    key = world.create(name)
    await world.capacity.ensure(load(world, key), nodes)
    return key


async def release(world: AwsWorld, key: JobKey) -> None:
    await world.capacity.release(load(world, key))
    world.take()
    await world.capacity.release(load(world, key))
    assert not (await observe(world, key)).anything


def put_pod(world: AwsWorld, name: str, instance: str, namespace: str = "other", **marks: str) -> None:
    metadata = {"name": name, "namespace": namespace, "labels": marks}
    pod = {"metadata": metadata, "spec": {"nodeName": f"{PROVIDER}-{instance}"}, "status": {"phase": "Running"}}
    world.api.put(f"{paths.CORE}/pods/{name}", pod)


def machines(world: AwsWorld) -> list[str]:
    return sorted(one["InstanceId"] for one in world.group()["Instances"])


async def test_a_jobs_share_stands_in_tags_of_the_group_and_is_taken_back_with_them() -> None:
    world = AwsWorld(desired=1)
    key = await granted(world, 3)
    assert world.desired() == 4
    digest = next(iter(world.api.of_kind("leases").values()))["metadata"]["labels"][labels.CAPACITY]
    assert world.tags() == {
        f"capacity.gridfold.dev/{digest}": "3",
        f"capacity.gridfold.dev/{digest}/owner": "gridfold-system uid-1 big team job",
        "capacity.gridfold.dev/base": f"1 {int(world.time.timestamp()) + 3600}",
    }
    await release(world, key)
    assert (world.desired(), world.tags()) == (1, {})


async def test_two_jobs_share_a_group_and_each_takes_back_its_own() -> None:
    world = AwsWorld(desired=1)
    one, two = await granted(world, 3, "one"), await granted(world, 2, "two")
    assert world.desired() == 6
    await release(world, one)
    assert (world.desired(), (await observe(world, two)).nodes) == (3, 2)
    await release(world, two)
    assert world.desired() == 1


@pytest.mark.parametrize(
    ("set_to", "left", "why"),
    [(9, 6, "somebody wants five more"), (4, 1, "nobody does anything"), (2, 0, "no fewer than none are there")],
)
async def test_what_somebody_else_changes_meanwhile_stays(set_to: int, left: int, why: str) -> None:
    world = AwsWorld(desired=1)
    key = await granted(world, 3)
    world.scale(set_to)
    await release(world, key)
    assert (world.desired(), world.tags()) == (left, {}), why


async def test_no_more_is_taken_back_than_the_groups_minimum_allows() -> None:
    world = AwsWorld(desired=2, least=2)
    key = await granted(world, 3)
    world.scale(3)
    await release(world, key)
    assert (world.desired(), world.tags()) == (2, {})


async def test_a_group_at_its_maximum_gives_what_it_has_and_says_so() -> None:
    world = AwsWorld(desired=2, most=4)
    key = await granted(world, 3)
    held = await observe(world, key)
    assert (held.nodes, world.desired()) == (2, 4)
    assert held.trouble is not None
    assert "may have 4 machines (its maximum size) and its desired capacity is 4, 0 of them for other jobs" in (
        held.trouble.message
    )
    await release(world, key)
    assert world.desired() == 2


async def test_somebody_who_has_lowered_the_maximum_below_the_desired_capacity_loses_nothing_by_us() -> None:
    world = AwsWorld(desired=5)
    world.boto.update_auto_scaling_group(AutoScalingGroupName=PROVIDER, MaxSize=3)
    world.boto.set_desired_capacity(AutoScalingGroupName=PROVIDER, DesiredCapacity=5)
    key = await granted(world, 3)
    assert (world.desired(), (await observe(world, key)).nodes) == (5, 0)


async def test_the_machines_that_go_are_named_and_carry_no_pod_of_anybody_else() -> None:
    world = AwsWorld(desired=2)
    key = await granted(world, 2)
    world.bring(4)
    busy, ours, ended, daemon = machines(world)
    put_pod(world, "theirs", busy)
    put_pod(world, "cell", ours, "team", **{labels.JOB: "job"})
    put_pod(world, "ended", ended)
    put_pod(world, "daemon", daemon)
    for name, change in (("ended", {"status": {"phase": "Succeeded"}}), ("daemon", {})):
        pod: dict[str, Any] = {**world.api.objects[f"{paths.CORE}/pods/{name}"], **change}
        owners = [{"kind": "DaemonSet"}] if name == "daemon" else []
        world.api.put(f"{paths.CORE}/pods/{name}", {**pod, "metadata": {**pod["metadata"], "ownerReferences": owners}})
    await release(world, key)
    assert machines(world) == sorted([busy, ours])


async def test_where_every_machine_carries_somebodys_pods_aws_chooses_which_go() -> None:
    world = AwsWorld(desired=1)
    key = await granted(world, 2)
    world.bring(3)
    for number, instance in enumerate(machines(world)):
        put_pod(world, f"theirs-{number}", instance)
    await release(world, key)
    assert (world.desired(), len(machines(world))) == (1, 1)


async def test_a_group_that_is_deleted_meanwhile_has_nothing_to_hand_back() -> None:
    world = AwsWorld()
    key = await granted(world, 3)
    world.boto.delete_auto_scaling_group(AutoScalingGroupName=PROVIDER, ForceDelete=True)
    assert (await observe(world, key)).nodes == 0
    await world.capacity.release(load(world, key))
    assert not (await observe(world, key)).anything
    await world.capacity.ensure(load(world, key), 1)
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.reason == "ProviderMissing"
    assert "there is no Auto Scaling group big in eu-central-1" in trouble.message


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after it"])
async def test_whoever_is_killed_at_any_call_leaves_nothing_that_is_not_handed_back(after: bool) -> None:
    for at in range(1, 29):
        world, calls = MemoryAwsWorld(desired=1), 0

        def kill(*_: str, at: int = at) -> None:
            nonlocal calls
            calls += 1
            if calls == at:
                raise KilledError

        setattr(world.cloud, "after" if after else "before", kill)
        key = world.create("job")
        try:
            await world.capacity.ensure(load(world, key), 3)
            world.bring(3)
            await world.capacity.release(load(world, key))
        except KilledError:
            world.start()
        world.wait(700)
        for _ in range(4):
            world.take()
            await reap(world.leases, world.drivers)
        group = world.cloud.groups[PROVIDER]
        assert (group.desired, group.tags, world.api.of_kind("leases")) == (1, {}, {}), at


async def test_while_somebody_may_be_in_the_middle_of_a_change_nobody_makes_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = AwsWorld(desired=1)
    one, two = world.create("one"), world.create("two")
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr("gridfold_operator.adapters.kubernetes.capacity.aws.service.GroupService.set_desired", _killed)
        await world.capacity.ensure(load(world, one), 3)
    with pytest.raises(ConflictError, match="Auto Scaling group big is being changed by somebody else"):
        await world.capacity.ensure(load(world, two), 2)
    world.wait(61)
    await world.capacity.ensure(load(world, two), 2)
    await world.capacity.ensure(load(world, one), 3)
    assert world.desired() == 6


async def _killed(*_: Any) -> None:
    raise KilledError


async def test_what_has_no_record_is_handed_back_by_the_reaper() -> None:
    world = AwsWorld(desired=1)
    key = await granted(world, 3)
    world.api.objects = {path: one for path, one in world.api.objects.items() if "/leases/" not in path}
    assert await reap(world.leases, world.drivers) == []
    assert (world.desired(), world.tags()) == (1, {})
    assert not (await observe(world, key)).anything


async def test_where_nobody_is_left_aws_takes_back_by_itself_and_whoever_comes_later_takes_nothing_more() -> None:
    world = MemoryAwsWorld(desired=2)
    key, group = world.create("job"), world.cloud.groups[PROVIDER]
    await world.capacity.ensure(load(world, key), 3)
    world.bring(5)
    for _ in range(5):
        world.wait(1000)
        await observe(world, key)
    assert (group.desired, len(group.actions)) == (5, 1), "it is put off as long as somebody looks"
    world.wait(3600)
    world.take()
    assert (group.desired, len(group.alive)) == (2, 2)
    assert (await observe(world, key)).nodes == 0
    await world.capacity.release(load(world, key))
    await world.capacity.release(load(world, key))
    assert (group.desired, group.tags, group.actions) == (2, {}, {})


async def test_what_others_have_changed_since_is_what_aws_goes_back_to() -> None:
    world = MemoryAwsWorld(desired=2)
    key, group = world.create("job"), world.cloud.groups[PROVIDER]
    await world.capacity.ensure(load(world, key), 3)
    group.set_desired(9)
    await observe(world, key)
    world.wait(3600)
    assert group.desired == 6


async def test_moto_keeps_one_action_for_the_group_and_none_when_all_is_handed_back() -> None:
    world = AwsWorld(desired=1)
    key = await granted(world, 3)
    (action,) = world.boto.describe_scheduled_actions(AutoScalingGroupName=PROVIDER)["ScheduledUpdateGroupActions"]
    assert (action["ScheduledActionName"], action["DesiredCapacity"]) == ("gridfold-hand-back", 1)
    await release(world, key)
    assert world.boto.describe_scheduled_actions(AutoScalingGroupName=PROVIDER)["ScheduledUpdateGroupActions"] == []
