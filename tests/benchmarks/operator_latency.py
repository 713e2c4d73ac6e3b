"""How long the operator itself takes from one stage to the next, and how often it writes to the API server.

The real operator, API server and Job controller; the pods are played (their ends are written into their status), so
that neither images nor scikit-learn are measured. Needs the testbed, or a cluster that KUBECONFIG names.
"""

import asyncio
import secrets
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from gridfold.api import labels
from gridfold.api.handoff import CellReport, Outcome, PrepareReport, RankedReport, RefitReport, encode_report
from gridfold.api.status import DatasetStatus, Resolved
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, Document, KubernetesClient
from gridfold_operator.operator_process import Operator
from gridfold_operator.settings import OperatorSettings, TrainerSettings
from tests.benchmarks.table import Row
from tests.cluster.kind import ensure_kind
from tests.contract.fake_cluster import VALID_SPEC
from tests.contract.kubernetes_world import NOWHERE
from tests.testbed.api import Testbed
from tests.testbed.kubectl import Kubectl

JOBS = 7
CELLS = 20
LIMIT_SECONDS = 120
INDEX = "batch.kubernetes.io/job-completion-index"
SCORES: dict[str, tuple[float | None, float | None]] = dict.fromkeys(
    ("accuracy", "precision", "recall", "f1"), (0.5, 0.1)
)


def measure() -> list[Row]:
    """Run a few jobs one after the other and return the medians."""
    bed = Testbed.of_environment()
    with bed.borrowed():
        return _rows(Kubectl.of(bed.instance()))


def _rows(kubectl: Kubectl) -> list[Row]:
    ensure_kind(kubectl)
    namespace = f"latency-{secrets.token_hex(3)}"
    kubectl("create", "namespace", namespace)
    try:
        times, writes = asyncio.run(_measure(str(kubectl.kubeconfig), namespace))
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")
    goals = {
        "apply → prepare Job (ms)": lambda t: t["prepare"] - t["applied"],
        "prepare complete → wave Job (ms)": lambda t: t["cell"] - t["prepare complete"],
        "last cell's Job complete → refit Job (ms)": lambda t: t["refit"] - t["cell complete"],
        "refit complete → status Complete (ms)": lambda t: t["done"] - t["refit complete"],
    }
    rows = [Row(name, _spread([1000 * of(t) for t in times]), "< 1000", f"{JOBS} jobs") for name, of in goals.items()]
    return [*rows, Row(f"API writes of a job of {CELLS} cells", _spread(writes), "≤ 20", "Events included")]


def _spread(numbers: list[float]) -> str:
    return f"{statistics.median(numbers):.0f} ({min(numbers):.0f}–{max(numbers):.0f})"


@dataclass
class Play:
    """A cluster whose kubelet is this object: pods end as soon as they are there."""

    client: KubernetesClient
    namespace: str
    writes: Counter[str] = field(default_factory=Counter)
    times: dict[str, dict[str, float]] = field(default_factory=dict)

    async def follow_jobs(self) -> None:
        """Note when which child of which TrainingJob came and completed."""
        async for kind, document in self._changes(paths.collection(paths.BATCH, "jobs", self.namespace)):
            seen = self.times[document["metadata"]["annotations"][labels.JOB]]
            stage = document["metadata"]["labels"][labels.STAGE]
            if kind == "ADDED":
                seen.setdefault(stage, _now())
            conditions = document.get("status", {}).get("conditions") or ()
            if any(c["type"] in {"Complete", "Failed"} and c["status"] == "True" for c in conditions):
                seen.setdefault(f"{stage} complete", _now())

    async def follow_pods(self) -> None:
        """End every pod that comes."""
        async for kind, pod in self._changes(paths.collection(paths.CORE, "pods", self.namespace)):
            if kind == "ADDED" and pod.get("status", {}).get("phase") == "Pending":
                await self._end(pod)

    async def follow_results(self) -> None:
        """Note when a TrainingJob is done."""
        async for _, document in self._changes(paths.collection(paths.TRAINING_JOBS, "trainingjobs", self.namespace)):
            if document.get("status", {}).get("state") in {"Complete", "Failed"}:
                self.times[document["metadata"]["name"]].setdefault("done", _now())

    async def _changes(self, path: str) -> AsyncIterator[tuple[str, Document]]:
        version = (await self.client.get(path, limit="1"))["metadata"]["resourceVersion"]
        async with aclosing(self.client.watch(path, version, LIMIT_SECONDS * 2)) as changes:
            async for kind, document in changes:
                if kind != "BOOKMARK":
                    yield kind, document

    async def _end(self, pod: Document) -> None:
        metadata = pod["metadata"]
        terminated = {"exitCode": 0, "reason": "Completed", "message": _message(metadata)}
        container = {"name": "trainer", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
        status = {"phase": "Succeeded", "containerStatuses": [{**container, "state": {"terminated": terminated}}]}
        path = f"{paths.collection(paths.CORE, 'pods', self.namespace)}/{metadata['name']}/status"
        await self.client.patch(path, {"status": status}, MERGE_PATCH)

    async def run_job(self, name: str) -> dict[str, float]:
        """Create a job and return when what happened."""
        grid = [{"C": [float(cell + 1) for cell in range(CELLS)]}]
        document = {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {**VALID_SPEC, "search": {"grid": grid}, "execution": NOWHERE},
        }
        self.times[name] = {"applied": _now()}
        await self.client.create(paths.collection(paths.TRAINING_JOBS, "trainingjobs", self.namespace), document)
        async with asyncio.timeout(LIMIT_SECONDS):
            while "done" not in self.times[name]:
                await asyncio.sleep(0.05)
        return self.times[name]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _message(metadata: dict[str, Any]) -> str:
    """Return what the trainer would say at the end of a pod."""
    stage = metadata["labels"][labels.STAGE]
    if stage == "prepare":
        dataset = DatasetStatus(rows=100, columns=3, digest="d", split_digest="s")
        return encode_report(
            PrepareReport(digest="d", environment="e", dataset=dataset, resolved=Resolved(), total=CELLS)
        )
    if stage == "cell":
        cell = int(metadata["annotations"][INDEX])
        return encode_report(CellReport(cell=cell, key=f"k{cell}", outcome=Outcome.SUCCEEDED, scores=SCORES))
    board = [RankedReport(cell=0, scores=SCORES)]
    return encode_report(
        RefitReport(
            best=0, leaderboard=board, succeeded=CELLS, infeasible=0, failed=0, results_uri="s3://r/", results_sha256=""
        )
    )


async def _configuration(kubeconfig: str) -> Configuration:
    configuration = Configuration()
    await config.load_kube_config(config_file=kubeconfig, client_configuration=configuration)
    return configuration


@asynccontextmanager
async def _operator(kubeconfig: str, namespace: str, writes: Counter[str]) -> AsyncIterator[None]:
    """Run the operator in this process and count what it writes."""

    async def count(_: object, __: object, request: aiohttp.TraceRequestStartParams) -> None:
        if request.method != "GET":
            writes[f"{request.method} {request.url.path}"] += 1

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(count)
    configuration = await _configuration(kubeconfig)
    configuration.trace_configs = [trace]
    settings = OperatorSettings(trainer=TrainerSettings(image="i"), watch_namespaces=(namespace,), probe_port=0)
    task = asyncio.create_task(Operator(settings, configuration).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _measure(kubeconfig: str, namespace: str) -> tuple[list[dict[str, float]], list[float]]:
    client = KubernetesClient(await _configuration(kubeconfig))
    play = Play(client, namespace)
    followers = (play.follow_jobs(), play.follow_pods(), play.follow_results())
    tasks = [asyncio.create_task(follower) for follower in followers]
    times, writes = [], []
    try:
        async with _operator(kubeconfig, namespace, play.writes):
            await play.run_job("warm-up")
            for number in range(JOBS):
                play.writes.clear()
                times.append(await play.run_job(f"job-{number}"))
                writes.append(float(play.writes.total()))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()
    return times, writes
