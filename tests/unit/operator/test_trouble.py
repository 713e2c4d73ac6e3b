"""Causes that stand in Events only."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from gridfold.api.handoff import Stage
from gridfold.domain.observed import Waiting
from gridfold_operator.adapters.kubernetes.children import Child, project_job
from gridfold_operator.adapters.kubernetes.pods import Pod, project_pod
from gridfold_operator.adapters.kubernetes.trouble import Trouble, find_trouble
from gridfold_operator.adapters.kubernetes.warnings import Warnings
from gridfold_operator.errors import ApiRefusedError
from tests.unit.operator import jobs
from tests.unit.operator.api_server import ApiServer, refuse, say, serving
from tests.unit.operator.jobs import UID, job_document, pod_document
from tests.unit.operator.virtual_time import run_virtually

MADE = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
ABOUT_THE_JOB = {"involvedObject": {"kind": "Job", "uid": "job-1"}}
ABOUT_A_POD = {"involvedObject": {"kind": "Pod", "uid": "uid-of-a"}}
STARTING = jobs.container_waiting("ContainerCreating")


def at(seconds: float) -> str:
    return (MADE + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(reason: str, note: str, seconds: float, **times: Any) -> dict[str, Any]:
    return {"reason": reason, "message": note, "lastTimestamp": at(seconds), **ABOUT_THE_JOB, **times}


def pod(name: str, **status: Any) -> Pod:
    projected = project_pod(pod_document(name, "job-1", index=0, **status))
    assert projected is not None
    return projected


async def find(events: list[Any], *pods: Pod, seconds: float = 60.0, **status: Any) -> tuple[Trouble, ApiServer]:
    job = project_job(job_document(Stage.CELL, "w", cells="0-3", **status), UID)
    assert job is not None
    server = ApiServer().then(say({"metadata": {}, "items": events}))
    async with serving(server) as client:
        latest_warning = partial(Warnings().latest, client, "team-a")
        return await find_trouble(latest_warning, Child(job, pods), MADE + timedelta(seconds=seconds)), server


async def test_a_job_with_all_its_pods_running_is_not_asked_about() -> None:
    pods = [pod(name, **jobs.running()) for name in "abc"]
    trouble, server = await find([], *pods, active=3)
    assert trouble == Trouble()
    assert server.requests == []


async def test_pods_that_a_quota_refuses_are_told_in_the_job_controllers_words() -> None:
    refused = event("FailedCreate", "exceeded quota: small", 5)
    trouble, server = await find([event("Other", "older", 1), refused])
    assert trouble == Trouble((Waiting("FailedCreate", "exceeded quota: small", 3, 60.0),), suspected=True)
    assert server.requests[0][2]["fieldSelector"] == (
        "type=Warning,reason!=FailedScheduling,reason!=DNSConfigForming,reason!=MissingClusterDNS,"
        "reason!=HostIPsIPFamilyMismatch,reason!=FailedToRetrieveImagePullSecret"
    )


async def test_a_job_that_was_just_made_is_given_time_but_looked_at_again() -> None:
    trouble, server = await find([event("FailedCreate", "quota", 1)], seconds=1)
    assert trouble == Trouble((), suspected=True)
    assert server.requests == []


async def test_a_refusal_that_is_older_than_the_newest_pod_has_healed() -> None:
    document = pod_document("a", "job-1", index=0, **jobs.running())
    document["metadata"]["creationTimestamp"] = at(30)
    newer = project_pod(document)
    assert newer is not None
    trouble, _ = await find([event("FailedCreate", "quota", 10)], newer, active=1)
    assert trouble.found == ()
    assert trouble.suspected


async def test_pods_that_have_a_node_and_do_not_start_are_told_in_the_kubelets_words() -> None:
    words = 'MountVolume.SetUp failed for volume "input": secret "s3" not found'
    pods = [pod("a", **STARTING), pod("b", **STARTING), pod("c", **jobs.running())]
    others = [event("FailedMount", "of another pod", 30, involvedObject={"kind": "Pod", "uid": "x"})]
    trouble, _ = await find([event("FailedMount", words, 20, **ABOUT_A_POD), *others], *pods, active=3)
    assert trouble == Trouble((Waiting("FailedMount", words, 2, 55.0),), suspected=True)


async def test_what_was_said_before_a_pod_had_a_node_is_over() -> None:
    before = event("FailedAttachVolume", "of the node before", 2, **ABOUT_A_POD)
    trouble, _ = await find([before], *(pod(name, **STARTING) for name in "abc"), active=3)
    assert trouble == Trouble((), suspected=True)


async def test_no_warning_is_no_trouble_yet() -> None:
    trouble, _ = await find([], *(pod(name, **STARTING) for name in "abc"), active=3)
    assert trouble == Trouble((), suspected=True)


TIMES = [
    {"lastTimestamp": at(50)},
    {"lastTimestamp": None, "eventTime": "2026-01-01T10:00:50.123456Z"},
    {"lastTimestamp": None, "series": {"lastObservedTime": "2026-01-01T10:00:50.000000Z"}},
    {"lastTimestamp": None, "metadata": {"creationTimestamp": at(50)}},
]


@pytest.mark.parametrize("times", TIMES)
async def test_the_latest_warning_counts_in_whichever_way_it_tells_its_time(times: dict[str, Any]) -> None:
    latest = {**event("FailedCreate", "latest", 0), **times}
    trouble, _ = await find([event("FailedCreate", "older", 49), latest, event("FailedCreate", "oldest", 1)])
    assert [waiting.message for waiting in trouble.found] == ["latest"]


async def test_all_who_ask_at_once_share_one_list_of_a_namespace() -> None:
    server = ApiServer().then(say({"metadata": {}, "items": [event("FailedCreate", "quota", 5)]}))
    async with serving(server) as client:
        warnings = Warnings()
        asked = [("team-a", "job-1"), ("team-a", "job-2"), ("team-b", "job-1"), ("team-a", "job-1")]
        found = await asyncio.gather(*(warnings.latest(client, *one) for one in asked))
    assert [one and one.reason for one in found] == ["FailedCreate", None, "FailedCreate", "FailedCreate"]
    assert sorted(path for _, path, _ in server.requests) == [
        "/api/v1/namespaces/team-a/events",
        "/api/v1/namespaces/team-b/events",
    ]


async def test_a_list_that_fails_is_made_again_by_the_next_who_asks() -> None:
    server = ApiServer().then(refuse(403, "events is forbidden"), say({"metadata": {}, "items": []}))
    async with serving(server) as client:
        warnings = Warnings()
        with pytest.raises(ApiRefusedError, match="events is forbidden"):
            await warnings.latest(client, "team-a", "job-1")
        assert await warnings.latest(client, "team-a", "job-1") is None


class Slow:
    """Lists of Events that take so many seconds each."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.lists = seconds, 0

    async def pages(self, _path: str, **_query: str) -> AsyncIterator[dict[str, Any]]:
        self.lists += 1
        await asyncio.sleep(self.seconds)
        yield {"items": [event("FailedCreate", f"list {self.lists}", 5)]}


@pytest.mark.parametrize(("seconds", "lists"), [(0.0, 60), (2.0, 2)])
def test_a_list_is_good_for_a_second_or_longer_where_lists_take_long(seconds: float, lists: int) -> None:
    client: Any = Slow(seconds)

    async def ask() -> str:
        warnings = Warnings()
        end = asyncio.get_running_loop().time() + 59.9
        while asyncio.get_running_loop().time() < end:
            warned = await warnings.latest(client, "team-a", "job-1")
            await asyncio.sleep(0.25)
        return warned.message if warned else ""

    assert run_virtually(ask()) == f"list {lists}"
    assert client.lists == lists
