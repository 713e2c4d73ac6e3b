"""Simulated nodes by KWOK: pods run on them in the API only, thousands on a small machine."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.waiting import wait_until

_GROUP_LABEL = "testbed.gridfold.dev/nodes"


@dataclass(frozen=True)
class Placement:
    """What a pod needs to be placed on one group of simulated nodes, and only there."""

    node_selector: dict[str, str]
    tolerations: list[dict[str, str]] = field(default_factory=list)


def taint(value: str) -> dict[str, str]:
    """Return the taint that keeps real pods away from simulated nodes."""
    return {"key": "testbed.gridfold.dev/simulated", "value": value, "effect": "NoSchedule"}


def toleration(value: str) -> dict[str, str]:
    return taint(value) | {"operator": "Equal"}


@contextlib.contextmanager
def simulated_nodes(
    kubectl: Kubectl, group: str, count: int = 1, *, cpu: str = "8", memory: str = "32Gi", pods: str = "500"
) -> Iterator[Placement]:
    """Have `count` ready nodes for the time of the block; `group` names them and is their label's value."""
    size = {"cpu": cpu, "memory": memory, "pods": pods}
    names = [f"{group}-{number}" for number in range(count)]
    kubectl.apply(*(_node(name, group, size) for name in names))
    try:
        _wait_ready(kubectl, group, count)
        yield Placement({_GROUP_LABEL: group}, [toleration(group)])
    finally:
        kubectl("delete", "nodes", "--selector", f"{_GROUP_LABEL}={group}", "--wait=false")


def _node(name: str, group: str, size: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {_GROUP_LABEL: group, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
        "spec": {"taints": [taint(group)]},
        "status": {"allocatable": size, "capacity": size},
    }


def _wait_ready(kubectl: Kubectl, group: str, count: int) -> None:
    ready = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"

    def missing() -> str | None:
        try:
            said = kubectl("get", "nodes", "--selector", f"{_GROUP_LABEL}={group}", "-o", ready).split()
        except TestbedError as error:
            return str(error)
        return None if said.count("True") == count else f"{said.count('True')} of {count} are ready."

    wait_until(missing, timeout_seconds=60, what=f"The simulated nodes {group}")
