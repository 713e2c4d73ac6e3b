"""`make benchmark-scale`: the operator with very many cells and very many jobs; PARTS chooses (one many rest pairs).

The real operator (a process of its own), API server and Job controller. Cells end by themselves on simulated nodes;
prepare and refit are played here. Takes about twenty minutes on two cores. Needs the testbed.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gridfold.api import labels
from gridfold.api.handoff import PrepareReport, RankedReport, RefitReport, encode_report
from gridfold.api.status import DatasetStatus, Resolved
from gridfold.api.validation import parse_training_job
from gridfold.domain.keys import run_digest
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, Document, KubernetesClient
from tests.benchmarks.counted_operator import SCORES
from tests.benchmarks.operator_latency import _configuration
from tests.benchmarks.table import Row, ratio
from tests.cluster.kind import ensure_kind
from tests.contract.fake_cluster import VALID_SPEC
from tests.testbed.api import Testbed
from tests.testbed.kubectl import Kubectl
from tests.testbed.shell import environment
from tests.testbed.simulated import Placement, simulated_nodes

LIMIT_SECONDS = 900
PARALLELISM = 300
NODES = 4
PAIRS = 5
PAIR_CELLS = 2000
QUIET_SECONDS = 130
SMALL = {"resources": {"requests": {"cpu": "10m"}, "limits": {}}}
NOWHERE = {"resources": {"requests": {"cpu": "10000"}, "limits": {}}}


def measure() -> list[Row]:
    """Run the parts that the variable PARTS names, or all."""
    bed = Testbed.of_environment()
    with bed.borrowed():
        kubectl = Kubectl.of(bed.instance())
        ensure_kind(kubectl)
        wanted = os.environ.get("PARTS", "").split() or list(PARTS)
        rows: list[Row] = []
        for name in wanted:
            found = asyncio.run(_part(kubectl, PARTS[name]))
            print(*found, sep="\n", file=sys.stderr, flush=True)
            rows += found
        return rows


async def _part(kubectl: Kubectl, part: Callable[["Bench"], Any]) -> list[Row]:
    namespace = f"scale-{secrets.token_hex(3)}"
    kubectl("create", "namespace", namespace)
    client = KubernetesClient(await _configuration(str(kubectl.kubeconfig)))
    try:
        with simulated_nodes(kubectl, namespace, NODES, cpu="1000", memory="1Ti") as place:
            bench = Bench(kubectl, client, namespace, place)
            player = asyncio.create_task(bench.play())
            try:
                rows: list[Row] = await part(bench)
            finally:
                player.cancel()
                with suppress(asyncio.CancelledError):
                    await player
        return rows
    finally:
        await client.close()
        kubectl("delete", "namespace", namespace, "--timeout=300s")


@dataclass(frozen=True)
class Counted:
    """A running operator that counts."""

    process: subprocess.Popen[str]
    report: Path

    def calls(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.report.read_text())["calls"]
        return found

    def writes(self) -> int:
        return sum(number for verb, number in self.calls().items() if verb in {"POST", "PATCH", "DELETE", "PUT"})

    def p99_ms(self) -> float:
        seconds = sorted(json.loads(self.report.read_text())["seconds"])
        return 1000 * seconds[int(len(seconds) * 0.99)] if seconds else 0.0

    def peak_mib(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@dataclass(frozen=True)
class Bench:
    """A namespace with simulated nodes for cells, whose prepare and refit pods are ended here."""

    kubectl: Kubectl
    client: KubernetesClient
    namespace: str
    place: Placement

    def path(self, group: str, plural: str) -> str:
        return paths.collection(group, plural, self.namespace)

    async def play(self) -> None:
        """End every prepare and refit pod that comes; the number of cells stands in the job's name."""
        path, selector = self.path(paths.CORE, "pods"), f"{labels.STAGE} in (prepare,refit)"
        version = (await self.client.get(path, limit="1"))["metadata"]["resourceVersion"]
        while True:
            async with aclosing(self.client.watch(path, version, LIMIT_SECONDS, labelSelector=selector)) as changes:
                async for kind, pod in changes:
                    version = pod["metadata"]["resourceVersion"]
                    if kind == "ADDED":
                        await self._end(pod)

    async def _end(self, pod: Document) -> None:
        metadata = pod["metadata"]
        total = int(metadata["annotations"][labels.JOB].partition("-")[0])
        message = _prepared(total) if metadata["labels"][labels.STAGE] == "prepare" else _refitted(total)
        terminated = {"exitCode": 0, "reason": "Completed", "message": message}
        container = {"name": "trainer", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
        status = {"phase": "Succeeded", "containerStatuses": [{**container, "state": {"terminated": terminated}}]}
        path = f"{self.path(paths.CORE, 'pods')}/{metadata['name']}/status"
        await self.client.patch(path, {"status": status}, MERGE_PATCH)

    def document(self, name: str, cells: int, **spec: Any) -> Document:
        template = {"nodeSelector": self.place.node_selector, "tolerations": self.place.tolerations}
        execution = {**SMALL, "template": template, "parallelism": PARALLELISM, "prepare": NOWHERE, "refit": NOWHERE}
        search = {"grid": [{"C": [float(cell + 1) for cell in range(cells)]}], "maxCells": 10_000}
        return {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": f"{cells}-{name}", "namespace": self.namespace},
            "spec": {**VALID_SPEC, "search": search, "execution": execution, **spec},
        }

    async def create(self, document: Document) -> Document:
        return await self.client.create(self.path(paths.TRAINING_JOBS, "trainingjobs"), document)

    async def wait_for(self, jobs: int) -> float:
        """Wait until so many jobs are complete and return how long that took."""
        start = asyncio.get_running_loop().time()
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                found = await self.client.items(self.path(paths.TRAINING_JOBS, "trainingjobs"))
                states = [one.get("status", {}).get("state") for one in found]
                if "Failed" in states:
                    raise AssertionError(next(o["status"] for o in found if o["status"]["state"] == "Failed"))
                if states.count("Complete") >= jobs:
                    return asyncio.get_running_loop().time() - start
                await asyncio.sleep(1)

    async def wave_seconds(self, name: str) -> float:
        """Return how long a finished Indexed Job took, by its own account."""
        status = (await self.client.get(paths.job(self.namespace, name)))["status"]
        start, end = (datetime.fromisoformat(status[key]) for key in ("startTime", "completionTime"))
        return max(1.0, (end - start).total_seconds())

    @contextmanager
    def operator(self) -> Iterator[Counted]:
        """Have the operator run in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            settings, report = Path(folder) / "settings.yaml", Path(folder) / "report.json"
            document = {"trainer": {"image": "never-pulled:1"}, "watchNamespaces": [self.namespace], "probePort": 0}
            settings.write_text(json.dumps(document | {"logLevel": "WARNING"}))
            report.write_text('{"calls": {}, "seconds": []}')
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.counted_operator", str(settings), str(report)],
                env=environment(KUBECONFIG=str(self.kubectl.kubeconfig)),
                text=True,
            )
            try:
                yield Counted(process, report)
            finally:
                process.terminate()
                process.wait()


def _prepared(total: int) -> str:
    dataset = DatasetStatus(rows=100, columns=3, digest="d", split_digest="s")
    resolved = Resolved(objective="f1", metrics=["f1"])
    return encode_report(PrepareReport(digest="d", environment="e", dataset=dataset, resolved=resolved, total=total))


def _refitted(total: int) -> str:
    board = [RankedReport(cell=cell, scores=SCORES) for cell in range(10)]
    report = RefitReport(
        best=0, leaderboard=board, succeeded=total, infeasible=0, failed=0, results_uri="s3://r/", results_sha256=""
    )
    return encode_report(report)


async def _one(bench: Bench) -> list[Row]:
    """10,000 cells in one job."""
    cells = int(os.environ.get("CELLS", "10000"))
    with bench.operator() as operator:
        await bench.create(bench.document("big", cells))
        seconds = await bench.wait_for(1)
        (job,) = await bench.client.items(bench.path(paths.TRAINING_JOBS, "trainingjobs"))
        size = len(json.dumps(job, separators=(",", ":")).encode()) / 1024
        note = f"{cells} cells, one job"
        return [
            Row("cells per second, prepare and refit included", f"{cells / seconds:.1f}", "", note),
            Row("TrainingJob (KiB)", f"{size:.0f}", "< 256", note),
            Row("operator's peak memory (MiB)", f"{operator.peak_mib():.0f}", "< 256", note),
            Row("API writes per cell", f"{operator.writes() / cells:.4f}", "< 0.1", note),
            Row("99th percentile of a reconcile (ms)", f"{operator.p99_ms():.0f}", "", note),
        ]


async def _many(bench: Bench) -> list[Row]:
    """200 jobs of 20 cells at once."""
    jobs, cells = int(os.environ.get("JOBS", "200")), 20
    with bench.operator() as operator:
        await asyncio.gather(*(bench.create(bench.document(f"j{number}", cells)) for number in range(jobs)))
        seconds = await bench.wait_for(jobs)
        note = f"{jobs} jobs of {cells} cells at once"
        return [
            Row("jobs per minute", f"{60 * jobs / seconds:.0f}", "", note),
            Row("operator's peak memory (MiB)", f"{operator.peak_mib():.0f}", "< 256", note),
            Row("API writes per job", f"{operator.writes() / jobs:.1f}", "≤ 20", note),
            Row("99th percentile of a reconcile (ms)", f"{operator.p99_ms():.0f}", "", note),
        ]


async def _rest(bench: Bench) -> list[Row]:
    """200 refused and 1,000 finished jobs, of which nobody wants anything."""
    for number in range(200):
        search = {"grid": [{"C": [1, 2]}], "maxCells": 1}
        await bench.create(bench.document(f"refused{number}", 2, search=search))
    for number in range(1000):
        await _finished(bench, await bench.create(bench.document(f"finished{number}", 2)))
    with bench.operator() as operator:
        await _settle(operator)
        before = operator.calls()
        await asyncio.sleep(QUIET_SECONDS)
        after = operator.calls()
        spent = {verb: after[verb] - before.get(verb, 0) for verb in after if after[verb] != before.get(verb, 0)}
        note = f"1,000 finished and 200 refused jobs for {QUIET_SECONDS} s: {spent}"
        writes = sum(number for verb, number in spent.items() if verb not in {"GET", "LIST", "WATCH"})
        minutes = QUIET_SECONDS / 60
        return [
            Row("API writes at rest", str(writes), "0", note),
            Row("lists a minute at rest", f"{spent.get('LIST', 0) / minutes:.1f}", "≤ 1", note),
            Row("gets a minute at rest", f"{spent.get('GET', 0) / minutes:.1f}", "0", note),
            Row("operator's peak memory (MiB)", f"{operator.peak_mib():.0f}", "< 256", note),
        ]


async def _finished(bench: Bench, document: Document) -> None:
    metadata = document["metadata"]
    spec = parse_training_job({key: document[key] for key in ("apiVersion", "kind", "metadata", "spec")}).spec
    done = {"type": "Complete", "status": "True", "reason": "Completed", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {
        "observedGeneration": metadata["generation"],
        "state": "Complete",
        "runDigest": run_digest(metadata["uid"], spec),
        "conditions": [{**done, "message": "cell 0 of 2 won"}],
    }
    path = f"{paths.training_job(bench.namespace, metadata['name'])}/status"
    await bench.client.patch(path, {"status": status}, MERGE_PATCH)


async def _settle(operator: Counted) -> None:
    """Wait until the operator has looked at everything: no call but watches for 20 seconds."""
    last, quiet = -1, 0
    async with asyncio.timeout(LIMIT_SECONDS):
        while quiet < 20:
            await asyncio.sleep(1)
            now = sum(number for verb, number in operator.calls().items() if verb in {"GET", "PATCH", "POST"})
            quiet = quiet + 1 if now == last and now else 0
            last = now


async def _pairs(bench: Bench) -> list[Row]:
    """The same cells by a TrainingJob and by an Indexed Job that is made by hand, in turn."""
    pairs: list[tuple[float, float]] = []
    with bench.operator():
        for number in range(int(os.environ.get("PAIRS", str(PAIRS)))):
            await bench.create(bench.document(f"p{number}", PAIR_CELLS))
            await bench.wait_for(number + 1)
            selector = f"{labels.JOB}={PAIR_CELLS}-p{number},{labels.STAGE}=cell"
            (wave,) = await bench.client.items(bench.path(paths.BATCH, "jobs"), labelSelector=selector)
            ours = await bench.wave_seconds(wave["metadata"]["name"])
            pairs.append((PAIR_CELLS / ours, PAIR_CELLS / await _by_hand(bench, wave, number)))
    return [ratio("cells per second ÷ of the same Indexed Job by hand", "≥ 0.9", pairs, "cells/s")]


async def _by_hand(bench: Bench, wave: Document, number: int) -> float:
    """Run a wave's Job once more as nobody's, and return how long it took."""
    name = f"by-hand-{number}"
    template = wave["spec"]["template"]
    pod = {"metadata": {"annotations": template["metadata"]["annotations"]}, "spec": template["spec"]}
    kept = ("completions", "parallelism", "completionMode", "backoffLimitPerIndex", "podFailurePolicy")
    spec = {**{key: wave["spec"][key] for key in kept}, "template": pod}
    document = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}
    await bench.client.create(bench.path(paths.BATCH, "jobs"), document)
    async with asyncio.timeout(LIMIT_SECONDS):
        while not (await bench.client.get(paths.job(bench.namespace, name)))["status"].get("completionTime"):
            await asyncio.sleep(1)
    return await bench.wave_seconds(name)


PARTS: dict[str, Callable[[Bench], Any]] = {"rest": _rest, "many": _many, "pairs": _pairs, "one": _one}
