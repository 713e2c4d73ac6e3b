"""The projection of pods, and the store."""

from typing import Any

import pytest

from gridfold.domain.observed import ProcessEnd
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.kubernetes.pods import Pod, PodStore, project_pod
from tests.unit.operator import jobs
from tests.unit.operator.jobs import pod_document


def project(**status: Any) -> Pod:
    pod = project_pod(pod_document("p", "job-1", index=3, **status))
    assert pod is not None
    return pod


def disrupted(status: dict[str, Any], reason: str = "PreemptionByScheduler") -> dict[str, Any]:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": reason}
    return {**status, "conditions": [*status.get("conditions", ()), condition]}


ENDS = [
    pytest.param(jobs.terminated(0, "Completed", "{}"), ProcessEnd(0, "Completed", "{}"), id="success"),
    pytest.param(jobs.terminated(12, "Error", "m"), ProcessEnd(12, "Error", "m"), id="fit failed"),
    pytest.param(jobs.terminated(137, "OOMKilled"), ProcessEnd(137, "OOMKilled", ""), id="out of memory"),
    pytest.param(
        disrupted(jobs.terminated(137, "OOMKilled")),
        ProcessEnd(137, "PreemptionByScheduler", ""),
        id="a preempted pod was not out of memory",
    ),
    pytest.param(
        disrupted(jobs.terminated(0, "OOMKilled", "{}")),
        ProcessEnd(0, "OOMKilled", "{}"),
        id="a success stays one, whatever its reason says",
    ),
    pytest.param(
        {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."},
        ProcessEnd(137, "Evicted", "The node was low on memory."),
        id="evicted before it had a container",
    ),
    pytest.param(
        {**jobs.terminated(137, "Error", "the last of its log"), "reason": "Evicted", "message": "Usage of EmptyDir …"},
        ProcessEnd(137, "Evicted", "Usage of EmptyDir …"),
        id="evicted for its temporary files",
    ),
    pytest.param({"phase": "Failed"}, ProcessEnd(137, "Unknown", ""), id="failed without a word"),
    pytest.param({"phase": "Succeeded"}, ProcessEnd(0, "Unknown", ""), id="succeeded without a word"),
]


@pytest.mark.parametrize(("status", "end"), ENDS)
def test_the_end_of_a_pod_is_its_containers_unless_the_pod_was_taken_away(
    status: dict[str, Any], end: ProcessEnd
) -> None:
    pod = project(**status)
    assert pod.end == end
    assert not pod.running
    assert pod.waiting is None


def test_the_end_of_a_pod_says_when_its_container_ran() -> None:
    pod = project_pod(pod_document("w-1", "job-1", **jobs.terminated(0, "Completed")))
    assert pod is not None
    assert pod.end is not None
    assert pod.end.ran is not None
    assert (pod.end.ran.end - pod.end.ran.start).total_seconds() == 54


def test_a_running_pod_runs_and_waits_for_nothing() -> None:
    pod = project(**jobs.running())
    assert (pod.running, pod.waiting, pod.starting, pod.end) == (True, None, False, None)


def test_a_pod_for_which_the_scheduler_makes_room_lacks_no_node() -> None:
    pod = project(**jobs.unschedulable("0/3 nodes are available."), nominatedNodeName="n-1")
    assert pod.waiting == ("Nominated", "the scheduler makes room on node n-1. 0/3 nodes are available.")


def test_a_pod_that_is_being_deleted_neither_runs_nor_waits() -> None:
    document = pod_document("p", "job-1", **jobs.running())
    document["metadata"]["deletionTimestamp"] = "2026-01-01T10:00:30Z"
    pod = project_pod(document)
    assert pod is not None
    assert (pod.running, pod.waiting, pod.starting) == (False, None, False)


def test_an_unschedulable_pod_waits_in_the_schedulers_words() -> None:
    pod = project(**jobs.unschedulable("0/1 nodes are available: 1 Insufficient cpu."))
    assert pod.waiting == ("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.")
    assert pod.since.isoformat() == "2026-01-01T10:00:01+00:00"
    assert not pod.starting


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "InvalidImageName"]
)
def test_a_container_that_cannot_be_made_waits_in_the_kubelets_words(reason: str) -> None:
    pod = project(**jobs.container_waiting(reason, "what the kubelet says"))
    assert pod.waiting == (reason, "what the kubelet says")
    assert not pod.running


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_container_that_is_being_made_is_starting_and_no_trouble(reason: str) -> None:
    pod = project(**jobs.container_waiting(reason))
    assert (pod.waiting, pod.starting) == (None, True)
    assert pod.since.isoformat() == "2026-01-01T10:00:05+00:00"


def test_a_pod_that_was_just_made_says_nothing_yet() -> None:
    pod = project(phase="Pending")
    assert (pod.waiting, pod.starting, pod.running, pod.end) == (None, False, False, None)


def test_a_pod_knows_its_job_and_index() -> None:
    pod = project(phase="Pending")
    assert (pod.key, pod.job_uid, pod.index) == (JobKey("team-a", "pima"), "job-1", 3)


@pytest.mark.parametrize("change", ["no owner", "other kind", "not its controller", "no annotation"])
def test_a_pod_that_only_looks_like_ours_is_none_of_ours(change: str) -> None:
    document = pod_document("p", "job-1", phase="Running")
    metadata = document["metadata"]
    match change:
        case "no owner":
            del metadata["ownerReferences"]
        case "other kind":
            metadata["ownerReferences"][0]["kind"] = "ReplicaSet"
        case "not its controller":
            metadata["ownerReferences"][0]["controller"] = False
        case "no annotation":
            del metadata["annotations"]
    assert project_pod(document) is None


def stored(name: str, job: str, namespace: str = "team-a", **status: Any) -> Pod:
    document = pod_document(name, job, **(status or {"phase": "Pending"}))
    document["metadata"]["namespace"] = namespace
    pod = project_pod(document)
    assert pod is not None
    return pod


def test_the_store_tells_news_from_repetition() -> None:
    store = PodStore()
    assert store.put(stored("p", "job-1"))
    assert not store.put(stored("p", "job-1"))
    assert store.put(stored("p", "job-1", **jobs.running()))
    assert [pod.running for pod in store.of_job("job-1")] == [True]


def test_the_store_keeps_the_pods_of_jobs_apart() -> None:
    store = PodStore()
    store.put(stored("a", "job-1"))
    store.put(stored("b", "job-2"))
    store.remove(stored("a", "job-1"))
    store.remove(stored("never-there", "job-3"))
    assert store.of_job("job-1") == ()
    assert [pod.name for pod in store.of_job("job-2")] == ["b"]


def test_a_list_replaces_what_a_watch_has_missed_and_tells_which_jobs_that_concerns() -> None:
    store = PodStore()
    for pod in (stored("same", "job-1"), stored("gone", "job-2", "team-b"), stored("other", "job-3", "team-c")):
        store.put(pod)
    changed = stored("new", "job-4", "team-b")
    assert store.replace("team-b", [changed]) == {JobKey("team-b", "pima")}
    assert store.of_job("job-2") == ()
    assert store.of_job("job-3"), "another namespace's pods are none of this list's business"
    assert store.replace("", [stored("same", "job-1"), changed]) == {JobKey("team-c", "pima")}
