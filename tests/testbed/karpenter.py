"""The real Karpenter with its simulated provider, for the time of a test.

It runs on demand only: its NodePool would otherwise answer for pods that other tests mean to stay pending.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from tests.testbed import build, namespace, paths
from tests.testbed.api import Testbed
from tests.testbed.components import Component
from tests.testbed.errors import TestbedError
from tests.testbed.instance import Instance
from tests.testbed.kubectl import Kubectl
from tests.testbed.shell import lock, log_tail
from tests.testbed.simulated import Placement, taint, toleration
from tests.testbed.waiting import probe, wait_until

NODE_CLASS = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "testbed"}
_HEALTH_PORT = 8081


@contextlib.contextmanager
def running_karpenter(
    testbed: Testbed,
    pool: str | None = "testbed",
    *,
    cpus: Sequence[int] = (4, 8),
    labels: dict[str, str] | None = None,
    consolidate_after: str = "5s",
) -> Iterator[Placement]:
    """Run Karpenter for the time of the block, with one NodePool whose nodes have the given sizes and labels.

    Yields what a pod needs to be placed on the pool's nodes. With `pool=None` only Karpenter and its node class
    are there, for a test whose subject makes NodePools of its own. All NodePools and their nodes are gone
    afterwards.
    """
    instance = testbed.instance()
    kubectl = Kubectl.of(instance)
    component = _component(instance)
    with lock(paths.cache() / "locks" / f"karpenter-{instance.name}"):
        _apply_definitions(kubectl)
        namespace.kill(instance, component)  # of a run that was cut off
        namespace.launch(instance, component)
        try:
            _wait_ready(instance, component)
            if pool is not None:
                kubectl.apply(node_pool(pool, cpus, labels or {}, consolidate_after))
                kubectl("wait", "--for=condition=Ready", "--timeout=60s", f"nodepool/{pool}")
            yield Placement({"karpenter.sh/nodepool": pool or ""} | (labels or {}), [toleration(pool or "")])
        finally:
            try:
                _remove_all(instance, kubectl)
            finally:
                namespace.kill(instance, component)


def node_pool(name: str, cpus: Sequence[int], labels: dict[str, str], consolidate_after: str) -> dict[str, Any]:
    """Return a NodePool that gives back an empty node soon and all of them at once."""
    sizes = [str(cpu) for cpu in cpus]
    requirements = [
        {"key": "karpenter.kwok.sh/instance-cpu", "operator": "In", "values": sizes},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
    ]
    template = {
        "metadata": {"labels": labels},
        "spec": {"nodeClassRef": NODE_CLASS, "requirements": requirements, "taints": [taint(name)]},
    }
    disruption = {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": consolidate_after,
        "budgets": [{"nodes": "100%"}],
    }
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {"template": template, "disruption": disruption},
    }


def _component(instance: Instance) -> Component:
    env = {
        "KUBECONFIG": str(instance.kubeconfig),
        "DISABLE_LEADER_ELECTION": "true",
        "FEATURE_GATES": "CapacityBuffer=true,StaticCapacity=true",
        "HEALTH_PROBE_PORT": str(_HEALTH_PORT),
        "METRICS_PORT": "0",
        "BATCH_IDLE_DURATION": "500ms",
        "BATCH_MAX_DURATION": "3s",
        "CPU_REQUESTS": "1000",
    }
    health = f"http://{instance.addresses.node_ip}:{_HEALTH_PORT}/readyz"
    return Component("karpenter", ("karpenter",), lambda: probe(health), env)


def _apply_definitions(kubectl: Kubectl) -> None:
    """Apply Karpenter's CRDs and the class of its simulated machines, and wait until both are served."""
    files = build.module_file("karpenter", "*.yaml")
    if not files:
        raise TestbedError("Karpenter's CRDs are not beside its program; remove its build and run `build` again.")
    kubectl("apply", "--server-side", "--force-conflicts", *(f"--filename={file}" for file in files))
    kubectl.wait_until_served(*(f"--filename={file}" for file in files))
    group, kind, name = NODE_CLASS["group"], NODE_CLASS["kind"], NODE_CLASS["name"]
    kubectl.apply({"apiVersion": f"{group}/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": {}})


def _wait_ready(instance: Instance, component: Component) -> None:
    def missing() -> str | None:
        if namespace.running_pid(instance, component) is None:
            raise TestbedError(f"Karpenter ended instead of starting; {log_tail(instance.log(component.name))}")
        return component.missing()

    explain = partial(log_tail, instance.log(component.name))
    wait_until(missing, timeout_seconds=120, what="Karpenter is not ready", explain=explain)


def remove_ended_nodes(kubectl: Kubectl) -> None:
    """Delete the Nodes whose machines have ended before they were registered.

    Karpenter leaves these to the cloud controller manager, which the testbed does not have: a NodeClaim that is
    deleted in the moment after its launch would leave its Node for ever.
    """
    unregistered = "karpenter.sh/nodepool,!karpenter.sh/registered"
    nodes = {  # before the claims: each is there before its node
        node["metadata"]["name"]: node["metadata"]["labels"]["kubernetes.io/hostname"]
        for node in kubectl.get("nodes", "--selector", unregistered)["items"]
    }
    claims = {claim["metadata"]["name"] for claim in kubectl.get("nodeclaims")["items"]} if nodes else set()
    if ended := [name for name, claim in nodes.items() if claim not in claims]:
        kubectl("delete", "nodes", "--ignore-not-found", *ended)


def _remove_all(instance: Instance, kubectl: Kubectl) -> None:
    """Delete every NodePool and wait until Karpenter has given back all nodes."""
    kubectl("delete", "nodepools", "--all", "--wait=false")
    kubectl("delete", "nodeclaims", "--all", "--wait=false")

    def missing() -> str | None:
        remove_ended_nodes(kubectl)
        left = kubectl.get("nodepools,nodeclaims")["items"]
        nodes = kubectl.get("nodes", "--selector", "karpenter.sh/nodepool")["items"]
        names = [f"{item['kind']}/{item['metadata']['name']}" for item in [*left, *nodes]]
        return f"Still there: {json.dumps(names)}." if names else None

    explain = partial(log_tail, instance.log("karpenter"))
    wait_until(missing, timeout_seconds=120, what="Karpenter gives its nodes back", every_seconds=0.3, explain=explain)
