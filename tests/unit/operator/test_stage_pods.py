"""Stages of their own size and place: what execution, execution.prepare and execution.refit say reaches the pods."""

from dataclasses import replace
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.domain.plan import StartStage
from gridfold_operator.manifests import build_stage_manifest, build_wave_manifest, template_digest
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.jobs import OWNER, job_spec, stage_input, start_wave

TRAINER = TrainerSettings(image="trainer:1", image_pull_secrets=("pull",))
TEMPLATE: dict[str, Any] = {
    "labels": {"team": "search"},
    "nodeSelector": {"pool": "cheap"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]
            }
        }
    },
    "priorityClassName": "batch",
    "serviceAccountName": "trainer",
    "runtimeClassName": "gvisor",
}


def pods(**execution: Any) -> dict[Stage, dict[str, Any]]:
    """Return the pod template of every stage."""
    told = stage_input(execution=execution)
    singles = {
        stage: build_stage_manifest(OWNER, StartStage(stage, stage.value, told), TRAINER)
        for stage in (Stage.PREPARE, Stage.REFIT)
    }
    jobs = {**singles, Stage.CELL: build_wave_manifest(OWNER, start_wave(execution=execution), TRAINER)}
    return {stage: job["spec"]["template"] for stage, job in jobs.items()}


def resources_of(pod: dict[str, Any]) -> dict[str, Any]:
    return pod["spec"]["containers"][0]["resources"]


def scratch_of(pod: dict[str, Any]) -> dict[str, Any]:
    (volume,) = (volume for volume in pod["spec"]["volumes"] if volume["name"] == "scratch")
    return volume["emptyDir"]


def test_the_template_and_the_resources_are_those_of_every_stage() -> None:
    resources = {"requests": {"cpu": "2", "memory": "3Gi"}, "limits": {"memory": "4Gi", "nvidia.com/gpu": "1"}}
    for pod in pods(template=TEMPLATE, resources=resources).values():
        assert pod["metadata"]["labels"]["team"] == "search"
        assert pod["spec"]["nodeSelector"] == {"pool": "cheap"}
        assert pod["spec"]["tolerations"] == TEMPLATE["tolerations"]
        (term,) = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"
        ]
        assert term["matchExpressions"] == [{"key": "zone", "operator": "In", "values": ["a", "b"]}]
        names = ("priorityClassName", "serviceAccountName", "runtimeClassName")
        assert [pod["spec"][name] for name in names] == ["batch", "trainer", "gvisor"]
        assert pod["spec"]["imagePullSecrets"] == [{"name": "pull"}]
        assert resources_of(pod) == resources


def test_what_the_spec_leaves_out_is_left_out_of_the_pods() -> None:
    for pod in pods().values():
        assert not {*TEMPLATE, "labels"} & set(pod["spec"])
        assert resources_of(pod) == {"requests": {"cpu": "1", "memory": "1Gi"}}
        assert scratch_of(pod) == {}


def test_a_field_of_a_stages_own_template_replaces_that_field_and_an_empty_one_takes_it_away() -> None:
    own = {"nodeSelector": {"pool": "large"}, "tolerations": [], "priorityClassName": "", "labels": {"step": "read"}}
    found = pods(template=TEMPLATE, prepare={"template": own})
    pod = found[Stage.PREPARE]
    assert pod["spec"]["nodeSelector"] == {"pool": "large"}
    assert not {"tolerations", "priorityClassName"} & set(pod["spec"])
    assert (pod["metadata"]["labels"]["step"], "team" in pod["metadata"]["labels"]) == ("read", False)
    assert pod["spec"]["serviceAccountName"] == "trainer"
    for stage in (Stage.CELL, Stage.REFIT):
        assert found[stage]["spec"]["nodeSelector"] == {"pool": "cheap"}
        assert found[stage]["spec"]["priorityClassName"] == "batch"


def test_a_stages_own_resources_replace_the_others_as_a_whole() -> None:
    resources = {"requests": {"cpu": "2", "memory": "3Gi"}, "limits": {"memory": "4Gi"}}
    own = {"requests": {"memory": "50Gi"}}
    found = pods(resources=resources, refit={"resources": own})
    assert resources_of(found[Stage.REFIT]) == own
    assert resources_of(found[Stage.PREPARE]) == resources_of(found[Stage.CELL]) == resources


@pytest.mark.parametrize(
    ("limits", "requests"),
    [
        ({"memory": "512Mi"}, {"cpu": "1", "memory": "512Mi"}),
        ({"memory": "4Gi", "cpu": "500m"}, {"cpu": "500m", "memory": "1Gi"}),
        ({"nvidia.com/gpu": "1"}, {"cpu": "1", "memory": "1Gi"}),
    ],
)
def test_where_nothing_is_requested_it_is_a_processor_and_1_gib_or_what_the_limit_allows(
    limits: dict[str, str], requests: dict[str, str]
) -> None:
    assert resources_of(pods(resources={"limits": limits})[Stage.CELL]) == {"requests": requests, "limits": limits}


@pytest.mark.parametrize(
    ("resources", "size"),
    [
        ({"requests": {"ephemeral-storage": "5Gi"}}, {"sizeLimit": "5Gi"}),
        ({"requests": {"ephemeral-storage": "5Gi"}, "limits": {"ephemeral-storage": "8Gi"}}, {"sizeLimit": "8Gi"}),
        ({"requests": {"memory": "5Gi"}}, {}),
    ],
)
def test_scratch_is_as_large_as_the_pod_may_write(resources: dict[str, Any], size: dict[str, str]) -> None:
    found = pods(prepare={"resources": resources})
    assert scratch_of(found[Stage.PREPARE]) == size
    assert scratch_of(found[Stage.CELL]) == {}


def test_more_memory_is_the_pods_the_annotation_tells_it_and_it_is_no_reason_to_start_them_anew() -> None:
    spec = {"execution": {"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}}}
    for memory, limit, request in (("", "2Gi", "1Gi"), ("4Gi", "4Gi", "2Gi")):
        job = build_wave_manifest(OWNER, replace(start_wave(**spec), memory=memory), TRAINER)
        annotations = job["metadata"]["annotations"]
        resources = resources_of(job["spec"]["template"])
        assert (resources["limits"]["memory"], resources["requests"]["memory"]) == (limit, request)
        assert annotations[labels.MEMORY] == limit
        assert annotations[labels.TEMPLATE] == template_digest(Stage.CELL, job_spec(**spec), TRAINER, OWNER, limit)


def test_no_label_of_a_user_takes_the_place_of_one_by_which_the_pods_are_found() -> None:
    for stage, pod in pods(template={"labels": {"team": "search"}}).items():
        assert pod["metadata"]["labels"]["gridfold.dev/stage"] == stage.value


def test_a_named_service_account_needs_no_secret_and_brings_no_token_of_the_api() -> None:
    told = stage_input(storage={"region": "eu-central-1"}, execution={"template": {"serviceAccountName": "trainer"}})
    for stage in (Stage.PREPARE, Stage.REFIT):
        pod = build_stage_manifest(OWNER, StartStage(stage, "x", told), TRAINER)["spec"]["template"]["spec"]
        assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("trainer", False)
        assert "secret" not in str(pod["volumes"])
        assert not [entry for entry in pod["containers"][0]["env"] if "CREDENTIALS" in entry["name"]]


@pytest.mark.parametrize("template", [{"labels": {"a": "b"}}, {"priorityClassName": "x"}, {"affinity": {}}])
def test_a_stage_is_outdated_where_its_template_is_another(template: dict[str, Any]) -> None:
    first, second = (job_spec(execution={"template": given}) for given in ({}, template))
    assert template_digest(Stage.CELL, first, TRAINER, OWNER) != template_digest(Stage.CELL, second, TRAINER, OWNER)


def test_the_trainer_is_told_how_much_it_may_write_and_by_which_field() -> None:
    found = pods(prepare={"resources": {"limits": {"ephemeral-storage": "2Ki"}}})
    told = {entry["name"]: entry["value"] for entry in found[Stage.PREPARE]["spec"]["containers"][0]["env"]}
    assert told["GRIDFOLD_SCRATCH_BYTES"] == "2048"
    assert told["GRIDFOLD_SCRATCH_SETTING"] == "spec.execution.prepare.resources.limits.ephemeral-storage is 2Ki"
    assert "GRIDFOLD_SCRATCH_BYTES" not in str(found[Stage.CELL])
