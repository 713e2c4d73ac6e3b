"""Nodes for a job alone: how soon they are asked for, how many, and how long they stay when the last cell has ended.

The real operator (a process of its own), API server, scheduler, Job controller and Karpenter; machines and pods are
simulated, and a cell takes a minute. Takes about six minutes. Needs the testbed.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gridfold.api import labels
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document, KubernetesClient
from tests.benchmarks.operator_latency import _configuration
from tests.benchmarks.scale import Bench
from tests.benchmarks.table import Row
from tests.cluster.kind import ensure_kind
from tests.e2e.own_nodes import GROUP, KARPENTER, PROVIDER, STATIC, static_pool
from tests.testbed.api import Testbed
from tests.testbed.karpenter import running_karpenter
from tests.testbed.kubectl import Kubectl
from tests.testbed.simulated import Placement, simulated_nodes, toleration
from tests.unit.domain.capacity.sizes import packing_ratios

CELLS = 40
CELL_SECONDS = 60
PREPARE_SECONDS = 30
STAGE_SECONDS = {"cell": CELL_SECONDS, "prepare": PREPARE_SECONDS}
LIMIT_SECONDS = 600
#: Of Karpenter's simulated machines: cells go nowhere else, as no image can be pulled on a real node.
MACHINES = {"karpenter.kwok.sh/instance-cpu": "8"}
POLL_SECONDS = 0.25


def measure() -> list[Row]:
    """Return how soon, how many and how long."""
    ratios = packing_ratios()
    note = f"{len(ratios)} seeded sets of cells of up to four sizes"
    packed = Row("nodes asked for ÷ optimal packing, the worst", f"{max(ratios):.2f}", "≤ 1.15", note)
    bed = Testbed.of_environment()
    with bed.borrowed(), running_karpenter(bed, pool=None):
        kubectl = Kubectl.of(bed.instance())
        ensure_kind(kubectl)
        return [packed, *asyncio.run(_on_the_cluster(kubectl))]


async def _on_the_cluster(kubectl: Kubectl) -> list[Row]:
    namespace = f"nodes-{secrets.token_hex(3)}"
    kubectl("create", "namespace", namespace)
    client = KubernetesClient(await _configuration(str(kubectl.kubeconfig)))
    capacity = {"providers": [KARPENTER, GROUP], "namespace": namespace, "leaseSeconds": 60}
    try:
        with (
            simulated_nodes(kubectl, namespace, 1) as place,
            static_pool(kubectl),
            Bench(kubectl, client, namespace, place).operator(STAGE_SECONDS, capacity=capacity),
        ):
            bench = NodesBench(kubectl, client, namespace, place)
            rows = await _for_pods_that_wait(bench)
            return [*rows, await _ahead(bench)]
    finally:
        await client.close()
        kubectl("delete", "namespace", namespace, "--wait=false")


@dataclass
class Seen:
    """When nodes of a job were there."""

    first: dict[str, datetime] = field(default_factory=dict)
    last: dict[str, datetime] = field(default_factory=dict)

    def seconds(self, since: datetime, until: datetime) -> float:
        """Return the seconds of all nodes between two moments."""
        return sum(
            max(0.0, (min(self.last[name], until) - max(first, since)).total_seconds())
            for name, first in self.first.items()
        )


@dataclass(frozen=True)
class NodesBench:
    """A namespace whose operator may ask for nodes."""

    kubectl: Kubectl
    client: KubernetesClient
    namespace: str
    place: Placement

    async def create(self, name: str, selector: str, **capacity: Any) -> Document:
        """Create a job whose cells have room on nodes of their own alone."""
        bench = Bench(self.kubectl, self.client, self.namespace, self.place)
        document = bench.document(name, CELLS, capacity=capacity)
        here = {"template": {"nodeSelector": self.place.node_selector, "tolerations": self.place.tolerations}}
        document["spec"]["execution"] = {
            "parallelism": CELLS,
            "resources": {"requests": {"cpu": "1", "memory": "100Mi"}, "limits": {}},
            "template": {"nodeSelector": MACHINES, "tolerations": [toleration(selector)]},
            "prepare": {**here, "resources": {"requests": {"cpu": "10m"}, "limits": {}}},
            "refit": {**here, "resources": {"requests": {"cpu": "10m"}, "limits": {}}},
        }
        return await bench.create(document)

    async def cells(self, job: str) -> list[Document]:
        """Return the pods of a job's cells."""
        selector = f"{labels.JOB}={job},{labels.STAGE}=cell"
        return await self.client.items(paths.collection(paths.CORE, "pods", self.namespace), labelSelector=selector)

    async def state(self, job: str) -> str:
        """Return the state of a job; what has failed is an error."""
        found = await self.client.get(paths.training_job(self.namespace, job))
        state: str = found.get("status", {}).get("state", "")
        if state == "Failed":
            raise AssertionError(found["status"])
        return state

    @asynccontextmanager
    async def watching(self, selector: str) -> AsyncIterator[Seen]:
        """Note which nodes are there, all the time."""
        seen = Seen()

        async def watch() -> None:
            while True:
                now = _now()
                for node in await self.client.items(paths.collection(paths.CORE, "nodes"), labelSelector=selector):
                    seen.first.setdefault(node["metadata"]["name"], now)
                    seen.last[node["metadata"]["name"]] = now
                await asyncio.sleep(POLL_SECONDS)

        task = asyncio.create_task(watch())
        try:
            yield seen
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def nodes(self, selector: str) -> int:
        """Return how many nodes there are."""
        return len(await self.client.items(paths.collection(paths.CORE, "nodes"), labelSelector=selector))


async def _for_pods_that_wait(bench: NodesBench) -> list[Row]:
    """One job without room, with Karpenter."""
    async with bench.watching(labels.CAPACITY) as seen, asyncio.timeout(LIMIT_SECONDS):
        document = await bench.create("waits", "own-nodes", provider=PROVIDER)
        name = document["metadata"]["name"]
        while not (waiting := [at for pod in await bench.cells(name) if (at := _unschedulable_since(pod))]):
            await asyncio.sleep(POLL_SECONDS)
        pools = paths.collection(paths.KARPENTER, "nodepools")
        while not await bench.client.items(pools, labelSelector=labels.CAPACITY):
            await asyncio.sleep(POLL_SECONDS)
        asked = (_now() - min(waiting)).total_seconds()
        pods = await bench.cells(name)
        while await bench.state(name) != "Complete":
            pods = await bench.cells(name) or pods
            await asyncio.sleep(POLL_SECONDS)
        while await bench.nodes(labels.CAPACITY):
            await asyncio.sleep(POLL_SECONDS)
    end = max(at for pod in pods if (at := _ended(pod)))
    begin, now = min(seen.first.values()), _now()
    used, after = seen.seconds(begin, end), seen.seconds(end, now)
    note = f"{CELLS} cells of a processor and {CELL_SECONDS} s, {len(seen.first)} nodes of 8 processors"
    return [
        Row("a pod finds no room → nodes are asked for (s)", f"{asked:.1f}", "", f"{note}; it may wait for 10 s"),
        Row(
            "node-seconds after the last cell ÷ before",
            f"{after / used:.3f}",
            "",
            f"{note}: {after:.0f} ÷ {used:.0f} s, refit included",
        ),
    ]


async def _ahead(bench: NodesBench) -> Row:
    """The same job with a group of machines, asked ahead and not."""
    found = {}
    for ahead in (False, True):
        async with asyncio.timeout(LIMIT_SECONDS):
            document = await bench.create(f"ahead{int(ahead)}", STATIC, provider=GROUP["name"], ahead=ahead)
            name, begin = document["metadata"]["name"], _now()
            while not (runs := [at for pod in await bench.cells(name) if (at := _started(pod))]):
                await asyncio.sleep(POLL_SECONDS)
            found[ahead] = (min(runs) - begin).total_seconds()
            while await bench.state(name) != "Complete" or await bench.nodes(f"karpenter.sh/nodepool={STATIC}"):
                await asyncio.sleep(POLL_SECONDS)
    note = f"{found[True]:.0f} ÷ {found[False]:.0f} s; prepare takes {PREPARE_SECONDS} s"
    return Row("apply → first cell, nodes asked for ahead ÷ not", f"{found[True] / found[False]:.2f}", "", note)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _unschedulable_since(pod: Document) -> datetime | None:
    for said in pod.get("status", {}).get("conditions", ()):
        if (said["type"], said["status"], said.get("reason")) == ("PodScheduled", "False", "Unschedulable"):
            return datetime.fromisoformat(said["lastTransitionTime"])
    return None


def _started(pod: Document) -> datetime | None:
    for container in pod.get("status", {}).get("containerStatuses", ()):
        for state in container["state"].values():
            if start := state.get("startedAt"):
                return datetime.fromisoformat(start)
    return None


def _ended(pod: Document) -> datetime | None:
    for container in pod.get("status", {}).get("containerStatuses", ()):
        if end := container["state"].get("terminated", {}).get("finishedAt"):
            return datetime.fromisoformat(end)
    return None
