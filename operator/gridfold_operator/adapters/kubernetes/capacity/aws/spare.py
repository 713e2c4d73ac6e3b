"""Which machines of a group can go without costing anybody else a pod. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gridfold.api import labels
from gridfold.domain.naming import label_value
from gridfold_operator.adapters.kubernetes.capacity.aws.group import instance_of
from gridfold_operator.adapters.kubernetes.capacity.records import Record

Document = Mapping[str, Any]
ENDED = frozenset({"Succeeded", "Failed"})


def spare_machines(nodes: Iterable[Document], pods: Iterable[Document], record: Record) -> list[str]:
    """Return the machines on which no pod of anybody else runs, those without any of the job's first."""
    ours: Counter[str] = Counter()
    busy = set()
    for pod in pods:
        node = (pod.get("spec") or {}).get("nodeName", "")
        if _goes_with_its_node(pod):
            continue
        if _is_of(pod, record):
            ours[node] += 1
        else:
            busy.add(node)
    names = {node["metadata"]["name"]: instance_of(node) for node in nodes}
    return [names[name] for name in sorted(names, key=lambda name: (ours[name], name)) if name not in busy]


def _goes_with_its_node(pod: Document) -> bool:
    """Tell whether nobody misses a pod: it has ended, or it is there because the node is."""
    owners = pod["metadata"].get("ownerReferences") or ()
    ended = (pod.get("status") or {}).get("phase") in ENDED
    return ended or any(owner.get("kind") in {"DaemonSet", "Node"} for owner in owners)


def _is_of(pod: Document, record: Record) -> bool:
    marks = pod["metadata"].get("labels") or {}
    return bool(
        pod["metadata"].get("namespace") == record.namespace and marks.get(labels.JOB) == label_value(record.name)
    )
