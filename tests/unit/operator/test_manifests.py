"""What is created in the cluster, field by field where a field carries a promise."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridfold.api import labels
from gridfold.api.handoff import Stage, StageInput
from gridfold.api.v1alpha1 import CapacitySettings
from gridfold.api.validation import parse_training_job
from gridfold.domain.grid import parse_ranges
from gridfold.domain.plan import StartStage
from gridfold_operator import manifests
from gridfold_operator.job_files import CARRIED_BYTES, write_job_file
from gridfold_operator.manifests import (
    build_input_manifest,
    build_stage_manifest,
    build_wave_manifest,
    template_digest,
)
from gridfold_operator.settings import SourceSettings, TrainerSettings
from tests.unit.operator.jobs import (
    DIGEST,
    OWNER,
    UID,
    job_spec,
    spec_document,
    stage_input,
    start_prepare,
    start_wave,
)

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))

TRAINER = TrainerSettings(image="trainer:1", env={"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "64"})
REFIT = StartStage(Stage.REFIT, "pima-abababab-refit", stage_input())


def prepare(**spec: Any) -> dict[str, Any]:
    return build_stage_manifest(OWNER, start_prepare(**spec), TRAINER)


def wave(**spec: Any) -> dict[str, Any]:
    return build_wave_manifest(OWNER, start_wave(**spec), TRAINER)


ALL = [
    pytest.param(prepare(), id="prepare"),
    pytest.param(wave(), id="wave"),
    pytest.param(build_stage_manifest(OWNER, REFIT, TRAINER), id="refit"),
]


def pod_of(job: dict[str, Any]) -> dict[str, Any]:
    return job["spec"]["template"]["spec"]


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod_of(job)["containers"]
    return container


def environment_of(job: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container_of(job)["env"]}


def policy_of(job: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return (action, what it is about) of the podFailurePolicy's rules, in order."""
    return [
        (rule["action"], rule["onExitCodes"]["values"] if "onExitCodes" in rule else rule["onPodConditions"][0]["type"])
        for rule in job["spec"]["podFailurePolicy"]["rules"]
    ]


@pytest.mark.parametrize("job", ALL)
def test_every_pod_keeps_to_the_restricted_pod_security_standard(job: dict[str, Any]) -> None:
    pod, container = pod_of(job), container_of(job)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


@pytest.mark.parametrize("job", ALL)
def test_no_pod_gets_a_token_of_the_api_or_the_addresses_of_services(job: dict[str, Any]) -> None:
    assert pod_of(job)["automountServiceAccountToken"] is False
    assert pod_of(job)["enableServiceLinks"] is False


@pytest.mark.parametrize("job", ALL)
def test_every_child_is_controlled_by_exactly_this_resource(job: dict[str, Any]) -> None:
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("TrainingJob", "pima", UID)
    assert owner["controller"] is True
    assert owner["blockOwnerDeletion"] is True


@pytest.mark.parametrize("job", ALL)
def test_pods_can_be_found_by_the_labels_of_their_job(job: dict[str, Any]) -> None:
    assert job["metadata"]["labels"].items() <= job["spec"]["template"]["metadata"]["labels"].items()
    assert job["metadata"]["labels"][labels.MANAGED_BY] == "gridfold"
    assert job["spec"]["template"]["metadata"]["annotations"][labels.JOB] == "pima"


@pytest.mark.parametrize("job", ALL)
def test_labels_fit_and_the_whole_digest_is_kept_beside_them(job: dict[str, Any]) -> None:
    assert all(len(value) <= 63 for value in job["metadata"]["labels"].values())
    assert job["metadata"]["annotations"][labels.RUN] == DIGEST


@pytest.mark.parametrize("job", ALL)
def test_sidecars_of_meshes_stay_out_of_every_pod(job: dict[str, Any]) -> None:
    """One that is an ordinary container does not end when the trainer does, and so the Job would not, either."""
    pod = job["spec"]["template"]["metadata"]
    assert pod["labels"]["sidecar.istio.io/inject"] == "false"
    assert pod["labels"]["kuma.io/sidecar-injection"] == "disabled"
    assert pod["annotations"]["sidecar.istio.io/inject"] == "false"
    assert pod["annotations"]["linkerd.io/inject"] == "disabled"
    assert pod["annotations"]["consul.hashicorp.com/connect-inject"] == "false"
    assert not [name for name in job["metadata"]["labels"] if "inject" in name], "meshes look at pods"


def test_a_label_of_the_spec_lets_a_sidecar_in() -> None:
    template = {"labels": {"sidecar.istio.io/inject": "true", "team": "search"}}
    for job in (prepare(execution={"template": template}), wave(execution={"template": template})):
        found = job["spec"]["template"]["metadata"]["labels"]
        assert {**template["labels"], "kuma.io/sidecar-injection": "disabled"}.items() <= found.items()


def test_a_name_that_is_no_label_still_leads_back_to_its_job() -> None:
    owner = OWNER.model_copy(update={"name": "a.dotted." + "very-" * 20 + "long.name"})
    job = build_stage_manifest(owner, start_prepare(), TRAINER)
    assert len(job["metadata"]["labels"][labels.JOB]) <= 63
    assert job["metadata"]["annotations"][labels.JOB] == owner.name
    assert job["spec"]["template"]["metadata"]["annotations"][labels.JOB] == owner.name


@pytest.mark.parametrize("job", [ALL[0], ALL[2]])
def test_a_single_stage_counts_neither_disruptions_nor_sigterm_and_ends_on_bad_data(job: dict[str, Any]) -> None:
    assert policy_of(job) == [
        ("Ignore", "DisruptionTarget"),
        ("Ignore", [14, 143]),
        ("FailJob", [10, 13, 15, 137]),
    ]


def test_a_wave_fails_an_index_at_once_where_another_attempt_cannot_help() -> None:
    assert policy_of(wave()) == [
        ("Ignore", "DisruptionTarget"),
        ("Ignore", [14, 143]),
        ("FailIndex", [10, 11, 12, 13, 15, 137]),
    ]


def test_causes_that_can_pass_are_tried_again_as_often_as_asked_because_no_rule_names_them() -> None:
    codes = {code for _, about in policy_of(wave()) + policy_of(prepare()) if isinstance(about, list) for code in about}
    assert not codes & {1, 16}
    assert prepare(execution={"retries": 4})["spec"]["backoffLimit"] == 4
    assert wave(execution={"retries": 4})["spec"]["backoffLimitPerIndex"] == 4


def test_exit_codes_are_those_of_the_trainers_container() -> None:
    rules = [*wave()["spec"]["podFailurePolicy"]["rules"], *prepare()["spec"]["podFailurePolicy"]["rules"]]
    names = {rule["onExitCodes"]["containerName"] for rule in rules if "onExitCodes" in rule}
    assert names == {container_of(wave())["name"]}


def test_a_wave_has_one_index_per_cell_and_says_which() -> None:
    job = wave()
    assert job["spec"]["completionMode"] == "Indexed"
    assert job["spec"]["completions"] == 4
    assert parse_ranges(job["metadata"]["annotations"][labels.CELLS]) == (0, 1, 2, 5)
    assert "maxFailedIndexes" not in job["spec"]
    assert job["metadata"]["labels"][labels.WAVE] == "0"


def test_a_pod_of_several_cells_is_one_index() -> None:
    job = build_wave_manifest(OWNER, replace(start_wave(), groups=((0, 1, 2), (5,))), TRAINER)
    assert (job["spec"]["completions"], job["metadata"]["annotations"][labels.CELLS]) == (2, "0-2;5;")


def test_a_waves_parallelism_is_the_plans_so_that_it_is_not_patched_for_ever() -> None:
    assert wave()["spec"]["parallelism"] == 20


def test_autoscalers_leave_running_cells_alone_and_no_other_pod() -> None:
    kept = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}
    assert kept.items() <= wave()["spec"]["template"]["metadata"]["annotations"].items()
    assert not kept.keys() & prepare()["spec"]["template"]["metadata"]["annotations"].keys()


@pytest.mark.parametrize(
    "job", [pytest.param(prepare(execution={"threads": 3}), id="prepare"), wave(execution={"threads": 3})]
)
def test_threads_are_the_specs_whatever_the_platform_sets(job: dict[str, Any]) -> None:
    environment = environment_of(job)
    assert {environment[f"{library}_NUM_THREADS"] for library in ("OMP", "OPENBLAS", "MKL", "BLIS")} == {"3"}
    assert environment["OPENBLAS_CORETYPE"] == "Haswell"


def test_all_that_is_written_goes_to_the_scratch_volume() -> None:
    job = wave()
    environment = environment_of(job)
    assert {environment[name] for name in ("GRIDFOLD_SCRATCH", "HOME", "TMPDIR")} == {"/scratch"}
    assert any(volume["name"] == "scratch" for volume in pod_of(job)["volumes"])
    writable = [mount["name"] for mount in container_of(job)["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["scratch"]


def test_credentials_are_files_of_three_named_keys_and_of_no_other() -> None:
    (volume,) = [v for v in pod_of(wave())["volumes"] if v["name"] == "input"]
    secrets = [source["secret"] for source in volume["projected"]["sources"] if "secret" in source]
    keys = {
        item["key"]: (item["path"], secret.get("optional", False)) for secret in secrets for item in secret["items"]
    }
    assert {secret["name"] for secret in secrets} == {"s3"}
    assert keys == {
        "AWS_ACCESS_KEY_ID": ("credentials/AWS_ACCESS_KEY_ID", False),
        "AWS_SECRET_ACCESS_KEY": ("credentials/AWS_SECRET_ACCESS_KEY", False),
        "AWS_SESSION_TOKEN": ("credentials/AWS_SESSION_TOKEN", True),
    }
    assert environment_of(wave())["GRIDFOLD_CREDENTIALS"] == "/etc/gridfold/credentials"
    assert "env" not in json.dumps(volume)


def test_secrets_and_certificates_of_sources_reach_prepare_alone_each_in_a_folder_of_its_own() -> None:
    storage = {"credentialsSecretName": "own", "caBundleConfigMapName": "own-ca"}
    sources = [
        {"uri": "s3://a/1"},
        {"uri": "s3://b/2", "storage": {"credentialsSecretName": "other", "caBundleConfigMapName": "other-ca"}},
        {"uri": "s3://c/3", "storage": {"credentialsSecretName": "own"}},
    ]
    spec = {"storage": storage, "dataset": {"sources": sources, "target": "y"}}

    def mounted(job: dict[str, Any]) -> set[str]:
        (volume,) = (v for v in pod_of(job)["volumes"] if v["name"] == "input")
        kinds = (
            next(iter(source.values())) for source in volume["projected"]["sources"] if "downwardAPI" not in source
        )
        return {f"{kind['name']}:{item['path']}" for kind in kinds for item in kind["items"]}

    everywhere = {"own:credentials/AWS_SECRET_ACCESS_KEY", "own-ca:ca/ca.crt"}
    sources_only = {
        "other:source-credentials/other/AWS_SECRET_ACCESS_KEY",
        "other-ca:source-ca/other-ca/ca.crt",
    }
    assert everywhere | sources_only <= mounted(prepare(**spec))
    assert everywhere <= mounted(wave(**spec))
    assert not {path for path in mounted(wave(**spec)) if "other" in path}
    assert not {path for path in mounted(prepare(**spec)) if "source-credentials/own" in path}
    assert environment_of(prepare(**spec))["GRIDFOLD_SOURCE_CREDENTIALS"] == "/etc/gridfold/source-credentials"
    assert environment_of(prepare(**spec))["GRIDFOLD_CA_BUNDLE"] == "/etc/gridfold/ca/ca.crt"
    assert "GRIDFOLD_SOURCE_CREDENTIALS" not in environment_of(wave(**spec))


def test_without_a_secret_nothing_of_credentials_is_mentioned() -> None:
    job = wave(storage={"endpoint": "http://10.0.0.1:9000"})
    assert "GRIDFOLD_CREDENTIALS" not in environment_of(job)
    assert "secret" not in json.dumps(pod_of(job)["volumes"])


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.REFIT])
def test_a_stage_runs_the_trainer_with_its_job_file(stage: Stage) -> None:
    job = build_stage_manifest(OWNER, StartStage(stage, "x", stage_input()), TRAINER)
    assert container_of(job)["command"] == [
        "python", "-m", "gridfold_trainer", stage.value, "--job", "/etc/gridfold/job.json",
    ]  # fmt: skip


def test_a_cell_runs_the_trainer_as_a_cell() -> None:
    assert container_of(wave())["command"][3] == "cell"
    assert container_of(wave())["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_the_image_and_how_to_get_it_are_the_platforms() -> None:
    trainer = TrainerSettings(image="r/t@sha256:1", image_pull_policy="Always", image_pull_secrets=("a", "b"))
    job = build_stage_manifest(OWNER, start_prepare(), trainer)
    assert (container_of(job)["image"], container_of(job)["imagePullPolicy"]) == ("r/t@sha256:1", "Always")
    assert pod_of(job)["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]


def test_what_the_platform_allows_reaches_the_pods_that_need_it() -> None:
    sources = SourceSettings(max_bytes=7)
    trainer = TrainerSettings(image="t", estimator_prefixes=("lightgbm", "acme.models"), sources=sources)
    prepare = environment_of(build_stage_manifest(OWNER, start_prepare(), trainer))
    cell = environment_of(build_wave_manifest(OWNER, start_wave(), trainer))
    for environment in (prepare, cell):
        assert environment["GRIDFOLD_ESTIMATOR_PREFIXES"] == "lightgbm,acme.models"
    assert prepare["GRIDFOLD_SOURCE_BYTES"] == "7"
    assert "GRIDFOLD_SOURCE_BYTES" not in cell, "cells read no source"
    plain = environment_of(build_stage_manifest(OWNER, start_prepare(), TRAINER))
    assert not plain.keys() & {"GRIDFOLD_ESTIMATOR_PREFIXES", "GRIDFOLD_SOURCE_BYTES"}


def test_pods_may_connect_to_the_endpoints_that_the_platform_names() -> None:
    def allowed(trainer: TrainerSettings) -> set[str]:
        jobs = (
            build_stage_manifest(OWNER, start_prepare(), trainer),
            build_wave_manifest(OWNER, start_wave(), trainer),
        )
        return {environment_of(job)["GRIDFOLD_ALLOWED_ENDPOINTS"] for job in jobs}

    assert allowed(TRAINER) == {""}
    assert allowed(TrainerSettings(image="t", allowed_endpoints=("s3.storage.svc:9000", "10.1.0.0/16"))) == {
        "s3.storage.svc:9000,10.1.0.0/16"
    }
    own = TrainerSettings(image="t", env={"GRIDFOLD_ALLOWED_ENDPOINTS": "*"})
    assert allowed(own) == {""}, "what stands in env does not go before it"


def test_the_input_is_immutable_owned_by_its_job_and_reads_back_as_it_was() -> None:
    action = start_wave()
    manifest = build_input_manifest(OWNER, action.name, action.input, "u-2")
    assert manifest["immutable"] is True
    (owner,) = manifest["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == ("Job", action.name, "u-2", True)
    assert StageInput.model_validate_json(manifest["data"]["job.json"]) == action.input


def test_a_pod_is_told_only_what_is_not_the_default_so_that_an_older_image_knows_every_field_of_an_older_job() -> None:
    """The image that prepared a run outlives upgrades of the operator, whose API has fields that it would refuse."""
    stated = {"execution": {"threads": 1, "parallelFolds": 1}, "scoring": {"trainScores": False, "select": "Best"}}
    for spec in ({}, stated):
        assert json.loads(write_job_file(stage_input(**spec)))["spec"] == spec_document()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_what_a_pod_is_told_of_every_example_reads_back_as_it_was(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        spec = parse_training_job(document).spec.model_copy(update={"capacity": CapacitySettings()})
        told = stage_input().model_copy(update={"spec": spec})
        assert StageInput.model_validate_json(write_job_file(told)) == told


def test_a_null_in_the_grid_and_the_kind_of_a_number_survive_the_way_to_the_pod() -> None:
    told = stage_input(search={"grid": [{"class_weight": [None, "balanced"], "max_features": [1, 1.0, {"float": 1}]}]})
    manifest = build_input_manifest(OWNER, "x", told, "u-2")
    grid = json.loads(manifest["data"]["job.json"])["spec"]["search"]["grid"][0]
    assert grid["class_weight"] == [None, "balanced"]
    assert [type(value) for value in grid["max_features"]] == [int, float, dict]


def test_the_same_action_gives_the_same_bytes() -> None:
    action = start_wave()
    again = start_wave()
    assert json.dumps(build_wave_manifest(OWNER, action, TRAINER)) == json.dumps(
        build_wave_manifest(OWNER, again, TRAINER)
    )


def test_ten_thousand_scattered_cells_fit_into_what_an_object_may_carry() -> None:
    alone = start_wave(cells=tuple(range(0, 20000, 2)))
    in_pairs = replace(alone, groups=tuple((cell, 20000 - cell) for cell in range(0, 10000, 2)))
    for action in (alone, in_pairs):
        manifest = build_wave_manifest(OWNER, action, TRAINER)
        annotations = manifest["metadata"]["annotations"]
        assert sum(len(key) + len(value) for key, value in annotations.items()) < 256 * 1024
        assert manifest["spec"]["completions"] == len(action.groups)


def test_a_pod_reads_the_input_of_its_own_content_whatever_had_the_childs_name_before() -> None:
    names = set()
    for cells in ("0-1", "1-2", "1-2"):
        first = start_wave()
        action = replace(first, input=first.input.model_copy(update={"cells": cells}))
        job = build_wave_manifest(OWNER, action, TRAINER)
        told = build_input_manifest(OWNER, action.name, action.input, "u-2")["metadata"]["name"]
        (volume,) = (v for v in pod_of(job)["volumes"] if v["name"] == "input")
        assert volume["projected"]["sources"][0]["configMap"]["name"] == told
        assert job["metadata"]["annotations"][labels.INPUT] == told
        names.add((cells, told))
    assert len(names) == len({told for _, told in names}) == 2


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.REFIT])
def test_the_one_pod_of_a_stage_carries_its_input_and_reads_it_as_a_file(stage: Stage) -> None:
    told = stage_input(dataset={"sources": [{"uri": "s3://data/übung.csv"}], "target": "y"})
    job = build_stage_manifest(OWNER, StartStage(stage, "x", told), TRAINER)
    (volume,) = (v for v in pod_of(job)["volumes"] if v["name"] == "input")
    assert "configMap" not in json.dumps(volume)
    (item,) = volume["projected"]["sources"][0]["downwardAPI"]["items"]
    assert item["path"] == "job.json"
    _, name, _ = item["fieldRef"]["fieldPath"].split("'")
    text = job["spec"]["template"]["metadata"]["annotations"][name]
    assert StageInput.model_validate_json(text) == told
    assert job["metadata"]["annotations"][labels.INPUT] == ""


def test_an_input_that_is_too_long_for_an_annotation_is_in_a_config_map() -> None:
    values = [1.000000000001 * value for value in range(1000)]
    axes = dict.fromkeys(("C", "tol", "l1_ratio", "intercept_scaling", "max_iter"), values)
    action = StartStage(Stage.REFIT, "x", stage_input(search={"grid": [axes]}))
    job = build_stage_manifest(OWNER, action, TRAINER)
    manifest = build_input_manifest(OWNER, "x", action.input, "u-2")
    assert len(manifest["data"]["job.json"]) > CARRIED_BYTES
    assert job["metadata"]["annotations"][labels.INPUT] == manifest["metadata"]["name"]
    (volume,) = (v for v in pod_of(job)["volumes"] if v["name"] == "input")
    assert volume["projected"]["sources"][0]["configMap"]["name"] == manifest["metadata"]["name"]
    assert labels.JOB_FILE not in job["spec"]["template"]["metadata"]["annotations"]


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.REFIT])
def test_no_annotation_of_a_pod_holds_a_signed_url(stage: Stage) -> None:
    signed = stage_input(dataset={"sources": [{"uri": "https://data/a.csv?sig=abc"}], "target": "y"})
    job = build_stage_manifest(OWNER, StartStage(stage, "x", signed), TRAINER)
    assert "abc" not in json.dumps(job)
    manifest = build_input_manifest(OWNER, "x", signed, "u-2")
    assert job["metadata"]["annotations"][labels.INPUT] == manifest["metadata"]["name"]
    assert StageInput.model_validate_json(manifest["data"]["job.json"]) == signed


def test_how_its_input_reaches_a_pod_is_no_part_of_what_it_is_started_with() -> None:
    spec = job_spec()
    assert template_digest(Stage.PREPARE, spec, TRAINER, OWNER) == prepare()["metadata"]["annotations"][labels.TEMPLATE]


@pytest.mark.parametrize("job", ALL)
def test_a_pod_is_not_given_the_keys_of_its_node(job: dict[str, Any]) -> None:
    assert environment_of(job)["AWS_EC2_METADATA_DISABLED"] == "true"


def test_the_platform_may_let_pods_have_the_keys_of_their_node() -> None:
    trainer = TrainerSettings(image="t", env={"AWS_EC2_METADATA_DISABLED": "false"})
    for job in (build_stage_manifest(OWNER, REFIT, trainer), build_wave_manifest(OWNER, start_wave(), trainer)):
        values = [entry["value"] for entry in container_of(job)["env"] if entry["name"] == "AWS_EC2_METADATA_DISABLED"]
        assert values == ["false"]


def test_what_every_pod_gets_makes_no_job_outdated_that_an_older_release_has_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = template_digest(Stage.CELL, job_spec(), TRAINER, OWNER)
    for name in ("MESH_LABELS", "MESH_ANNOTATIONS", "DEFAULT_ENVIRONMENT"):
        monkeypatch.setattr(manifests, name, {})
    assert not {word for word in ("istio", "linkerd", "METADATA_DISABLED") if word in json.dumps(wave())}
    assert template_digest(Stage.CELL, job_spec(), TRAINER, OWNER) == now


def test_what_a_job_is_started_with_is_told_by_its_template_whatever_its_cells_are() -> None:
    def template(settings: TrainerSettings = TRAINER, cells: tuple[int, ...] = (0, 1), **spec: Any) -> str:
        job = build_wave_manifest(OWNER, start_wave(cells=cells, **spec), settings)
        return job["metadata"]["annotations"][labels.TEMPLATE]

    other_image = TrainerSettings(image="trainer:2", env=TRAINER.env)
    assert template() == template(cells=(5, 6, 7))
    assert len({template(), template(other_image), template(retry=1), template(storage={"region": "x"})}) == 4
