"""Pods of a job with a provider: they may run on its own nodes, and prefer these; all others know nothing of it."""

from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.domain.naming import capacity_digest
from gridfold.domain.plan import StartStage
from gridfold_operator.capacity_settings import TaintSettings
from gridfold_operator.manifests import (
    build_input_manifest,
    build_stage_manifest,
    build_wave_manifest,
    input_name,
    template_digest,
)
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.jobs import OWNER, job_spec, stage_input, start_wave

TRAINER = TrainerSettings(image="trainer:1", node_taints={"gpu": (TaintSettings(key="nvidia.com/gpu", value="yes"),)})
OWN = capacity_digest(OWNER.namespace, OWNER.name, OWNER.uid)


def pod(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = build_wave_manifest(OWNER, start_wave(**spec), TRAINER)["spec"]["template"]["spec"]
    return found


def test_pods_of_a_job_without_a_provider_are_what_they_were() -> None:
    assert not {"tolerations", "affinity"} & pod().keys()


def test_pods_tolerate_the_taints_of_their_jobs_own_nodes_and_of_no_other_provider() -> None:
    own = {"key": labels.CAPACITY, "operator": "Equal", "value": OWN, "effect": "NoSchedule"}
    gpu = {"key": "nvidia.com/gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}
    assert pod(capacity={"provider": "gpu"})["tolerations"] == [own, gpu]
    assert pod(capacity={"provider": "other"})["tolerations"] == [own]


def test_prepare_and_refit_may_run_there_too() -> None:
    told = stage_input(capacity={"provider": "gpu"})
    for stage in (Stage.PREPARE, Stage.REFIT):
        job = build_stage_manifest(OWNER, StartStage(stage, "name", told), TRAINER)
        assert len(job["spec"]["template"]["spec"]["tolerations"]) == 2


def test_what_the_spec_tolerates_and_prefers_stays_beside_it() -> None:
    spot = {"key": "spot", "operator": "Exists"}
    zone = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    wish = {"weight": 5, "preference": zone}
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}}
    found = pod(execution={"template": {"tolerations": [spot], "affinity": affinity}}, capacity={"provider": "gpu"})
    assert found["tolerations"][0] == spot
    mine, ours = found["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert (mine["weight"], mine["preference"]["matchExpressions"]) == (5, zone["matchExpressions"])
    (expression,) = ours["preference"]["matchExpressions"]
    assert expression == {"key": labels.CAPACITY, "operator": "In", "values": [OWN]}
    assert "requiredDuringSchedulingIgnoredDuringExecution" not in found["affinity"]["nodeAffinity"]


@pytest.mark.parametrize(
    ("before", "after", "other"),
    [
        ({}, {"provider": "none", "maxNodes": 3}, False),
        ({"provider": "gpu"}, {"provider": "gpu", "maxNodes": 3}, False),
        ({}, {"provider": "gpu"}, True),
        ({"provider": "gpu"}, {"provider": "other"}, True),
    ],
)
def test_only_another_provider_makes_other_pods(before: dict[str, Any], after: dict[str, Any], other: bool) -> None:
    first, second = (
        template_digest(Stage.CELL, job_spec(capacity=capacity), TRAINER, OWNER) for capacity in (before, after)
    )
    assert (first != second) is other


def test_what_a_pod_reads_says_nothing_of_nodes_as_an_older_trainer_would_refuse_the_field() -> None:
    plain, asking = stage_input(), stage_input(capacity={"provider": "gpu"})
    assert input_name("job", plain) == input_name("job", asking)
    assert "capacity" not in build_input_manifest(OWNER, "job", asking, "uid")["data"]["job.json"]
