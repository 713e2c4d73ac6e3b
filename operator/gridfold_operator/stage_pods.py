"""What a spec says of the pods of one stage, as the fields of a pod: labels, place, identity, resources, scratch."""

from typing import Any

from gridfold.api.handoff import SCRATCH_BYTES_VARIABLE, SCRATCH_SETTING_VARIABLE, Stage
from gridfold.api.v1alpha1 import PodTemplate, TrainingJobSpec
from gridfold.api.v1alpha1.resources import MEMORY
from gridfold.domain.stage_needs import resources_of, scratch_of, template_of

Manifest = dict[str, Any]


def build_labels(stage: Stage, spec: TrainingJobSpec) -> dict[str, str]:
    """Return the labels that the spec gives to a stage's pods."""
    return dict(template_of(spec.execution, stage).labels or {})


def build_placement(stage: Stage, spec: TrainingJobSpec) -> Manifest:
    """Return the fields of a pod's spec that say where it may run, and as whom.

    No token of the API is mounted where a ServiceAccount is named, either: the webhooks of IRSA and EKS Pod Identity
    mount a token of their own audience whatever automountServiceAccountToken says.
    """
    return _fields(template_of(spec.execution, stage))


def _fields(template: PodTemplate) -> Manifest:
    document = template.document()
    document.pop("labels", None)
    return {name: value for name, value in document.items() if value not in ("", {}, [])}


def build_resources(stage: Stage, spec: TrainingJobSpec, memory: str) -> Manifest:
    """Return the resources of a stage's container, with so much memory where that is more than the spec says."""
    amounts = resources_of(spec.execution, stage, memory)
    return {part: found for part, found in amounts.items() if found}


def memory_of_pods(stage: Stage, spec: TrainingJobSpec, memory: str) -> str:
    """Return how much memory a stage's pods have, by their limit or else their request."""
    amounts = resources_of(spec.execution, stage, memory)
    return amounts["limits"].get(MEMORY) or amounts["requests"].get(MEMORY) or ""


def build_scratch(stage: Stage, spec: TrainingJobSpec) -> Manifest:
    """Return the volume of a stage's temporary files, as large as its pods may write."""
    found = scratch_of(spec.execution, stage)
    return {"name": "scratch", "emptyDir": {"sizeLimit": found.size} if found else {}}


def build_scratch_environment(stage: Stage, spec: TrainingJobSpec) -> dict[str, str]:
    """Return what tells the trainer how much it may write: it can say so before the kubelet ends the pod for it."""
    found = scratch_of(spec.execution, stage)
    if found is None:
        return {}
    return {
        SCRATCH_BYTES_VARIABLE: str(found.size_bytes),
        SCRATCH_SETTING_VARIABLE: f"{found.setting} is {found.size}",
    }
