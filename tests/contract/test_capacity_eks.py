"""Nodes of a managed node group of EKS: by the Auto Scaling group behind it, and what EKS says of it."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from gridfold.domain.capacity.held import Held, Trouble
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import BotoCloud
from gridfold_operator.adapters.kubernetes.capacity.aws.service import GroupService
from gridfold_operator.capacity_settings import AwsTarget, CapacitySettings
from tests.contract.aws_memory import MemoryAwsWorld
from tests.contract.aws_worlds import POOL, REGION, aws
from tests.contract.capacity_worlds import PROVIDER, SYSTEM

TARGET = {
    "region": REGION,
    "eksNodeGroup": {"cluster": "production", "name": "workers"},
    "nodeLabels": {POOL: PROVIDER},
}


def node_group(**changes: Any) -> dict[str, Any]:
    return {"status": "ACTIVE", "resources": {"autoScalingGroups": [{"name": PROVIDER}]}, **changes}


@pytest.fixture
def world() -> MemoryAwsWorld:
    world = MemoryAwsWorld(desired=1)
    providers = [aws(PROVIDER, target=TARGET)]
    world.settings = CapacitySettings.model_validate({"namespace": SYSTEM, "providers": providers})
    world.start()
    world.cloud.node_groups["workers"] = node_group()
    return world


async def ensure(world: MemoryAwsWorld, key: JobKey, nodes: int) -> None:
    job = world.load(key)
    assert job is not None
    await world.capacity.ensure(job, nodes)


async def observe(world: MemoryAwsWorld, key: JobKey) -> Held:
    job = world.load(key)
    assert job is not None
    held = await world.capacity.observe(job)
    assert held is not None
    return held


async def test_the_group_behind_it_is_changed_and_changed_back(world: MemoryAwsWorld) -> None:
    key = world.create("job")
    await ensure(world, key, 3)
    world.bring(4)
    held = await observe(world, key)
    assert (held.nodes, held.ready_nodes, world.cloud.groups[PROVIDER].desired) == (3, 3, 4)
    job = world.load(key)
    assert job is not None
    await world.capacity.release(job)
    world.take()
    await world.capacity.release(job)
    assert (world.cloud.groups[PROVIDER].desired, (await observe(world, key)).anything) == (1, False)


ISSUE = {"code": "Ec2LaunchTemplateNotFound", "message": "We couldn't find the launch template"}


@pytest.mark.parametrize(
    ("group", "reason", "words"),
    [
        (None, "ProviderMissing", "there is no node group production/workers in eu-central-1"),
        (node_group(status="DELETING"), "ProviderMissing", "or it is being deleted"),
        (node_group(status="UPDATING"), "ProviderFailed", "is being updated by EKS"),
    ],
    ids=["gone", "going", "updated"],
)
async def test_a_node_group_that_cannot_be_scaled_now_is_trouble_in_words(
    world: MemoryAwsWorld, group: dict[str, Any] | None, reason: str, words: str
) -> None:
    world.cloud.node_groups = {"workers": group} if group else {}
    key = world.create("job")
    await ensure(world, key, 3)
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.reason == reason
    assert words in trouble.message
    assert world.cloud.groups[PROVIDER].desired == 1


async def test_what_eks_says_of_a_node_group_that_is_not_well_is_told_while_machines_do_not_come(
    world: MemoryAwsWorld,
) -> None:
    key = world.create("job")
    await ensure(world, key, 3)
    world.cloud.node_groups["workers"] = node_group(status="DEGRADED", health={"issues": [ISSUE]})
    trouble = (await observe(world, key)).trouble
    assert trouble == Trouble(
        "ProviderFailed",
        "node group production/workers is not well, EKS says: Ec2LaunchTemplateNotFound: We couldn't find the launch "
        "template (mend it there)",
    )


async def test_an_update_in_progress_does_not_keep_a_job_from_handing_back(world: MemoryAwsWorld) -> None:
    key = world.create("job")
    await ensure(world, key, 3)
    world.cloud.node_groups["workers"] = node_group(status="UPDATING")
    job = world.load(key)
    assert job is not None
    await world.capacity.release(job)
    assert world.cloud.groups[PROVIDER].desired == 1


async def test_the_name_of_the_group_is_read_as_eks_tells_it() -> None:
    with mock_aws():
        eks = boto3.client("eks", REGION)
        network = {"subnetIds": ["subnet-1"]}
        eks.create_cluster(name="production", roleArn="arn:aws:iam::123456789012:role/r", resourcesVpcConfig=network)
        role = "arn:aws:iam::123456789012:role/r"
        eks.create_nodegroup(clusterName="production", nodegroupName="workers", subnets=["subnet-1"], nodeRole=role)
        found = await GroupService.find(BotoCloud(REGION), AwsTarget.model_validate(TARGET))
    assert found.name.startswith("eks-")
    assert found.node_group is not None
    assert not found.node_group.is_busy


async def test_a_missing_right_names_the_action_of_eks() -> None:
    client = boto3.client("eks", REGION, aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret")
    with Stubber(client) as stubber:
        stubber.add_client_error("describe_nodegroup", "AccessDeniedException", "not authorized", 403)
        with pytest.raises(Exception, match="does not allow the operator eks:DescribeNodegroup"):
            await GroupService.find(BotoCloud(REGION, {"eks": client}), AwsTarget.model_validate(TARGET))
