"""The operator as a process of its own that counts its API calls and how long its reconciles take.

usage: python -m tests.benchmarks.counted_operator SETTINGS REPORT      REPORT is written again every second
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

from gridfold.api.handoff import CellReport, Outcome, encode_report
from gridfold.engine.ports import JobKey
from gridfold_operator import operator_process
from gridfold_operator.adapters.kubernetes import cluster
from gridfold_operator.adapters.kubernetes.client import load_configuration
from gridfold_operator.manifests import build_wave_manifest
from gridfold_operator.reconciler import Reconciler
from gridfold_operator.settings import load_settings

SCORES: dict[str, tuple[float | None, float | None]] = dict.fromkeys(
    ("accuracy", "precision", "recall", "f1"), (0.5, 0.1)
)


def speaking_wave(*arguments: Any) -> dict[str, Any]:
    """Return a wave whose simulated pods end with a message as long as a cell's."""
    manifest = build_wave_manifest(*arguments)
    report = CellReport(cell=0, key="k" * 64, outcome=Outcome.SUCCEEDED, scores=SCORES, fit_seconds=1.5)
    annotations = manifest["spec"]["template"]["metadata"]["annotations"]
    annotations["testbed.gridfold.dev/message"] = encode_report(report)
    return manifest


def _verb(method: str, url: str) -> str:
    path, _, query = url.partition("?")
    if method != "GET":
        return method
    if "watch=true" in query:
        return "WATCH"
    return "LIST" if path.rpartition("/")[2] in {"trainingjobs", "jobs", "pods", "events"} else "GET"


async def main(settings: str, report: Path) -> None:
    """Run the operator for ever."""
    heed_signals = partial(signal.signal, signal.SIGTERM, signal.SIG_DFL)
    calls: Counter[str] = Counter()
    seconds: list[float] = []

    ask = aiohttp.ClientSession._request

    async def count(session: aiohttp.ClientSession, method: str, url: Any, **rest: Any) -> aiohttp.ClientResponse:
        calls[_verb(method, str(url))] += 1
        return await ask(session, method, url, **rest)

    class Timed(Reconciler):
        async def __call__(self, key: JobKey) -> None:
            start = asyncio.get_running_loop().time()
            await super().__call__(key)
            seconds.append(asyncio.get_running_loop().time() - start)

    cluster.build_wave_manifest = speaking_wave  # type: ignore[attr-defined]
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
