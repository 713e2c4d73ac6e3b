"""A job is read with the limits of its namespace."""

from typing import Any

import pytest

from gridfold.api.status import SettingsStatus
from gridfold.domain.observed import ObservedJob
from gridfold.domain.tenancy.settings import Limit, TenancySettings
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.adapters.kubernetes.tenancy import Tenancy
from gridfold_operator.errors import ApiRefusedError
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.api_server import Answer, ApiServer, refuse, say, serving
from tests.unit.operator.jobs import training_job_document

NAMES = {"namespaces": {"team-a": {"maxCells": 5}}, "all": {"maxCells": 9}}
LABELS = {"selectors": [{"matchLabels": {"tier": "gold"}, "limits": {"maxCells": 7}}], "all": {"maxCells": 9}}
ACCEPTED = {"type": "Accepted", "status": "True", "reason": "Valid", "lastTransitionTime": "2026-01-01T00:00:00Z"}

TRAINER = TrainerSettings(image="t:1")
#: What pods may connect to where nothing is named.
USUAL = Limit(("team-a.svc", "public"), "trainer.allowedEndpoints")


async def load(
    tenancy: dict[str, Any], *answers: Answer, trainer: TrainerSettings = TRAINER
) -> tuple[ObservedJob | None, list[str]]:
    server = ApiServer().then(*answers)
    async with serving(server, tries=1) as client:
        settings = TenancySettings.model_validate(tenancy)
        cluster = KubernetesCluster(client, PodStore(), SystemClock(), trainer, tenancy=settings)
        job = await cluster.load_job(JobKey("team-a", "pima"))
    return job, [path.rpartition("/")[2] for _, path, _ in server.requests]


@pytest.mark.parametrize(("name", "image"), [("default", "t:1"), ("boosters", "b:1"), ("gone", "")])
async def test_a_job_is_read_with_the_image_of_the_name_that_it_has(name: str, image: str) -> None:
    async with serving(ApiServer().then(say(training_job_document(execution={"trainer": name})))) as client:
        trainer = TrainerSettings(image="t:1", images={"boosters": "b:1"})
        job = await KubernetesCluster(client, PodStore(), SystemClock(), trainer).load_job(JobKey("team-a", "pima"))
    assert job is not None
    assert (job.image, job.trainers) == (image, ("default", "boosters"))


def labelled(**labels: str) -> Answer:
    return say({"metadata": {"name": "team-a", **({"labels": labels} if labels else {})}})


async def test_a_job_is_read_with_the_limits_of_its_namespaces_name_and_nothing_more_is_asked_for() -> None:
    job, asked = await load(NAMES, say(training_job_document()))
    assert job is not None
    assert job.limits == {"max_cells": Limit(5, "tenancy.namespaces.team-a.maxCells"), "allowed_endpoints": USUAL}
    assert asked == ["pima"]


@pytest.mark.parametrize(
    ("namespace", "limit"),
    [
        (labelled(tier="gold"), Limit(7, "tenancy.selectors[0].limits.maxCells")),
        (labelled(tier="tin"), Limit(9, "tenancy.all.maxCells")),
        (labelled(), Limit(9, "tenancy.all.maxCells")),
    ],
)
async def test_where_labels_count_those_of_the_namespace_are_read(namespace: Answer, limit: Limit) -> None:
    job, asked = await load(LABELS, say(training_job_document()), namespace)
    assert job is not None
    assert job.limits == {"max_cells": limit, "allowed_endpoints": USUAL}
    assert asked == ["pima", "team-a"]


async def test_a_job_whose_namespace_cannot_be_read_is_not_taken_for_one_without_limits() -> None:
    with pytest.raises(ApiRefusedError):
        await load(LABELS, say(training_job_document()), refuse(403))


@pytest.mark.parametrize(("generation", "asked"), [(4, ["pima"]), (3, ["pima", "team-a"])])
async def test_of_a_spec_that_was_accepted_no_labels_are_read(generation: int, asked: list[str]) -> None:
    document = training_job_document()
    document["metadata"]["generation"] = 4
    document["status"] = {"conditions": [{**ACCEPTED, "observedGeneration": generation}], "settings": {}}
    job, seen = await load(LABELS, say(document), labelled(tier="gold"))
    assert job is not None
    assert (job.accepted, seen) == (generation == 4, asked)


def accepted(settings: dict[str, Any] | None = None, generation: int = 3) -> Answer:
    """Return a resource whose spec of a generation was accepted under some settings; 3 is the one that it has."""
    document = training_job_document()
    document["status"] = {"conditions": [{**ACCEPTED, "observedGeneration": generation}]}
    if settings is not None:
        document["status"]["settings"] = settings
    return say(document)


FILLING = {"all": {"defaults": {"parallelism": 7}, "allowedEndpoints": ["10.2.0.0/16"]}}
THEN = {"execution": {"parallelism": 5}, "allowedEndpoints": ["10.1.0.0/16"], "estimatorPrefixes": ["acme"]}


async def test_what_a_spec_leaves_open_is_filled_in_and_kept() -> None:
    job, _ = await load(FILLING, say(training_job_document()), trainer=TRAINER)
    assert job is not None
    assert job.spec is not None
    assert job.spec.execution.parallelism == 7
    assert job.settings == SettingsStatus(
        execution={"parallelism": 7}, allowed_endpoints=["10.2.0.0/16"], only_allowed_endpoints=True
    )


@pytest.mark.parametrize(
    ("resource", "parallelism", "endpoint"),
    [
        (accepted(THEN), 5, "10.1.0.0/16"),
        (accepted(THEN, generation=2), 7, "10.2.0.0/16"),
        (accepted(), 20, "10.2.0.0/16"),
    ],
    ids=["accepted", "edited since", "accepted by an operator that kept nothing"],
)
async def test_a_changed_setting_counts_once_the_spec_is_edited(
    resource: Answer, parallelism: int, endpoint: str
) -> None:
    job, _ = await load(FILLING, resource)
    assert job is not None
    assert job.spec is not None
    assert job.settings is not None
    assert (job.spec.execution.parallelism, job.settings.allowed_endpoints) == (parallelism, [endpoint])


async def test_a_package_that_is_no_longer_allowed_is_so_for_the_jobs_that_have_it() -> None:
    document = training_job_document(estimator={"className": "acme.models.Model"})
    refused, _ = await load({}, say(document))
    assert refused is not None
    assert refused.spec is None
    document["status"] = {"conditions": [{**ACCEPTED, "observedGeneration": 3}], "settings": THEN}
    job, _ = await load({}, say(document))
    assert job is not None
    assert job.spec is not None
    async with serving(ApiServer()) as client:
        trainer = Tenancy(client, TRAINER).trainer_of(job, "t:0")
    assert (trainer.image, trainer.estimator_prefixes, trainer.allowed_endpoints) == (
        "t:0",
        ("acme",),
        ("10.1.0.0/16", "public"),
    )


@pytest.mark.parametrize(
    ("resource", "given"),
    [
        (accepted({**THEN, "onlyAllowedEndpoints": True}), ("10.1.0.0/16",)),
        (accepted(THEN), ("10.1.0.0/16", "public")),
        (accepted(), ("10.2.0.0/16", "public")),
        (accepted(THEN, generation=2), ("10.2.0.0/16",)),
    ],
    ids=["accepted", "accepted before", "accepted by an operator that kept nothing", "edited since"],
)
async def test_a_list_shuts_out_the_internet_only_for_specs_that_were_accepted_so(
    resource: Answer, given: tuple[str, ...]
) -> None:
    job, _ = await load(FILLING, resource)
    assert job is not None
    async with serving(ApiServer()) as client:
        assert Tenancy(client, TRAINER).trainer_of(job, "").allowed_endpoints == given


@pytest.mark.parametrize(
    ("tenancy", "named", "endpoints"),
    [
        ({}, (), ["team-a.svc", "public"]),
        ({}, ("s3.storage.svc",), ["s3.storage.svc"]),
        ({"all": {"allowedEndpoints": []}}, ("s3.storage.svc",), []),
        ({"all": {"allowedEndpoints": ["s3.{namespace}.svc"]}}, (), ["s3.team-a.svc"]),
    ],
    ids=["none named", "the trainer's", "none allowed", "the namespace's"],
)
async def test_pods_may_connect_to_what_is_named_for_the_namespace_or_for_all_or_to_its_own_services(
    tenancy: dict[str, Any], named: tuple[str, ...], endpoints: list[str]
) -> None:
    trainer = TrainerSettings(image="t", allowed_endpoints=named)
    job, _ = await load(tenancy, say(training_job_document()), trainer=trainer)
    assert job is not None
    assert job.settings is not None
    assert job.settings.allowed_endpoints == endpoints
