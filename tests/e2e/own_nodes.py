"""Jobs with nodes for themselves alone: an operator with a provider, and what is there of it in the cluster."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gridfold.api import labels
from tests.e2e.cluster_jobs import ClusterJobs, two_column_table
from tests.testbed.karpenter import NODE_CLASS, node_pool, remove_ended_nodes
from tests.testbed.kubectl import Kubectl
from tests.testbed.simulated import taint
from tests.testbed.waiting import wait_until

CELLS = 40
PROVIDER = "simulated"
#: Of Karpenter's simulated machines with 8 processors; nothing but cells has a place there.
KARPENTER: dict[str, Any] = {
    "name": PROVIDER,
    "kind": "Karpenter",
    "shape": {"cpu": "7900m", "memory": "15Gi", "ephemeral-storage": "20Gi"},
    "nodeClassRef": NODE_CLASS,
    "requirements": [
        {"key": "karpenter.kwok.sh/instance-cpu", "operator": "In", "values": ["8"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
    ],
    "taints": [taint("own-nodes")],
    "consolidateAfter": "10s",
}

#: A static NodePool of Karpenter, whose number of nodes the platform has set to none.
STATIC = "own-static"
GROUP: dict[str, Any] = {
    "name": "group",
    "kind": "Scale",
    "shape": KARPENTER["shape"],
    "target": {
        "apiVersion": "karpenter.sh/v1",
        "resource": "nodepools",
        "name": STATIC,
        "nodeLabels": {"karpenter.sh/nodepool": STATIC},
    },
    "taints": [taint(STATIC)],
}


@contextlib.contextmanager
def static_pool(kubectl: Kubectl) -> Iterator[None]:
    """Have the static NodePool for the time of the block."""
    pool = node_pool(STATIC, [8], {}, "10s")
    pool["spec"]["replicas"] = 0
    # Where no pod narrows it down, the simulated provider wants to be told the one machine.
    machine = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["c-8x-amd64-linux"]}
    pool["spec"]["template"]["spec"]["requirements"].append(machine)
    kubectl.apply(pool)
    kubectl("wait", "--for=condition=Ready", "--timeout=60s", f"nodepool/{STATIC}")
    try:
        yield
    finally:
        kubectl("delete", "nodepool", STATIC, "--wait=false")


@dataclass(frozen=True)
class OwnNodes:
    """Jobs of forty cells, each of which wants a whole processor, on a cluster that has two."""

    jobs: ClusterJobs

    def manifest(self, purpose: str, **capacity: Any) -> dict[str, Any]:
        """Return such a job; prepare and refit keep to the real node, as simulated ones compute nothing."""
        grid = [{"C": [round(0.1 * step, 1) for step in range(1, CELLS + 1)]}]
        manifest = self.jobs.manifest(purpose, self.jobs.upload(two_column_table()), search={"grid": grid})
        real = {"template": {"nodeSelector": {"kubernetes.io/hostname": self._real_node()}}}
        small = {"resources": {"requests": {"cpu": "100m", "memory": "160Mi"}, "limits": {"memory": "700Mi"}}}
        manifest["spec"]["execution"] = {
            "parallelism": CELLS,
            "resources": {"requests": {"cpu": "1", "memory": "160Mi"}, "limits": {"memory": "700Mi"}},
            "prepare": {**real, **small},
            "refit": {**real, **small},
        }
        manifest["spec"]["capacity"] = {"provider": PROVIDER, **capacity}
        return manifest

    def _real_node(self) -> str:
        return self.jobs.testbed.require_own().instance().node_name

    def compute(self, manifest: dict[str, Any], folder: Path) -> dict[str, bytes]:
        """Return the results of the cells, as `gridfold run` computes them, by their names in the cache."""
        (folder / "JOB.yaml").write_text(json.dumps(manifest), encoding="utf-8")
        command = [sys.executable, "-m", "gridfold_cli", "run", f"{folder}/JOB.yaml", "--output", f"{folder}/out/"]
        keys = {"AWS_ACCESS_KEY_ID": self.jobs.testbed.s3_access_key}
        keys["AWS_SECRET_ACCESS_KEY"] = self.jobs.testbed.s3_secret_key
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **keys}, timeout=300)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return {path.name: path.read_bytes() for path in folder.glob("out/cache/cells/*.json")}

    def store(self, name: str, cells: dict[str, bytes]) -> None:
        """Put results where the cells of a job put theirs: simulated ones put none."""
        bucket = self.jobs.bucket
        for key, content in cells.items():
            bucket.client.put_object(Bucket=bucket.name, Key=f"{name}/cache/cells/{key}", Body=content)

    def metrics(self) -> str:
        """Return what the operator's pod tells Prometheus."""
        kubectl, namespace = self.jobs.kubectl, self.jobs.operator.namespace
        selector = "app.kubernetes.io/component=operator"
        (pod,) = kubectl.get("pods", "--namespace", namespace, "--selector", selector)["items"]
        return kubectl(
            "get", "--raw", f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}:8080/proxy/metrics"
        )

    def settings(self, folder: Path) -> Path:
        """Return the file with the operator's ConfigMap, as a platform team would hand it out."""
        path = folder / "settings.yaml"
        where = ("--namespace", self.jobs.operator.namespace)
        path.write_text(self.jobs.kubectl("get", "configmap", "gridfold", *where, "-o", "yaml"), encoding="utf-8")
        return path

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────────────

    def held(self) -> dict[str, list[str]]:
        """Return all that is held in the cluster for any job, by kind."""
        kubectl, operator = self.jobs.kubectl, self.jobs.operator.namespace
        remove_ended_nodes(kubectl)
        found = {
            "pools": kubectl.get("nodepools", "--selector", labels.CAPACITY)["items"],
            "claims": kubectl.get("nodeclaims", "--selector", labels.CAPACITY)["items"],
            "nodes": kubectl.get("nodes", "--selector", labels.CAPACITY)["items"],
            "leases": kubectl.get("leases", "--namespace", operator, "--selector", labels.CAPACITY)["items"],
            "jobs": [
                job
                for job in kubectl.get("trainingjobs", "--namespace", self.jobs.namespace)["items"]
                if labels.CAPACITY_FINALIZER in job["metadata"].get("finalizers", ())
            ],
        }
        return {kind: [item["metadata"]["name"] for item in items] for kind, items in found.items()}

    def wait_until_held(self, *kinds: str) -> dict[str, list[str]]:
        """Wait until something of each of these kinds is there."""
        seen: dict[str, list[str]] = {}

        def missing() -> str | None:
            seen.update(self.held())
            return None if all(seen[kind] for kind in kinds) else f"There is {seen}. {self.jobs.operator.log()[-3000:]}"

        wait_until(missing, timeout_seconds=120, what=f"{', '.join(kinds)} are held", every_seconds=0.5)
        return seen

    def let_records_expire(self) -> None:
        """Have every record renewed by so much earlier as it lasts, as if an operator had been gone for so long."""
        where = ("--namespace", self.jobs.operator.namespace)
        for lease in self.jobs.kubectl.get("leases", *where, "--selector", labels.CAPACITY)["items"]:
            renewed, lasts = (lease["spec"][name] for name in ("renewTime", "leaseDurationSeconds"))
            earlier = datetime.fromisoformat(renewed) - timedelta(seconds=lasts)
            expired = json.dumps({"spec": {"renewTime": f"{earlier:%Y-%m-%dT%H:%M:%S.%fZ}"}})
            self.jobs.kubectl("patch", "lease", lease["metadata"]["name"], *where, "--type=merge", "--patch", expired)

    def reap(self) -> None:
        """Have the reaper's CronJob start now what it starts every minute."""
        where = ("--namespace", self.jobs.operator.namespace)
        self.jobs.kubectl("create", "job", "now", "--from=cronjob/gridfold-reaper", *where)

    def wait_until_the_reaper_has_looked_by_itself(self) -> None:
        """Wait until the CronJob has started a Job by its schedule."""

        def missing() -> str | None:
            where = ("--namespace", self.jobs.operator.namespace)
            status = self.jobs.kubectl.get("cronjobs", "gridfold-reaper", *where)["status"]
            return None if status.get("lastScheduleTime") else f"Its status is {status}."

        wait_until(missing, timeout_seconds=120, what="The reaper looks", every_seconds=0.5, explain=self._explain)

    def wait_until_nothing_is_held(self, seconds: float = 120) -> None:
        """Wait until everything is handed back."""

        def missing() -> str | None:
            left = {kind: names for kind, names in self.held().items() if names}
            return f"Still there: {left}." if left else None

        wait_until(
            missing,
            timeout_seconds=seconds,
            what="All nodes are handed back",
            every_seconds=0.5,
            explain=self._explain,
        )

    def _explain(self) -> str:
        """Return the lines that help to find out why nodes are not handed back."""
        kubectl, where = self.jobs.kubectl, ("--namespace", self.jobs.operator.namespace)
        jobs = kubectl("get", "cronjobs,jobs,pods,leases", *where, "--output=wide")
        events = kubectl("events", *where)
        log = kubectl("logs", *where, "--selector=app.kubernetes.io/component=reaper", "--tail=30")
        return f"{jobs}\n{events[-3000:]}\nreaper:\n{log}"
