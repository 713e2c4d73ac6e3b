"""What is told of a suspended Job, by what Kueue says of it and by what the operator may read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.domain.observed import Waiting
from gridfold_operator.adapters.kubernetes.children import JobView, project_job
from gridfold_operator.adapters.kubernetes.kueue import Hold, find_hold
from tests.unit.operator.api_server import ApiServer, refuse, say, serving
from tests.unit.operator.jobs import UID, job_document

SINCE = datetime(2026, 1, 1, 10, 1, tzinfo=UTC)
SUSPENDED = {"type": "Suspended", "status": "True", "lastTransitionTime": "2026-01-01T10:01:00Z"}
TEAM = "in the queue team of Kueue"


def view(queue: str = "team", **spec: Any) -> JobView:
    document = job_document(Stage.CELL, "w", cells="0-3", conditions=[SUSPENDED])
    document["spec"] |= {"suspend": True, **spec}
    if queue:
        document["metadata"]["labels"][labels.QUEUE] = queue
    job = project_job(document, UID)
    assert job is not None
    return job


def says(kind: str, status: str, reason: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


async def find(job: JobView, *answers: Any, seconds: float = 10, may_read: bool = True) -> tuple[Hold, ApiServer]:
    server = ApiServer()
    for answer in answers:
        server.then(answer)
    async with serving(server) as client:
        return await find_hold(client, "team-a", job, SINCE + timedelta(seconds=seconds), may_read=may_read), server


def workload(*conditions: dict[str, str], **status: Any) -> Any:
    return say({"metadata": {}, "items": [{"status": {"conditions": list(conditions), **status}}]})


QUOTA = says("QuotaReserved", "False", "Pending", "insufficient unused quota for cpu in flavor default, 2 more needed")
NOWHERE = says("QuotaReserved", "False", "Inadmissible", "LocalQueue team doesn't exist")
TAKEN = says("Evicted", "True", "Preempted", "Preempted to accommodate a workload (UID: 1)")
STOPPED = says("Evicted", "True", "ClusterQueueStopped", "The ClusterQueue is stopped")
RESERVED = says("QuotaReserved", "True", "QuotaReserved", "Quota reserved in ClusterQueue team")
CHECKS = [{"name": "nodes", "state": "Pending", "message": "waiting for a node"}, {"name": "ok", "state": "Ready"}]


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (workload(QUOTA), "Queued", f"{TEAM}: {QUOTA['message']}"),
        (workload(NOWHERE), "Inadmissible", f"{TEAM}: {NOWHERE['message']}"),
        (workload(), "Queued", f"{TEAM}: others are before it"),
        (workload(TAKEN, QUOTA), "Preempted", f"taken its quota back: {TAKEN['message']}; {QUOTA['message']}"),
        (workload(STOPPED), "Evicted", f"taken its quota back: {STOPPED['message']}"),
        (workload(RESERVED, admissionChecks=CHECKS), "Queued", "the admission check nodes (waiting for a node) is not"),
        (workload(RESERVED), "Queued", "it is about to begin"),
        (say({"metadata": {}, "items": []}), "Queued", "Kueue has not seen it: is it installed"),
        (refuse(403), "Queued", "the operator may not read them: set kueue.enabled"),
    ],
)
async def test_a_suspended_job_is_told_by_what_kueue_says(answer: Any, reason: str, words: str) -> None:
    hold, server = await find(view(), answer)
    (waiting,) = hold.found
    assert (waiting.reason, waiting.pods, waiting.for_seconds) == (reason, 3, 10)
    assert words in waiting.message
    assert server.requests[0][1].endswith("/apis/kueue.x-k8s.io/v1beta2/namespaces/team-a/workloads")
    assert server.requests[0][2]["labelSelector"] == "kueue.x-k8s.io/job-uid=job-1"


async def test_an_older_kueue_is_read_too_and_a_cluster_without_one_is_told_as_such() -> None:
    missing = refuse(404, "the server could not find the requested resource")
    hold, _ = await find(view(), missing, workload(NOWHERE))
    assert hold.found[0].reason == "Inadmissible"
    hold, _ = await find(view(), missing, missing)
    assert "this cluster has no Kueue" in hold.found[0].message


async def test_what_may_not_be_read_is_not_asked_for_and_how_to_see_it_is_told() -> None:
    hold, server = await find(view(), may_read=False)
    assert server.requests == []
    assert "kubectl get workloads says why" in hold.found[0].message


@pytest.mark.parametrize("may_read", [True, False])
async def test_a_job_that_is_in_no_queue_was_suspended_by_somebody(may_read: bool) -> None:
    hold, _ = await find(view(queue=""), say({"metadata": {}, "items": []}), may_read=may_read)
    words = "its Job w has been suspended, not by Gridfold; the run goes on when that is taken back"
    assert hold.found == (Waiting("JobSuspended", words, 3, 10.0),)


@pytest.mark.parametrize(("seconds", "parallelism"), [(1.0, 3), (100.0, 0)])
async def test_a_job_that_is_just_queued_or_wants_no_pod_is_not_told(seconds: float, parallelism: int) -> None:
    hold, server = await find(view(parallelism=parallelism), seconds=seconds)
    assert (hold, server.requests) == (Hold(3.0), [])


@pytest.mark.parametrize(("seconds", "again"), [(10, 5), (100, 30)])
async def test_kueues_words_are_read_again_less_often_later(seconds: float, again: float) -> None:
    hold, _ = await find(view(), workload(QUOTA), seconds=seconds)
    assert hold.look_again_seconds == again
