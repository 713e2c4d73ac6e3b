"""Worlds of the Capacity port with a provider that scales groups of machines: in memory, and on a real API server."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from gridfold.api.status import TrainingJobStatus
from gridfold.api.validation import parse_training_job
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.drivers import build_drivers
from gridfold_operator.adapters.kubernetes.capacity.leases import Leases
from gridfold_operator.adapters.kubernetes.capacity.port import KubernetesCapacity
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.capacity_settings import CapacitySettings
from tests.cluster.kind import let_go
from tests.contract.capacity_worlds import OTHER, PROVIDER, SHAPE, SYSTEM, MemoryWorld, Notebook
from tests.contract.fake_cluster import VALID_SPEC
from tests.testbed.kubectl import Kubectl

GROUP, VERSION, PLURAL = "machines.testbed.gridfold.dev", "v1", "machinegroups"
POOL = "testbed.gridfold.dev/pool"


def scale(name: str, namespace: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of a provider that scales a group of its own name."""
    target = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "resource": PLURAL,
        "namespace": namespace,
        "name": name,
        "nodeLabels": {POOL: f"{namespace}-{name}"},
    }
    return {"name": name, "kind": "Scale", "shape": SHAPE, "target": target, **changes}


def settings(namespace: str, **changes: Any) -> CapacitySettings:
    """Return settings with two groups."""
    providers = [scale(PROVIDER, namespace, maxNodesPerJob=50, **changes), scale(OTHER, namespace)]
    return CapacitySettings.model_validate({"namespace": namespace, "providers": providers, "leaseSeconds": 600})


def group(name: str, namespace: str, replicas: int = 0) -> dict[str, Any]:
    """Return a group of machines."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "MachineGroup",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas},
    }


def node(name: str, pool: str) -> dict[str, Any]:
    """Return a node of a group, which takes no pods."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {POOL: pool}},
        "spec": {"taints": [{"key": POOL, "effect": "NoSchedule"}]},
    }


READY = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}


class ScaleWorld(MemoryWorld):
    """KubernetesCapacity on an API server in memory, with groups and whoever makes their machines."""

    def __init__(self, replicas: int = 0, **changes: Any) -> None:
        super().__init__(settings=settings(SYSTEM, **changes))
        self.api.kinds |= {PLURAL, "nodes"}
        for name in (PROVIDER, OTHER):
            self.api.put(self.path(name), {**group(name, SYSTEM, replicas), "status": {"replicas": replicas}})

    def path(self, name: str = PROVIDER) -> str:
        return f"{paths.collection(f'/apis/{GROUP}/{VERSION}', PLURAL, SYSTEM)}/{name}"

    def replicas(self, name: str = PROVIDER) -> int:
        found: int = self.api.objects[self.path(name)]["spec"]["replicas"]
        return found

    def scale(self, replicas: int, name: str = PROVIDER) -> None:
        """Have somebody else set the number of replicas."""
        self.api.put(self.path(name), {**self.api.objects[self.path(name)], "spec": {"replicas": replicas}})

    def bring(self, nodes: int) -> None:
        for name in (PROVIDER, OTHER):
            self._make(name, min(nodes, self.replicas(name)))

    def take(self) -> None:
        for name in (PROVIDER, OTHER):
            self._make(name, self.replicas(name))

    def _make(self, name: str, number: int) -> None:
        there = [path for path in self.api.of_kind("nodes") if path.startswith(f"{paths.CORE}/nodes/{name}-")]
        if len(there) == number == self.api.objects[self.path(name)]["status"]["replicas"]:
            return
        for path in there:
            self.api.remove(path)
        for index in range(number):
            document = node(f"{name}-{index}", f"{SYSTEM}-{name}")
            self.api.put(f"{paths.CORE}/nodes/{name}-{index}", {**document, "status": READY})
        self.api.put(self.path(name), {**self.api.objects[self.path(name)], "status": {"replicas": number}})


DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "MachineGroup", "plural": PLURAL, "singular": "machinegroup"},
        "versions": [
            {
                "name": VERSION,
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"replicas": {"type": "integer", "minimum": 0}},
                            },
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


@asynccontextmanager
async def real_scale_world(kubectl: Kubectl, namespace: str) -> AsyncIterator["RealScaleWorld"]:
    """Have a world in a namespace; nothing of it stays."""
    kubectl.apply(DEFINITION)
    kubectl.wait_until_served(f"crd/{PLURAL}.{GROUP}")
    configuration = Configuration()
    await config.load_kube_config(config_file=str(kubectl.kubeconfig), client_configuration=configuration)
    client = KubernetesClient(configuration)
    world = RealScaleWorld(client, kubectl, namespace)
    try:
        yield world
    finally:
        world.clean()
        await client.close()


@dataclass
class RealScaleWorld:
    """KubernetesCapacity on a real API server, with a kind that has a scale subresource; the test makes machines."""

    client: KubernetesClient
    kubectl: Kubectl
    namespace: str
    ahead: timedelta = timedelta()
    notebook: Notebook = field(default_factory=Notebook)

    def __post_init__(self) -> None:
        found = settings(self.namespace)
        leases = Leases(self.client, self, self.namespace, found.lease_seconds)
        drivers = build_drivers(self.client, found, self)
        self.capacity = KubernetesCapacity(self.client, leases, drivers, found, self, self.notebook)
        for name in (PROVIDER, OTHER):
            self.kubectl.apply(group(name, self.namespace))
            self._make(name, 0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def create(self, name: str, provider: str = PROVIDER) -> JobKey:
        self.kubectl.apply(
            {
                "apiVersion": "gridfold.dev/v1alpha1",
                "kind": "TrainingJob",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": {**VALID_SPEC, "capacity": {"provider": provider}},
            }
        )
        return JobKey(self.namespace, name)

    def edit(self, key: JobKey, provider: str) -> None:
        patch = json.dumps({"spec": {"capacity": {"provider": provider}}})
        self.kubectl("patch", "trainingjob", key.name, "-n", key.namespace, "--type=merge", "-p", patch)

    def delete(self, key: JobKey) -> None:
        self.kubectl("delete", "trainingjob", key.name, "-n", key.namespace, "--wait=false")

    def load(self, key: JobKey) -> ObservedJob | None:
        found = self.kubectl.get("trainingjobs", "--namespace", key.namespace)["items"]
        document = next((item for item in found if item["metadata"]["name"] == key.name), None)
        if document is None or document["metadata"].get("deletionTimestamp"):
            return None
        job = parse_training_job({**document, "status": {}})
        return ObservedJob(job.metadata, job.spec, TrainingJobStatus())

    def bring(self, nodes: int) -> None:
        for name in (PROVIDER, OTHER):
            self._make(name, min(nodes, self._replicas(name)))

    def take(self) -> None:
        for name in (PROVIDER, OTHER):
            self._make(name, self._replicas(name))

    def wait(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)

    def _replicas(self, name: str) -> int:
        found = self.kubectl.get(f"{PLURAL}.{GROUP}", name, "--namespace", self.namespace)
        replicas: int = found["spec"]["replicas"]
        return replicas

    def _make(self, name: str, number: int) -> None:
        pool = f"{self.namespace}-{name}"
        there = self.kubectl.get("nodes", "--selector", f"{POOL}={pool}")["items"]
        for item in there[number:]:
            self.kubectl("delete", "node", item["metadata"]["name"])
        for index in range(len(there), number):
            self.kubectl.apply(node(f"{pool}-{index}", pool))
            self._set_status("node", f"{pool}-{index}", READY)
        self._set_status(f"{PLURAL}.{GROUP}", name, {"replicas": number}, "--namespace", self.namespace)

    def _set_status(self, kind: str, name: str, status: dict[str, Any], *more: str) -> None:
        patch = json.dumps({"status": status})
        self.kubectl("patch", kind, name, "--subresource=status", "--type=merge", "-p", patch, *more)

    def clean(self) -> None:
        """Leave no node behind, and no job that waits for an operator to hand nodes back."""
        for name in (PROVIDER, OTHER):
            self.kubectl("delete", "nodes", "--selector", f"{POOL}={self.namespace}-{name}")
        let_go(self.kubectl, self.namespace)
