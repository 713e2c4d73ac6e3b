"""`make benchmark-scale`: the operator with very many cells and very many jobs; PARTS chooses (one many rest pairs).

The real operator (a process of its own), API server and Job controller. Pods end by themselves on simulated nodes, with
the messages that trainers would leave. Takes about twenty minutes on two cores. Needs the testbed.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gridfold.api import labels
from gridfold.api.validation import parse_training_job
from gridfold.domain.keys import run_digest
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, Document, KubernetesClient
from tests.benchmarks.operator_latency import _configuration
from tests.benchmarks.table import Row, ratio
from tests.cluster.kind import ensure_kind
from tests.contract.fake_cluster import VALID_SPEC
from tests.testbed.api import Testbed
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.shell import environment
from tests.testbed.simulated import Placement, simulated_nodes

LIMIT_SECONDS = 900
PARALLELISM = 300
NODES = 4
PODS = "5000"  #: on each node: whatever is made has room, as nothing here is about the want of it
AXIS = 1000  #: values that an axis of the grid may have
PAIRS = 5
PAIR_CELLS = 2000
QUIET_SECONDS = 130
QUIET_CALLS_SECONDS = 20
WRITES = ("POST", "PATCH", "DELETE", "PUT")
NOTHING: Mapping[str, int] = {}
SMALL = {"resources": {"requests": {"cpu": "10m"}, "limits": {}}}


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
        with simulated_nodes(kubectl, namespace, NODES, cpu="1000", memory="1Ti", pods=PODS) as place:
            rows: list[Row] = await part(Bench(kubectl, client, namespace, place))
        return rows
    finally:
        await client.close()
        _remove(kubectl, namespace)


def _remove(kubectl: Kubectl, namespace: str) -> None:
    """Wait until a namespace is gone, so that its end is no burden of the next part; what was measured stands."""
    try:
        kubectl("delete", "namespace", namespace, "--wait=false")
        kubectl("wait", "--for=delete", f"namespace/{namespace}", "--timeout=100s")
    except TestbedError as error:
        print(f"{namespace} is not gone yet: {error}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Counted:
    """A running operator that counts."""

    process: subprocess.Popen[str]
    report: Path

    def calls(self) -> Counter[str]:
        return Counter(json.loads(self.report.read_text())["calls"])

    async def settle(self) -> None:
        """Wait until nothing is to be done any more: no call but lists and watches for 20 seconds."""
        last, quiet = -1, 0
        async with asyncio.timeout(LIMIT_SECONDS):
            while quiet < QUIET_CALLS_SECONDS:
                await asyncio.sleep(1)
                now = _count(self.calls(), "GET", *WRITES)
                quiet = quiet + 1 if now == last and now else 0
                last = now

    def p99_ms(self) -> float:
        seconds = sorted(json.loads(self.report.read_text())["seconds"])
        return 1000 * seconds[int(len(seconds) * 0.99)] if seconds else 0.0

    def peak_mib(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@dataclass(frozen=True)
class Bench:
    """A namespace with simulated nodes."""

    kubectl: Kubectl
    client: KubernetesClient
    namespace: str
    place: Placement

    def path(self, group: str, plural: str) -> str:
        return paths.collection(group, plural, self.namespace)

    def document(self, name: str, cells: int, **spec: Any) -> Document:
        template = {"nodeSelector": self.place.node_selector, "tolerations": self.place.tolerations}
        execution = {**SMALL, "template": template, "parallelism": PARALLELISM}
        axis = [float(number + 1) for number in range(min(cells, AXIS))]
        grid = {"C": axis, "tol": [0.001 * (number + 1) for number in range(-(-cells // AXIS))]}
        search = {"grid": [grid], "maxCells": 10_000}
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
        while True:
            found = await self.client.items(self.path(paths.TRAINING_JOBS, "trainingjobs"))
            states = Counter(one.get("status", {}).get("state") for one in found)
            if states["Failed"]:
                raise AssertionError(next(o["status"] for o in found if o.get("status", {}).get("state") == "Failed"))
            seconds = asyncio.get_running_loop().time() - start
            if states["Complete"] >= jobs:
                return seconds
            if seconds > LIMIT_SECONDS:
                raise AssertionError(f"after {seconds:.0f} s {states['Complete']} of {jobs} are complete: {states}")
            await asyncio.sleep(max(1.0, jobs / 50))  # all jobs are sent each time

    async def wave_seconds(self, name: str) -> float:
        """Return how long a finished Indexed Job took, by its own account."""
        status = (await self.client.get(paths.job(self.namespace, name)))["status"]
        start, end = (datetime.fromisoformat(status[key]) for key in ("startTime", "completionTime"))
        return max(1.0, (end - start).total_seconds())

    @contextmanager
    def operator(self, stage_seconds: Mapping[str, int] = NOTHING, **more: Any) -> Iterator[Counted]:
        """Have the operator run in a process of its own; pods of the stages that are named take so long."""
        with tempfile.TemporaryDirectory() as folder:
            settings, report = Path(folder) / "settings.yaml", Path(folder) / "report.json"
            document = {"trainer": {"image": "never-pulled:1"}, "watchNamespaces": [self.namespace], "probePort": 0}
            settings.write_text(json.dumps(document | {"logLevel": "WARNING"} | more))
            report.write_text('{"calls": {}, "seconds": []}')
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.benchmarks.counted_operator", str(settings), str(report)),
                    *(f"{stage}={seconds}" for stage, seconds in stage_seconds.items()),
                ],
                env=environment(KUBECONFIG=str(self.kubectl.kubeconfig)),
                text=True,
            )
            try:
                yield Counted(process, report)
            finally:
                process.terminate()
                process.wait()


def _count(calls: Counter[str], *verbs: str) -> int:
    """Return how many calls have one of these verbs."""
    return sum(number for call, number in calls.items() if call.partition(" ")[0] in verbs)


def _told(calls: Counter[str], per: int = 1) -> str:
    """Return calls in words, each divided by a number; watches are no calls that cost anything."""
    counts = {call: round(number / per, 2) for call, number in sorted(calls.items()) if not call.startswith("WATCH")}
    return ", ".join(f"{number:g} {call}" for call, number in counts.items())


async def _one(bench: Bench) -> list[Row]:
    """10,000 cells in one job."""
    cells = int(os.environ.get("CELLS", "10000"))
    with bench.operator() as operator:
        await bench.create(bench.document("big", cells))
        seconds = await bench.wait_for(1)
        (job,) = await bench.client.items(bench.path(paths.TRAINING_JOBS, "trainingjobs"))
        size = len(json.dumps(job, separators=(",", ":")).encode()) / 1024
        await operator.settle()
        calls, note = operator.calls(), f"{cells} cells, one job"
        return [
            Row("cells per second, prepare and refit included", f"{cells / seconds:.1f}", "", note),
            Row("TrainingJob (KiB)", f"{size:.0f}", "< 256", note),
            Row("operator's peak memory (MiB)", f"{operator.peak_mib():.0f}", "< 256", note),
            Row("API writes per cell", f"{_count(calls, *WRITES) / cells:.4f}", "< 0.1", f"{note}: {_told(calls)}"),
            Row("99th percentile of a reconcile (ms)", f"{operator.p99_ms():.0f}", "", note),
        ]


async def _many(bench: Bench) -> list[Row]:
    """200 jobs of 20 cells at once."""
    jobs, cells = int(os.environ.get("JOBS", "200")), 20
    with bench.operator() as operator:
        await asyncio.gather(*(bench.create(bench.document(f"j{number}", cells)) for number in range(jobs)))
        seconds = await bench.wait_for(jobs)
        await operator.settle()
        calls, note = operator.calls(), f"{jobs} jobs of {cells} cells at once"
        return [
            Row("jobs per minute", f"{60 * jobs / seconds:.0f}", "", note),
            Row("operator's peak memory (MiB)", f"{operator.peak_mib():.0f}", "< 256", note),
            Row("API writes per job", f"{_count(calls, *WRITES) / jobs:.1f}", "≤ 20", f"{note}: {_told(calls, jobs)}"),
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
        await operator.settle()
        before = operator.calls()
        await asyncio.sleep(QUIET_SECONDS)
        spent = operator.calls() - before
        note = f"1,000 finished and 200 refused jobs for {QUIET_SECONDS} s: {_told(spent)}"
        minutes = QUIET_SECONDS / 60
        return [
            Row("API writes at rest", str(_count(spent, *WRITES)), "0", note),
            Row("lists a minute at rest", f"{_count(spent, 'LIST') / minutes:.1f}", "≤ 1", note),
            Row("gets a minute at rest", f"{_count(spent, 'GET') / minutes:.1f}", "0", note),
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
