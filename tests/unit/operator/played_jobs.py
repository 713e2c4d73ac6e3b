"""The whole operator on virtual time, over an API server in memory whose Job controller and kubelets are played here.

What is real: the operator's parts, its work queue, its adapters. What comes from where and when is as it was seen on a
cluster: pods one after the other, a Job's numbers once a second, whole seconds in a pod's status.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from kubernetes.aio.client import Configuration

from gridfold.api import labels
from gridfold.api.handoff import CellReport, Outcome, PrepareReport, RankedReport, RefitReport, Report, encode_report
from gridfold.api.status import DatasetStatus, Resolved
from gridfold.domain.conditions import format_time
from gridfold.domain.grid import Grid, format_ranges
from gridfold_operator import handlers, operator_process
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document
from gridfold_operator.operator_process import Operator
from gridfold_operator.settings import OperatorSettings, TrainerSettings
from gridfold_operator.together import run_together
from tests.contract.fake_cluster import VALID_SPEC
from tests.contract.fake_leases import FakeLeaseStore, Shelf
from tests.unit.operator.memory_api import MemoryApi
from tests.unit.operator.virtual_time import run_virtually

NAMESPACE = "team"
INDEX = "batch.kubernetes.io/job-completion-index"
SCORES: dict[str, tuple[float | None, float | None]] = dict.fromkeys(
    ("accuracy", "precision", "recall", "f1"), (0.5, 0.1)
)


def grid_of(cells: int) -> list[dict[str, list[float]]]:
    """Return a grid of so many cells; of more than 1000 (as many as an axis may have) a multiple of that."""
    axis = [float(number + 1) for number in range(min(cells, 1000))]
    return [{"C": axis, "tol": [0.001 * (number + 1) for number in range(-(-cells // 1000))]}]


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds."""

    prepare: float = 5.0
    cell: float = 2.0
    refit: float = 5.0
    start: float = 0.8  #: of a container whose pod has a node
    between: float = 0.01  #: of two pods that a Job makes
    sync: float = 1.0  #: of a Job's numbers


@dataclass
class Played:
    """A cluster, its operator and what happens in it."""

    pace: Pace = field(default_factory=Pace)
    seen: list[Document] = field(default_factory=list)  #: every status that was written

    def __post_init__(self) -> None:
        self.api = MemoryApi(self.now)
        self.api.documents[paths.namespace(NAMESPACE)] = {"metadata": {"name": NAMESPACE, "uid": NAMESPACE}}
        self.shelf = Shelf()
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        """Return the time of the loop."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())

    def run(
        self,
        monkeypatch: pytest.MonkeyPatch,
        story: Callable[[], Awaitable[None]],
        workers: int = 16,
        *,
        leads_at_once: bool = True,
    ) -> None:
        """Let the operator run while a story is told, on virtual time; if wished, it looks for a leader later."""
        settings = OperatorSettings(trainer=TrainerSettings(image="trainer:1"), workers=workers)
        monkeypatch.setattr(operator_process, "KubernetesClient", lambda _configuration, **_: self.api)
        monkeypatch.setattr(operator_process, "SystemClock", lambda: self)
        monkeypatch.setattr(operator_process, "monotonic_seconds", lambda: asyncio.get_running_loop().time())
        monkeypatch.setattr(operator_process, "KubernetesLeaseStore", lambda *_: FakeLeaseStore(self.shelf))
        monkeypatch.setattr(handlers, "watch", self._inform)

        async def all_of_it() -> None:
            self.api.listeners.append(self._play)
            self.operator = Operator(settings, Configuration())
            operator = asyncio.create_task(self._begin(0 if leads_at_once else 1))
            try:
                await story()
            finally:
                for task in (operator, *self._tasks):
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await operator

        run_virtually(all_of_it())

    async def _begin(self, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        await run_together(self.operator._parts())

    def create(self, name: str, cells: int, **execution: Any) -> None:
        """Make a TrainingJob with so many cells."""
        grid = grid_of(cells)
        self.api.put(
            paths.collection(paths.TRAINING_JOBS, "trainingjobs", NAMESPACE),
            {
                "apiVersion": "gridfold.dev/v1alpha1",
                "kind": "TrainingJob",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {**VALID_SPEC, "search": {"grid": grid, "maxCells": 10_000}, "execution": execution},
            },
        )

    def job(self, name: str) -> Document:
        """Return a TrainingJob as it is."""
        return self.api.documents[paths.training_job(NAMESPACE, name)]

    async def until(self, condition: Callable[[], bool], limit_seconds: float = 3600) -> float:
        """Wait until something is so and return how long that took."""
        start = asyncio.get_running_loop().time()
        async with asyncio.timeout(limit_seconds):
            while not condition():
                await asyncio.sleep(0.1)
        return asyncio.get_running_loop().time() - start

    async def rest(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    # ── kopf's part ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _inform(self, registry: Any, _namespace: str, _heed_signals: object) -> None:
        (handler,) = registry._watching.get_all_handlers()
        plural = handler.selector.any_name
        news: asyncio.Queue[tuple[str | None, Document]] = asyncio.Queue()
        for path, document in self.api.documents.items():
            if f"/{plural}/" in path:
                news.put_nowait((None, document))
        self.api.listeners.append(lambda kind, change, doc: news.put_nowait((change, doc)) if kind == plural else None)
        while True:
            change, document = await news.get()
            await handler.fn(type=change, body=document)

    # ── the Job controller's and the kubelets' part ──────────────────────────────────────────────────────────────

    def _play(self, kind: str, change: str, document: Document) -> None:
        if kind == "jobs" and change == "ADDED":
            self._spawn(_JobController(self, document).run())
        if kind == "trainingjobs" and document.get("status"):
            self.seen.append(document["status"])

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run_pod(self, path: str, message: str, seconds: float) -> None:
        """Let a pod get a node, start, run and end well."""
        scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": format_time(self.now())}
        self._set(path, phase="Pending", conditions=[scheduled])
        await asyncio.sleep(self.pace.start)
        started = format_time(self.now())
        self._set(path, phase="Running", containerStatuses=[_container("running", startedAt=started)])
        await asyncio.sleep(seconds)
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": format_time(self.now())}
        self._set(path, phase="Succeeded", containerStatuses=[_container("terminated", **ended, message=message)])

    def _set(self, path: str, **status: Any) -> None:
        if document := self.api.documents.get(path):
            self.api.change(path, {**document, "status": {**document.get("status", {}), **status}})

    def set_status(self, path: str, **status: Any) -> bool:
        """Write into an object's status; tell whether the object is there."""
        self._set(path, **status)
        return path in self.api.documents


class _JobController:
    """One Job as the Job controller sees it. Everything ends well."""

    def __init__(self, played: Played, job: Document) -> None:
        self._played, self._job = played, job
        self._name = job["metadata"]["name"]
        self._path = paths.job(NAMESPACE, self._name)
        self._stage = job["metadata"]["labels"][labels.STAGE]
        owner = paths.training_job(NAMESPACE, job["metadata"]["ownerReferences"][0]["name"])
        self._total = Grid.of(played.api.documents[owner]["spec"]["search"]["grid"]).size
        self._made: list[str] = []

    async def run(self) -> None:
        pace, total = self._played.pace, self._job["spec"].get("completions", 1)
        await asyncio.sleep(0.1)
        while self._path in self._played.api.documents:
            done = [index for index, path in enumerate(self._made) if self._is_over(path)]
            if len(done) == total:
                break
            at_once = self._played.api.documents[self._path]["spec"].get("parallelism", 1)
            while len(self._made) < total and len(self._made) - len(done) < at_once:
                self._make_pod(len(self._made))
                await asyncio.sleep(pace.between)
            active = len(self._made) - len(done)
            self._tell(active=active, succeeded=len(done), completedIndexes=format_ranges(done))
            await asyncio.sleep(pace.sync)
        over = {"active": 0, "succeeded": total, "completedIndexes": format_ranges(range(total))}
        self._tell(**over, conditions=[{"type": "SuccessCriteriaMet", "status": "True"}])
        await asyncio.sleep(0.05)
        self._tell(conditions=[{"type": kind, "status": "True"} for kind in ("SuccessCriteriaMet", "Complete")])

    def _tell(self, **status: Any) -> None:
        self._played.set_status(self._path, **status)

    def _is_over(self, path: str) -> bool:
        found = self._played.api.documents.get(path)
        return found is not None and found["status"]["phase"] == "Succeeded"

    def _make_pod(self, index: int) -> None:
        template = self._job["spec"]["template"]["metadata"]
        name = f"{self._name}-{index}"
        owner = {"kind": "Job", "name": self._name, "uid": self._job["metadata"]["uid"], "controller": True}
        collection = paths.collection(paths.CORE, "pods", NAMESPACE)
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
            "labels": template["labels"],
            "annotations": {**template["annotations"], INDEX: str(index)},
            "ownerReferences": [owner],
        }
        self._played.api.put(collection, {"metadata": metadata, "status": {"phase": "Pending"}})
        self._made.append(f"{collection}/{name}")
        seconds = getattr(self._played.pace, self._stage)
        message = encode_report(_report(self._stage, index, self._total))
        self._played._spawn(self._played.run_pod(self._made[-1], message, seconds))


def _container(state: str, **fields: Any) -> Document:
    return {"name": "trainer", "state": {state: fields}}


def _report(stage: str, cell: int, total: int) -> Report:
    if stage == "prepare":
        dataset = DatasetStatus(rows=100, columns=3, digest="d", split_digest="s")
        resolved = Resolved(objective="f1", metrics=["f1"])
        return PrepareReport(digest="d", environment="e", dataset=dataset, resolved=resolved, total=total)
    if stage == "cell":
        return CellReport(cell=cell, key=f"k{cell}", outcome=Outcome.SUCCEEDED, scores=SCORES, fit_seconds=1.5)
    board = [RankedReport(cell=number, scores=SCORES) for number in range(min(10, total))]
    ended = partial(RefitReport, best=0, leaderboard=board, infeasible=0, failed=0, results_sha256="")
    return ended(succeeded=total, results_uri="s3://r/")
