"""The operator as a process of its own that counts its API calls and how long its reconciles take.

usage: python -m tests.benchmarks.counted_operator SETTINGS REPORT [STAGE=SECONDS …]

REPORT is written again every second. Simulated pods of a STAGE take SECONDS; of the others they end at once.
"""

import asyncio
import json
import signal
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from gridfold.api.handoff import (
    CellReport,
    Outcome,
    PrepareReport,
    RankedReport,
    RefitReport,
    Report,
    Stage,
    encode_report,
)
from gridfold.api.status import DatasetStatus, Resolved
from gridfold.domain.grid import cell_count
from gridfold.domain.plan import StartStage
from gridfold.engine.ports import JobKey
from gridfold_operator import operator_process
from gridfold_operator.adapters.kubernetes import cluster
from gridfold_operator.adapters.kubernetes.client import load_configuration
from gridfold_operator.manifests import build_stage_manifest, build_wave_manifest
from gridfold_operator.reconciler import Reconciler
from gridfold_operator.settings import load_settings

SCORES: dict[str, tuple[float | None, float | None]] = dict.fromkeys(
    ("accuracy", "precision", "recall", "f1"), (0.5, 0.1)
)


#: Annotations of simulated pods.
MESSAGE, RUNS_FOR = "testbed.gridfold.dev/message", "testbed.gridfold.dev/runs-for"
STAGE_SECONDS = dict(argument.split("=") for argument in sys.argv[3:])


def speaking_wave(*arguments: Any) -> dict[str, Any]:
    """Return a wave whose simulated pods end with a message as long as a cell's."""
    report = CellReport(cell=0, key="k" * 64, outcome=Outcome.SUCCEEDED, scores=SCORES, fit_seconds=1.5)
    return _speaking(build_wave_manifest(*arguments), report, Stage.CELL)


def speaking_stage(owner: Any, action: StartStage, *rest: Any) -> dict[str, Any]:
    """Return a prepare or refit whose simulated pod ends with what that stage would say."""
    total = cell_count(action.input.spec.search)
    report = _prepared(total) if action.stage is Stage.PREPARE else _refitted(total)
    return _speaking(build_stage_manifest(owner, action, *rest), report, action.stage)


def _speaking(manifest: dict[str, Any], report: Report, stage: Stage) -> dict[str, Any]:
    annotations = manifest["spec"]["template"]["metadata"]["annotations"]
    annotations[MESSAGE] = encode_report(report)
    if stage in STAGE_SECONDS:
        annotations[RUNS_FOR] = f"{STAGE_SECONDS[stage]}s"
    return manifest


def _prepared(total: int) -> Report:
    dataset = DatasetStatus(rows=100, columns=3, digest="d", split_digest="s")
    resolved = Resolved(objective="f1", metrics=["f1"])
    return PrepareReport(digest="d", environment="e", dataset=dataset, resolved=resolved, total=total)


def _refitted(total: int) -> Report:
    board = [RankedReport(cell=cell, scores=SCORES) for cell in range(10)]
    return RefitReport(
        best=0, leaderboard=board, succeeded=total, infeasible=0, failed=0, results_uri="s3://r/", results_sha256=""
    )


#: Plural names at the end of a path to a list.
LISTS = frozenset({"trainingjobs", "jobs", "pods", "events", "configmaps"})


def _call(method: str, url: str) -> str:
    """Return a request as its verb and kind: "POST jobs", "PATCH status", "LIST pods"."""
    path, _, query = url.partition("?")
    *parents, last = path.rstrip("/").split("/")
    kind = last if last in LISTS | {"status"} else (parents or [last])[-1]
    if method != "GET":
        return f"{method} {kind}"
    verb = "WATCH" if "watch=true" in query else "LIST" if last in LISTS else "GET"
    return f"{verb} {kind}"


async def main(settings: str, report: Path) -> None:
    """Run the operator for ever."""
    heed_signals = partial(signal.signal, signal.SIGTERM, signal.SIG_DFL)
    calls: Counter[str] = Counter()
    seconds: list[float] = []

    ask = aiohttp.ClientSession._request

    async def count(session: aiohttp.ClientSession, method: str, url: Any, **rest: Any) -> aiohttp.ClientResponse:
        calls[_call(method, str(url))] += 1
        return await ask(session, method, url, **rest)

    class Timed(Reconciler):
        async def __call__(self, key: JobKey) -> None:
            start = asyncio.get_running_loop().time()
            await super().__call__(key)
            seconds.append(asyncio.get_running_loop().time() - start)

    cluster.build_wave_manifest = speaking_wave  # type: ignore[attr-defined]
    cluster.build_stage_manifest = speaking_stage  # type: ignore[attr-defined]
    operator_process.Reconciler = Timed  # type: ignore[misc,attr-defined]
    aiohttp.ClientSession._request = count  # type: ignore[method-assign,assignment] # kopf's sessions, too
    running = operator_process.Operator(load_settings(settings), await load_configuration(), heed_signals).run()
    operator = asyncio.create_task(running)
    while not operator.done():
        part = report.with_suffix(".part")  # renamed when it is whole: the report is read meanwhile
        part.write_text(json.dumps({"calls": calls, "seconds": seconds}))
        part.replace(report)
        await asyncio.sleep(1)
    await operator


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
