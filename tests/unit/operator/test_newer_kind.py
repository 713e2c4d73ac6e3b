"""The kind may be newer than an operator: it has given its new fields their defaults, in every TrainingJob."""

from typing import Any

from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.api_server import ApiServer, say, serving
from tests.unit.operator.jobs import job_spec, training_job_document

NEWER: dict[str, Any] = {"execution": {"newest": 1, "packing": {"mode": "Cell", "evenly": True}}, "brandNew": [{}]}


async def load(generation: int, **spec: Any) -> ObservedJob:
    """Return a job whose generation 3 was accepted, as it is read at another one."""
    accepted = {"type": "Accepted", "status": "True", "reason": "Valid", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    document = training_job_document(**spec)
    document["metadata"]["generation"] = generation
    document["spec"]["dataset"]["sources"][0]["newer"] = "Auto"
    document["status"] = {"conditions": [{**accepted, "observedGeneration": 3}]}
    async with serving(ApiServer().then(say(document))) as client:
        cluster = KubernetesCluster(client, PodStore(), SystemClock(), TrainerSettings(image="t:1"))
        job = await cluster.load_job(JobKey("team-a", "pima"))
    assert job is not None
    return job


async def test_a_job_that_was_accepted_stays_as_it_was() -> None:
    assert (await load(3, **NEWER)).spec == job_spec()


async def test_of_one_that_is_edited_each_field_is_named_that_is_not_known_here() -> None:
    job = await load(4, **NEWER)
    assert job.spec is None
    assert {problem.path for problem in job.problems} == {
        "spec.brandNew",
        "spec.dataset.sources[0].newer",
        "spec.execution.newest",
        "spec.execution.packing.evenly",
    }


async def test_what_is_wrong_beside_that_is_told() -> None:
    job = await load(3, split={"train": 5})
    assert job.spec is None
    assert [problem.path for problem in job.problems] == ["spec.split"]
