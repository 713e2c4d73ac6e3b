"""A job is read with the limits of its namespace."""

from gridfold.domain.tenancy.settings import Limit, TenancySettings
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.api_server import ApiServer, say, serving
from tests.unit.operator.jobs import training_job_document

TENANCY = TenancySettings.model_validate({"all": {"maxCells": 9}, "namespaces": {"team-a": {"maxCells": 5}}})


async def test_a_job_is_read_with_the_limits_of_its_namespace() -> None:
    async with serving(ApiServer().then(say(training_job_document()))) as client:
        cluster = KubernetesCluster(client, PodStore(), SystemClock(), TrainerSettings(image="t:1"), tenancy=TENANCY)
        job = await cluster.load_job(JobKey("team-a", "pima"))
    assert job is not None
    assert job.limits == {"max_cells": Limit(5, "tenancy.namespaces.team-a.maxCells")}
