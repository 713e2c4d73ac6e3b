"""A stage is started as a Job and its input, which goes when the Job goes, and neither stays without the other."""

from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.status import TrainingJobStatus
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Action, Delete
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.errors import ApiRefusedError, ForeignChildError
from gridfold_operator.manifests import input_name
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.api_server import Answer, ApiServer, refuse, say, serving
from tests.unit.operator.jobs import OWNER, UID, job_spec, owner_reference, start_prepare, start_wave

JOB = ObservedJob(OWNER, job_spec(), TrainingJobStatus())
ACTION = start_wave()
NAME, INPUT = ACTION.name, input_name(ACTION.name, ACTION.input)
QUOTA = refuse(403, "exceeded quota: few, requested: count/configmaps=1, used: count/configmaps=5")
TAKEN, GONE = refuse(409, "already exists"), refuse(404, "not found")
OURS = [owner_reference("TrainingJob", "pima", UID)]


def made(uid: str = "job-2", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": NAME, "namespace": "team-a", "uid": uid, "annotations": {labels.INPUT: INPUT}, **metadata}
    }


def told_to(kind: str, name: str, uid: str) -> Answer:
    references = [owner_reference(kind, name, uid)]
    metadata = {"name": INPUT, "namespace": "team-a", "uid": "told-1", "ownerReferences": references}
    return say({"kind": "ConfigMap", "metadata": metadata})


async def start(server: ApiServer, *answers: Answer, action: Action = ACTION) -> None:
    server.then(*answers)
    async with serving(server) as client:
        cluster = KubernetesCluster(client, PodStore(), SystemClock(), TrainerSettings(image="trainer:1"))
        await cluster.apply(JOB, action)


def seen(server: ApiServer) -> list[tuple[str, str]]:
    """Return the requests, each as its verb and the last part of its path."""
    return [(verb, path.rpartition("/")[2]) for verb, path, _ in server.requests]


@pytest.fixture
def server() -> ApiServer:
    return ApiServer()


async def test_the_input_belongs_to_the_job_that_was_made(server: ApiServer) -> None:
    await start(server, say(made()), say({}))
    assert seen(server) == [("POST", "jobs"), ("POST", "configmaps")]
    (owner,) = server.bodies[1]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Job", "job-2")


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([QUOTA], ApiRefusedError),
        ([TAKEN, told_to("Other", "else", "u")], ForeignChildError),
    ],
)
async def test_a_job_whose_input_is_refused_does_not_stay(
    server: ApiServer, answers: list[Answer], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await start(server, say(made()), *answers, say({}))
    assert seen(server)[-1] == ("DELETE", NAME)
    assert server.bodies[-1]["preconditions"] == {"uid": "job-2"}


async def test_the_input_of_an_earlier_job_of_the_same_name_is_replaced_or_it_would_go_with_that(
    server: ApiServer,
) -> None:
    await start(server, say(made()), TAKEN, told_to("Job", NAME, "job-1"), say({}), say({}))
    assert seen(server)[1:] == [("POST", "configmaps"), ("GET", INPUT), ("DELETE", INPUT), ("POST", "configmaps")]
    assert server.bodies[-2]["preconditions"] == {"uid": "told-1"}
    assert server.bodies[-1]["metadata"]["ownerReferences"][0]["uid"] == "job-2"


@pytest.mark.parametrize("owner", [("Job", NAME, "job-2"), ("TrainingJob", "pima", UID)])
async def test_an_input_that_is_there_already_is_taken(server: ApiServer, owner: tuple[str, str, str]) -> None:
    await start(server, say(made()), TAKEN, told_to(*owner))
    assert seen(server)[1:] == [("POST", "configmaps"), ("GET", INPUT)]


async def test_a_job_that_was_started_before_is_given_the_input_that_it_lacks(server: ApiServer) -> None:
    there = made(ownerReferences=OURS)
    await start(server, TAKEN, say(there), say({}))
    assert seen(server) == [("POST", "jobs"), ("GET", NAME), ("POST", "configmaps")]


async def test_a_job_that_has_another_input_keeps_it(server: ApiServer) -> None:
    there = made(ownerReferences=OURS, annotations={labels.INPUT: "other"})
    await start(server, TAKEN, say(there))
    assert seen(server) == [("POST", "jobs"), ("GET", NAME)]


async def test_a_stage_whose_pod_carries_its_input_is_a_job_and_nothing_else(server: ApiServer) -> None:
    await start(server, say(made(annotations={labels.INPUT: ""})), action=start_prepare())
    assert seen(server) == [("POST", "jobs")]
    assert server.bodies[0]["metadata"]["annotations"][labels.INPUT] == ""


@pytest.mark.parametrize(
    ("annotations", "told", "owner"),
    [
        ({labels.INPUT: ""}, "", None),
        ({labels.INPUT: INPUT}, INPUT, ("Job", NAME, "job-2")),
        ({}, NAME, ("TrainingJob", "pima", UID)),
    ],
)
async def test_with_a_job_goes_the_input_that_it_has(
    server: ApiServer, annotations: dict[str, str], told: str, owner: tuple[str, str, str] | None
) -> None:
    answers = [told_to(*owner), say({})] if owner else []
    there = say(made(annotations=annotations, ownerReferences=OURS))
    await start(server, there, say({}), *answers, action=Delete(NAME))
    assert seen(server) == [("GET", NAME), ("DELETE", NAME), *([("GET", told), ("DELETE", told)] if told else [])]
    uids = ["job-2", "told-1"] if told else ["job-2"]
    assert [body["preconditions"] for body in server.bodies if body] == [{"uid": uid} for uid in uids]


@pytest.mark.parametrize("there", [told_to("Job", NAME, "job-3"), told_to("Other", "else", "u"), GONE])
async def test_an_input_that_a_later_job_has_or_nobody_stays_as_it_is(server: ApiServer, there: Answer) -> None:
    await start(server, say(made(ownerReferences=OURS)), say({}), there, action=Delete(NAME))
    assert seen(server) == [("GET", NAME), ("DELETE", NAME), ("GET", INPUT)]
