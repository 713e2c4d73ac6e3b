"""Causes that stand in Events only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridfold.api.handoff import Stage
from gridfold.domain.observed import Waiting
from gridfold_operator.adapters.kubernetes.children import Child, project_job
from gridfold_operator.adapters.kubernetes.pods import Pod, project_pod
from gridfold_operator.adapters.kubernetes.trouble import Trouble, find_trouble
from tests.unit.operator import jobs
from tests.unit.operator.api_server import ApiServer, say, serving
from tests.unit.operator.jobs import UID, job_document, pod_document

MADE = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
STARTING = jobs.container_waiting("ContainerCreating")


def at(seconds: float) -> str:
    return (MADE + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(reason: str, note: str, seconds: float, **times: Any) -> dict[str, Any]:
    return {"reason": reason, "message": note, "lastTimestamp": at(seconds), **times}


def pod(name: str, **status: Any) -> Pod:
    projected = project_pod(pod_document(name, "job-1", index=0, **status))
    assert projected is not None
    return projected


async def find(events: list[Any], *pods: Pod, seconds: float = 60.0, **status: Any) -> tuple[Trouble, ApiServer]:
    job = project_job(job_document(Stage.CELL, "w", cells="0-3", **status), UID)
    assert job is not None
    server = ApiServer().then(say({"metadata": {}, "items": events}))
    async with serving(server) as client:
        return await find_trouble(client, "team-a", Child(job, pods), MADE + timedelta(seconds=seconds)), server


async def test_a_job_with_all_its_pods_running_is_not_asked_about() -> None:
    pods = [pod(name, **jobs.running()) for name in "abc"]
    trouble, server = await find([], *pods, active=3)
    assert trouble == Trouble()
    assert server.requests == []


async def test_pods_that_a_quota_refuses_are_told_in_the_job_controllers_words() -> None:
    refused = event("FailedCreate", "exceeded quota: small", 5)
    trouble, server = await find([event("Other", "older", 1), refused])
    assert trouble == Trouble((Waiting("FailedCreate", "exceeded quota: small", 3, 60.0),), suspected=True)
    assert server.requests[0][2]["fieldSelector"] == "involvedObject.uid=job-1,type=Warning"


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
    trouble, server = await find([event("FailedMount", words, 20)], *pods, active=3)
    assert trouble == Trouble((Waiting("FailedMount", words, 2, 55.0),), suspected=True)
    assert server.requests[0][2]["fieldSelector"] == "involvedObject.uid=uid-of-a,type=Warning"


async def test_what_the_scheduler_said_before_a_pod_had_a_node_is_over() -> None:
    before = event("FailedScheduling", "0/1 nodes are available", 2)
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
