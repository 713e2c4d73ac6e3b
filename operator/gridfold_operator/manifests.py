"""From the actions of a plan to what is created in the cluster. Pure: the same action gives the same manifests.

A Job is created once and never re-applied (a change of its template is refused), so everything that a pod needs is
decided here.
"""

from typing import Any

from gridfold.api import labels
from gridfold.api.exit_codes import FINAL_INDEX_EXITS, FINAL_STAGE_EXITS, ExitCode
from gridfold.api.handoff import (
    ALLOWED_ENDPOINTS_VARIABLE,
    CA_BUNDLE_KEY,
    CA_BUNDLE_VARIABLE,
    CREDENTIALS_VARIABLE,
    ESTIMATOR_PREFIXES_VARIABLE,
    JOB_FILE,
    SCRATCH_VARIABLE,
    SOURCE_BYTES_VARIABLE,
    SOURCE_CA_BUNDLES_VARIABLE,
    SOURCE_CREDENTIALS_VARIABLE,
    Stage,
    StageInput,
)
from gridfold.api.v1alpha1 import API_VERSION, KIND, Metadata, TrainingJobSpec
from gridfold.domain.groups import format_groups
from gridfold.domain.keys import attempt_digest, digest
from gridfold.domain.naming import label_value
from gridfold.domain.plan import StartStage, StartWave
from gridfold_operator.job_files import carry_job_file, told, write_job_file
from gridfold_operator.own_nodes import lead_to_own_nodes
from gridfold_operator.queues import put_in_queue
from gridfold_operator.settings import TrainerSettings
from gridfold_operator.stage_pods import (
    build_labels,
    build_placement,
    build_resources,
    build_scratch,
    build_scratch_environment,
    memory_of_pods,
)

Manifest = dict[str, Any]

CONTAINER = "trainer"
INPUT_FOLDER = "/etc/gridfold"
SCRATCH_FOLDER = "/scratch"
SOURCE_CREDENTIALS = "source-credentials"
SOURCE_CA_BUNDLES = "source-ca"
USER_ID = 65532  #: "nonroot" of distroless images; the trainer's image has no other need
GRACE_SECONDS = 5  #: the supervisor forwards SIGTERM; a cell has nothing to save
CREDENTIAL_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
OPTIONAL_CREDENTIAL_KEYS = ("AWS_SESSION_TOKEN",)
#: Every library that could start threads of its own (performance.md: unset, two cells on two cores took 16 × longer).
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
#: A pod without keys of its own is not given those of the node it runs on. AWS SDKs look at this when they ask the
#: instance metadata service, and not for what IRSA and EKS Pod Identity give a ServiceAccount. trainer.env goes before.
DEFAULT_ENVIRONMENT = {"AWS_EC2_METADATA_DISABLED": "true"}
#: Autoscalers leave the node of a running cell alone.
CELL_ANNOTATIONS = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
#: A mesh's sidecar that is an ordinary container outlives the trainer's, and the Job never ends: so they stay out, of
#: Istio (whose label goes before its annotation), Kuma, Linkerd and Consul. A label of the spec goes before these.
MESH_LABELS = {"sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled"}
MESH_ANNOTATIONS = {
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
    "consul.hashicorp.com/connect-inject": "false",
}


def build_input_manifest(owner: Metadata, name: str, stage_input: StageInput, job_uid: str) -> Manifest:
    """Return the immutable ConfigMap with a stage's job.json, which goes with the stage's Job."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": input_name(name, stage_input),
            "namespace": owner.namespace,
            "labels": _labels(owner, stage_input.run_digest),
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job_uid, "controller": True}
            ],
        },
        "immutable": True,
        "data": {JOB_FILE: write_job_file(stage_input)},
    }


def input_name(name: str, stage_input: StageInput) -> str:
    """Return the name of a stage's ConfigMap, which follows from its content.

    A kubelet keeps what it has read of an immutable ConfigMap: under the name of one that was deleted, a pod could be
    given the old content.
    """
    return f"{name}-{digest(told(stage_input))[:8]}"


def build_stage_manifest(owner: Metadata, action: StartStage, settings: TrainerSettings) -> Manifest:
    """Return the Job of prepare or refit."""
    spec, input_map = action.input.spec, input_name(action.name, action.input)
    pod = _pod(action.stage, input_map, spec, settings, action.memory)
    if carry_job_file(pod, action.input):
        input_map = ""
    job: Manifest = {
        "backoffLimit": spec.execution.retries,
        "podFailurePolicy": {"rules": [*_ignored_ends(), _on_exit("FailJob", *FINAL_STAGE_EXITS)]},
    }
    return _job(owner, action, settings, {**job, "template": pod}, input_map)


def build_wave_manifest(owner: Metadata, action: StartWave, settings: TrainerSettings) -> Manifest:
    """Return the Indexed Job of a wave: completion index i is the i-th of the action's groups."""
    spec, input_map = action.input.spec, input_name(action.name, action.input)
    pod = _pod(Stage.CELL, input_map, spec, settings, action.memory)
    pod["metadata"]["annotations"].update(CELL_ANNOTATIONS)
    job = {
        "completionMode": "Indexed",
        "completions": len(action.groups),
        "parallelism": action.parallelism,  # may be more than there are groups: the Job knows
        "backoffLimitPerIndex": spec.execution.retries,
        "podFailurePolicy": {"rules": [*_ignored_ends(), _on_exit("FailIndex", *FINAL_INDEX_EXITS)]},
    }
    manifest = _job(owner, action, settings, {**job, "template": pod}, input_map)
    for marked in (manifest, manifest["spec"]["template"]):
        marked["metadata"]["labels"][labels.WAVE] = str(action.number)
    manifest["metadata"]["annotations"][labels.CELLS] = format_groups(action.groups)
    return manifest


def template_digest(
    stage: Stage, spec: TrainingJobSpec, settings: TrainerSettings, owner: Metadata, memory: str = ""
) -> str:
    """Return the digest of all that a stage is started with now, its name, cells and parallelism aside.

    Nor is what `_job` gives to every pod part of it: a release that adds to that makes no running Job outdated.
    """
    pod = _pod(stage, "", spec, settings, memory)
    lead_to_own_nodes(pod["spec"], spec, owner, settings)
    return digest({"pod": pod, "attempt": attempt_digest(spec)})


def _job(
    owner: Metadata, action: StartStage | StartWave, settings: TrainerSettings, job: Manifest, input_map: str
) -> Manifest:
    """Return a Job with this spec; `input_map` is the name of its ConfigMap, "" where its pod carries job.json."""
    run, pod = action.input.run_digest, job["template"]
    stage = action.stage if isinstance(action, StartStage) else Stage.CELL
    marks = _labels(owner, run) | {labels.STAGE: stage.value}
    pod["metadata"]["labels"] = MESH_LABELS | pod["metadata"]["labels"] | marks
    pod["metadata"]["annotations"] |= MESH_ANNOTATIONS | {labels.JOB: owner.name}
    container = pod["spec"]["containers"][0]
    container["env"] = _variables(DEFAULT_ENVIRONMENT | {entry["name"]: entry["value"] for entry in container["env"]})
    lead_to_own_nodes(pod["spec"], action.input.spec, owner, settings)
    manifest: Manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": action.name,
            "namespace": owner.namespace,
            "labels": marks,
            # A label's value ends at 63 characters: the whole name and the whole digest stand in annotations.
            "annotations": {
                labels.JOB: owner.name,
                labels.RUN: run,
                labels.INPUT: input_map,
                labels.TEMPLATE: template_digest(stage, action.input.spec, settings, owner, action.memory),
                labels.MEMORY: memory_of_pods(stage, action.input.spec, action.memory),
            },
            "ownerReferences": [_owner_reference(owner)],
        },
        "spec": job,
    }
    put_in_queue(manifest, action.input.spec.execution)
    return manifest


def _labels(owner: Metadata, run: str) -> dict[str, str]:
    return {
        labels.JOB: label_value(owner.name),
        labels.RUN: run[:63],
        labels.MANAGED_BY: labels.MANAGED_BY_VALUE,
    }


def _owner_reference(owner: Metadata) -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _ignored_ends() -> list[Manifest]:
    """Return the rules for pods that were taken away, or that storage did not answer: tried again, not counted."""
    disrupted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    return [disrupted, _on_exit("Ignore", ExitCode.STORAGE, ExitCode.TERMINATED)]


def _on_exit(action: str, *codes: int) -> Manifest:
    values = sorted(int(code) for code in codes)
    return {"action": action, "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": values}}


def _pod(stage: Stage, input_map: str, spec: TrainingJobSpec, settings: TrainerSettings, memory: str) -> Manifest:
    pod: Manifest = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(stage, spec, settings) | {"resources": build_resources(stage, spec, memory)}],
        "volumes": [_input_volume(stage, input_map, spec), build_scratch(stage, spec)],
        **build_placement(stage, spec),
    }
    if settings.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": secret} for secret in settings.image_pull_secrets]
    return {"metadata": {"annotations": {}, "labels": build_labels(stage, spec)}, "spec": pod}


def _container(stage: Stage, spec: TrainingJobSpec, settings: TrainerSettings) -> Manifest:
    return {
        "name": CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["python", "-m", "gridfold_trainer", stage.value, "--job", f"{INPUT_FOLDER}/{JOB_FILE}"],
        "env": _variables(_environment(stage, spec, settings)),
        # Whatever the trainer did not foresee still leaves its last lines in the pod's status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "input", "mountPath": INPUT_FOLDER, "readOnly": True},
            {"name": "scratch", "mountPath": SCRATCH_FOLDER},
        ],
    }


def _variables(environment: dict[str, str]) -> list[Manifest]:
    return [{"name": name, "value": value} for name, value in environment.items()]


def _environment(stage: Stage, spec: TrainingJobSpec, settings: TrainerSettings) -> dict[str, str]:
    environment = dict(settings.env)
    environment[ALLOWED_ENDPOINTS_VARIABLE] = ",".join(settings.allowed_endpoints)
    if settings.estimator_prefixes:
        environment[ESTIMATOR_PREFIXES_VARIABLE] = ",".join(settings.estimator_prefixes)
    environment.update(dict.fromkeys(THREAD_VARIABLES, str(spec.execution.threads)))
    environment.update(dict.fromkeys((SCRATCH_VARIABLE, "HOME", "TMPDIR"), SCRATCH_FOLDER))
    environment.update(build_scratch_environment(stage, spec))
    if spec.storage.credentials_secret_name:
        environment[CREDENTIALS_VARIABLE] = f"{INPUT_FOLDER}/credentials"
    if spec.storage.ca_bundle_config_map_name:
        environment[CA_BUNDLE_VARIABLE] = f"{INPUT_FOLDER}/ca/{CA_BUNDLE_KEY}"
    if stage is Stage.PREPARE:
        if settings.sources.max_bytes is not None:
            environment[SOURCE_BYTES_VARIABLE] = str(settings.sources.max_bytes)
        if _source_secrets(spec):
            environment[SOURCE_CREDENTIALS_VARIABLE] = f"{INPUT_FOLDER}/{SOURCE_CREDENTIALS}"
        if _source_ca_bundles(spec):
            environment[SOURCE_CA_BUNDLES_VARIABLE] = f"{INPUT_FOLDER}/{SOURCE_CA_BUNDLES}"
    return environment


def _input_volume(stage: Stage, input_map: str, spec: TrainingJobSpec) -> Manifest:
    """Return the one volume with job.json and, as files, credentials and certificates: those keys and no other.

    Only prepare reads sources, so only prepare gets what sources need beyond spec.storage.
    """
    sources: list[Manifest] = [{"configMap": {"name": input_map, "items": [{"key": JOB_FILE, "path": JOB_FILE}]}}]
    if spec.storage.credentials_secret_name:
        sources += _secret_sources(spec.storage.credentials_secret_name, "credentials")
    if spec.storage.ca_bundle_config_map_name:
        sources.append(_ca_source(spec.storage.ca_bundle_config_map_name, "ca"))
    if stage is Stage.PREPARE:
        for secret in _source_secrets(spec):
            sources += _secret_sources(secret, f"{SOURCE_CREDENTIALS}/{secret}")
        sources += [_ca_source(bundle, f"{SOURCE_CA_BUNDLES}/{bundle}") for bundle in _source_ca_bundles(spec)]
    return {"name": "input", "projected": {"defaultMode": 0o440, "sources": sources}}


def _source_secrets(spec: TrainingJobSpec) -> list[str]:
    """Return the Secrets that sources name beside the one of spec.storage."""
    named = {source.storage.credentials_secret_name for source in spec.dataset.sources if source.storage}
    return sorted(name for name in named - {spec.storage.credentials_secret_name} if name)


def _source_ca_bundles(spec: TrainingJobSpec) -> list[str]:
    """Return the ConfigMaps with certificates that sources name beside the one of spec.storage."""
    named = {source.storage.ca_bundle_config_map_name for source in spec.dataset.sources if source.storage}
    return sorted(name for name in named - {spec.storage.ca_bundle_config_map_name} if name)


def _secret_sources(secret: str, folder: str) -> list[Manifest]:
    """Return a Secret's keys as files; the items of one source cannot be optional one by one, so there are two."""
    return [
        {"secret": {"name": secret, "items": _items(CREDENTIAL_KEYS, folder)}},
        {"secret": {"name": secret, "optional": True, "items": _items(OPTIONAL_CREDENTIAL_KEYS, folder)}},
    ]


def _ca_source(config_map: str, folder: str) -> Manifest:
    return {"configMap": {"name": config_map, "items": _items((CA_BUNDLE_KEY,), folder)}}


def _items(keys: tuple[str, ...], folder: str) -> list[Manifest]:
    return [{"key": key, "path": f"{folder}/{key}"} for key in keys]
