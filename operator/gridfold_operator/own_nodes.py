"""Pods that may run on the nodes which their job has for itself: from the start, as none can gain it later. Pure."""

from typing import Any

from gridfold.api import labels
from gridfold.api.v1alpha1 import NONE, Metadata, TrainingJobSpec
from gridfold.domain.naming import capacity_digest
from gridfold_operator.settings import TrainerSettings

Manifest = dict[str, Any]

_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
#: Of at most 100: whatever else the spec prefers, such a node is there for this job alone.
WEIGHT = 100


def lead_to_own_nodes(pod: Manifest, spec: TrainingJobSpec, owner: Metadata, settings: TrainerSettings) -> None:
    """Have a pod tolerate the taints of its job's own nodes, and prefer these where there are any."""
    provider = spec.capacity.provider
    if provider == NONE:
        return
    digest = capacity_digest(owner.namespace, owner.name, owner.uid)
    own = {"key": labels.CAPACITY, "operator": "Equal", "value": digest, "effect": "NoSchedule"}
    others = [_toleration(taint.model_dump()) for taint in settings.node_taints.get(provider, ())]
    pod["tolerations"] = [*pod.get("tolerations", ()), own, *others]
    wish = {"key": labels.CAPACITY, "operator": "In", "values": [digest]}
    term = {"weight": WEIGHT, "preference": {"matchExpressions": [wish]}}
    affinity = pod.get("affinity", {})
    nodes = affinity.get("nodeAffinity", {})
    pod["affinity"] = {**affinity, "nodeAffinity": {**nodes, _PREFERRED: [*nodes.get(_PREFERRED, ()), term]}}


def _toleration(taint: Manifest) -> Manifest:
    return {"key": taint["key"], "operator": "Equal", "value": taint["value"], "effect": taint["effect"]}
