"""Jobs that must not go on: their TrainingJob is gone or going, or their whole namespace is."""

from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.api_server import Answer, ApiServer, refuse, say, serving
from tests.unit.operator.jobs import job_document, owner_reference, start_prepare, training_job_document

KEY = JobKey("team-a", "pima")
OURS = job_document(Stage.CELL, "ours", cells="0-3", active=0)
FOREIGN = {"metadata": {"name": "foreign", "ownerReferences": [owner_reference("CronJob", "pima", "u")]}}
RICE = [owner_reference("TrainingJob", "rice", "u")]
OTHER = {"metadata": {"name": "other", "namespace": "team-a", "uid": "job-2", "ownerReferences": RICE}}
GOING = {"metadata": {**OURS["metadata"], "name": "going", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
JOBS = say({"metadata": {}, "items": [OURS, FOREIGN, OTHER, GOING]})
NO_EVENTS = say({"metadata": {}, "items": []})
LEAVING = say({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
TERMINATING = {"code": 403, "message": "m", "details": {"causes": [{"reason": "NamespaceTerminating"}]}}


def deleted(server: ApiServer) -> list[str]:
    return [path.rpartition("/")[2] for method, path, _ in server.requests if method == "DELETE"]


def cluster_of(client: Any) -> KubernetesCluster:
    return KubernetesCluster(client, PodStore(), SystemClock(), TrainerSettings(image="t:1"))


def held(*finalizers: str) -> Answer:
    document = training_job_document()
    document["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=list(finalizers))
    return say(document)


GONE: list[tuple[str, Answer, list[str]]] = [
    ("it is gone", refuse(404, 'trainingjobs.gridfold.dev "pima" not found'), ["ours"]),
    ("its kind is not served", refuse(404, "the server could not find the requested resource"), []),
    ("somebody's finalizer holds it", held("example.com/audit"), ["ours"]),
    ("its children are to stay", held("orphan"), []),
]


@pytest.mark.parametrize(("why", "answer", "ended"), GONE, ids=[case[0] for case in GONE])
async def test_of_a_job_that_is_gone_or_going_its_own_jobs_are_ended(
    why: str, answer: Answer, ended: list[str]
) -> None:
    server = ApiServer().then(answer, JOBS, say({}))
    async with serving(server) as client:
        assert await cluster_of(client).load_job(KEY) is None
    assert deleted(server) == ended, why


@pytest.mark.parametrize("finalizers", [("example.com/audit",), ("orphan",)])
async def test_of_a_job_that_is_going_those_that_are_drained_are_held_no_longer(finalizers: tuple[str, ...]) -> None:
    metadata = {**GOING["metadata"], "finalizers": ["example.com/other", labels.DRAINING], "resourceVersion": "7"}
    job = {**OURS, "metadata": metadata}
    jobs = say({"metadata": {}, "items": [job]})
    server = ApiServer().then(held(*finalizers), jobs, say({}), say(job), say({}))
    async with serving(server) as client:
        assert await cluster_of(client).load_job(KEY) is None
    verbs = [method for method, _, _ in server.requests]
    assert verbs[-3:] == ["DELETE", "GET", "PATCH"]
    assert server.bodies[-3]["preconditions"] == {"uid": "job-1"}
    assert server.bodies[-1] == {"metadata": {"finalizers": ["example.com/other"], "resourceVersion": "7"}}


async def observe(*answers: Answer) -> ApiServer:
    server = ApiServer().then(say(training_job_document()), *answers)
    async with serving(server, tries=1) as client:
        cluster = cluster_of(client)
        job = await cluster.load_job(KEY)
        assert job is not None
        await cluster.observe_children(job)
    return server


async def test_missing_pods_of_a_namespace_that_is_being_deleted_end_all_of_our_jobs_there() -> None:
    server = ApiServer().then(
        say(training_job_document()), say({"metadata": {}, "items": [OURS]}), NO_EVENTS, LEAVING, JOBS, say({})
    )
    async with serving(server, tries=1) as client:
        cluster = cluster_of(client)
        job = await cluster.load_job(KEY)
        assert job is not None
        with pytest.raises(ConflictError, match="namespace team-a is being deleted"):
            await cluster.observe_children(job)
    assert deleted(server) == ["ours", "other"]


@pytest.mark.parametrize("answer", [say({"metadata": {}}), refuse(403, "namespaces is forbidden")])
async def test_a_namespace_that_stays_or_may_not_be_looked_at_keeps_its_jobs(answer: Answer) -> None:
    assert deleted(await observe(say({"metadata": {}, "items": [OURS]}), NO_EVENTS, answer)) == []


async def test_a_start_that_is_refused_as_the_namespace_is_being_deleted_ends_all_of_our_jobs_there() -> None:
    server = ApiServer().then(say(training_job_document()), say(TERMINATING, 403), JOBS, say({}))
    async with serving(server, tries=1) as client:
        cluster = cluster_of(client)
        job = await cluster.load_job(KEY)
        assert job is not None
        with pytest.raises(ConflictError, match="its Jobs were ended, nothing is started in it"):
            await cluster.apply(job, start_prepare())
    assert deleted(server) == ["ours", "other"]
