"""What AWS refuses, each told with its reason and what to do: played by botocore's Stubber, as moto refuses nothing."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from gridfold.domain.capacity.held import Held
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import ATTEMPTS, BotoCloud
from gridfold_operator.adapters.kubernetes.capacity.aws.driver import AwsDriver
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import AwsError, AwsSilentError
from gridfold_operator.capacity_settings import AwsSettings
from tests.contract.aws_memory import MemoryAwsWorld, MemoryCloud
from tests.contract.aws_worlds import REGION
from tests.contract.capacity_worlds import PROVIDER

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ARN = "arn:aws:sts::111122223333:assumed-role/gridfold/1"


class StubbedCloud(BotoCloud):
    """boto3 whose answer to one operation is a stubbed one; all others are those of the groups in memory."""

    def __init__(self, world: MemoryAwsWorld, operation: str) -> None:
        client = boto3.client("autoscaling", REGION, aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key=SECRET)
        super().__init__(REGION, {"autoscaling": client})
        self.world, self.operation, self.stubber = world, operation, Stubber(client)

    async def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation != self.operation:
            return await self.world.cloud.call(service, operation, **arguments)
        with self.stubber:
            return await super().call(service, operation, **arguments)


def stub(world: MemoryAwsWorld, operation: str) -> Stubber:
    """Have a world's calls of one operation answered by a Stubber."""
    cloud = StubbedCloud(world, operation)
    providers = tuple(one for one in world.settings.providers if isinstance(one, AwsSettings))
    driver = AwsDriver(world.api, providers, world, 3600, clouds=lambda _: cloud)  # type: ignore[arg-type]
    world.drivers = {**world.drivers, "AWS": driver}
    super(MemoryAwsWorld, world).start()
    return cloud.stubber


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


ABOVE = "New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup."
DENIED = f"User: {ARN} is not authorized to perform this action because no identity-based policy allows it"
SIGNED = f"The request signature does not match. The canonical string should have been 'POST / {SECRET}'"

#: Operation, AWS' code, HTTP status, AWS' words, reason, our words.
REFUSED = [
    ("set_desired_capacity", "ValidationError", 400, ABOVE, "ProviderFailed", "have that raised for more"),
    (
        "set_desired_capacity", "ValidationError", 400, "AutoScalingGroup name not found - null",
        "ProviderMissing", "The group has been deleted: create it again",
    ),
    ("set_desired_capacity", "Throttling", 400, "Rate exceeded", "ProviderFailed", "takes no more calls"),
    (
        "set_desired_capacity", "ScalingActivityInProgress", 400, "Scaling activity 1 is in progress",
        "ProviderFailed", "AWS is changing the group already (ScalingActivityInProgress: Scaling activity 1",
    ),
    ("set_desired_capacity", "AccessDenied", 403, DENIED, "ProviderForbidden", "autoscaling:SetDesiredCapacity"),
    ("create_or_update_tags", "AccessDenied", 403, DENIED, "ProviderForbidden", "autoscaling:CreateOrUpdateTags"),
    (
        "describe_auto_scaling_groups", "AccessDenied", 403, DENIED,
        "ProviderForbidden", "autoscaling:DescribeAutoScalingGroups (AccessDenied): add the action to the IAM policy",
    ),
    ("describe_auto_scaling_groups", "ExpiredToken", 403, "expired", "ProviderForbidden", "no valid credentials"),
    ("describe_auto_scaling_groups", "InvalidClientTokenId", 403, "x", "ProviderForbidden", "serviceAccount.ann"),
    ("describe_auto_scaling_groups", "SignatureDoesNotMatch", 403, SIGNED, "ProviderForbidden", "no valid credentials"),
    ("create_or_update_tags", "LimitExceeded", 400, "50 tags", "ProviderFailed", "drop tags that nobody needs"),
    ("create_or_update_tags", "ServiceUnavailable", 503, "", "ProviderFailed", "gave no answer"),
    ("set_desired_capacity", "SomethingNew", 400, "x" * 999, "ProviderFailed", "SomethingNew: xxx"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "code", "status", "said", "reason", "words"),
    REFUSED,
    ids=[f"{case[0]}-{case[1]}" for case in REFUSED],
)
async def test_what_aws_refuses_is_told_with_what_to_do_and_leaves_nothing(
    operation: str, code: str, status: int, said: str, reason: str, words: str
) -> None:
    world = MemoryAwsWorld(desired=1)
    stubber = stub(world, operation)
    key = world.create("job")
    stubber.add_client_error(operation, code, said, http_status_code=status)
    await ensure(world, key, 3)
    trouble = world.capacity.troubles.of("uid-1")
    assert trouble is not None
    assert trouble.reason == reason
    assert words in trouble.message
    assert len(trouble.message) < 600
    assert not any(secret in trouble.message for secret in (SECRET, ARN))
    group = world.cloud.groups[PROVIDER]
    assert (group.desired, [name for name in group.tags if "step" in name]) == (1, [])
    stubber.assert_no_pending_responses()


def test_the_documented_policy_allows_what_is_called_and_nothing_else() -> None:
    page = Path("docs/nodes/aws.md").read_text(encoding="utf-8")
    (policy,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    called = {
        name.removeprefix("_") for name in vars(MemoryCloud) if name.startswith(("_describe", "_set", "_term", "_put"))
    }
    called |= {"create_or_update_tags", "delete_tags", "delete_scheduled_action"}
    actions = {"".join(part.capitalize() for part in name.split("_")) for name in called}
    allowed = {action for one in json.loads(policy)["Statement"] for action in one["Action"]}
    assert {action.partition(":")[2] for action in allowed} == actions
    assert {action.partition(":")[0] for action in allowed} == {"autoscaling", "eks"}


async def test_where_no_answer_came_a_minute_passes_before_it_is_seen_what_has_become_of_it() -> None:
    world = MemoryAwsWorld(desired=1)
    stubber = stub(world, "set_desired_capacity")
    key = world.create("job")
    stubber.add_client_error("set_desired_capacity", "InternalFailure", http_status_code=500)
    await ensure(world, key, 3)
    world.cloud.groups[PROVIDER].desired = 4  # it was done all the same
    world.wait(61)
    await ensure(world, key, 3)
    assert world.cloud.groups[PROVIDER].desired == 4
    assert (await observe(world, key)).nodes == 3


async def test_without_the_right_to_schedule_nodes_come_and_go_all_the_same_and_the_right_is_named() -> None:
    world = MemoryAwsWorld(desired=1)
    world.cloud.denied |= {"put_scheduled_update_group_action", "delete_scheduled_action"}
    key = world.create("job")
    await ensure(world, key, 3)
    held = await observe(world, key)
    assert held.trouble is not None
    assert "autoscaling:put_scheduled_update_group_action" in held.trouble.message
    assert held.nodes == 3
    job = world.load(key)
    assert job is not None
    await world.capacity.release(job)
    await world.capacity.release(job)
    assert not (await observe(world, key)).anything
    assert (world.cloud.groups[PROVIDER].desired, world.cloud.groups[PROVIDER].tags) == (1, {})


NO_MACHINES = (
    "We currently do not have sufficient m5.xlarge capacity in the Availability Zone you requested. Launching EC2 "
    "instance failed. InsufficientInstanceCapacity"
)
ACTIVITIES = [
    ([("Failed", NO_MACHINES)], "InsufficientInstanceCapacity (AWS has no such machines left there for now"),
    ([("Failed", "VcpuLimitExceeded: 32")], "have the account's quota of EC2 raised"),
    ([("Failed", "The image id does not exist: InvalidAMIID.NotFound")], "correct the image in the group's launch"),
    ([("InProgress", ""), ("Failed", "Something new")], "Something new (see the group's activity history"),
    ([("Successful", ""), ("Failed", "VcpuLimitExceeded: 32")], ""),
    ([], ""),
]


@pytest.mark.parametrize(("said", "words"), ACTIVITIES)
async def test_machines_that_do_not_come_are_explained_by_what_aws_tells_of_them(
    said: list[tuple[str, str]], words: str
) -> None:
    world = MemoryAwsWorld()
    stubber = stub(world, "describe_scaling_activities")
    key = world.create("job")
    await ensure(world, key, 3)
    many = [
        {"ActivityId": "1", "AutoScalingGroupName": PROVIDER, "Cause": "more", "StartTime": world.time,
         "StatusCode": code, **({"StatusMessage": message} if message else {})}
        for code, message in said
    ]  # fmt: skip
    asked = {"AutoScalingGroupName": PROVIDER, "MaxRecords": ANY}
    stubber.add_response("describe_scaling_activities", {"Activities": many}, asked)
    held = await observe(world, key)
    assert (held.nodes, held.launched) == (3, 0)
    assert words in held.trouble.message if held.trouble else not words
    world.bring(3)
    assert (await observe(world, key)).trouble is None


async def test_what_may_not_be_read_of_machines_that_do_not_come_is_told_in_place_of_it() -> None:
    world = MemoryAwsWorld()
    key = world.create("job")
    await ensure(world, key, 3)
    world.cloud.denied.add("describe_scaling_activities")
    held = await observe(world, key)
    assert held.trouble is not None
    assert (held.trouble.reason, held.launched) == ("ProviderForbidden", 0)


async def test_without_credentials_nothing_is_sent_and_it_is_told_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    cloud = BotoCloud(REGION)
    with pytest.raises(AwsError, match=r"no valid credentials for autoscaling:DescribeAutoScalingGroups .*EKS Pod"):
        await cloud.call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=["a"])
    config = cloud.clients["autoscaling"].meta.config
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", ATTEMPTS)


async def test_a_server_that_is_not_there_gave_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridfold_operator.adapters.kubernetes.capacity.aws.cloud.ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with pytest.raises(AwsSilentError, match=r"gave no answer to autoscaling:DescribeAutoScalingGroups \(Endpoint"):
        await BotoCloud(REGION).call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=["a"])


async def test_an_image_without_boto3_is_told_with_how_to_build_one_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(AwsError, match=r"has no boto3, .*make images AWS=1") as told:
        await BotoCloud(REGION).call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=["a"])
    assert told.value.reason == "ProviderMissing"
