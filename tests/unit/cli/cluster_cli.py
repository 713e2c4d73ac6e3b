"""The command line with an API server in memory as its cluster, and statuses for it."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gridfold_cli.__main__ import main
from gridfold_cli.cluster import following
from tests.unit.cli.api_server import MemoryCluster
from tests.unit.cli.jobs import document, with_spec


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass
class Cli:
    """`gridfold`, called here or started in a process of its own."""

    cluster: MemoryCluster
    kubeconfig: Path
    folder: Path
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder), "TERM": "xterm"}

    def __call__(self, *arguments: object) -> Done:
        """Call the command line in this process: to start one takes most of a second."""
        out, err, before = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGINT)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.environment().items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["gridfold", *map(str, arguments)])
            patch.setattr(following, "TICK_SECONDS", 0.5)
            try:
                main()
            except SystemExit as end:
                return Done(int(end.code or 0), out.getvalue(), err.getvalue())
            finally:
                signal.signal(signal.SIGINT, before)
        raise AssertionError("main does not return")

    def start(self, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        process = subprocess.Popen(
            [sys.executable, "-m", "gridfold_cli", *map(str, arguments)],
            env=self.environment(),
            cwd=self.folder,
            **pipes,
        )
        self.started.append(process)
        return process

    @staticmethod
    def wait_for(so: Callable[[], object], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < end, "it has not come"
            time.sleep(0.02)


def s3_job(cells: int = 3) -> dict[str, Any]:
    return with_spec(
        document(cells),
        dataset={"sources": [{"uri": "s3://data/table.csv"}], "target": "y"},
        output={"uri": "s3://models/small/"},
    )


def _condition(kind: str, status: str, reason: str = "Said", message: str = "") -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def _ranked(cell: int) -> dict[str, Any]:
    scores = {"f1": {"mean": f"0.{9 - cell}000", "std": "0.0100"}}
    return {"cell": cell, "score": f"0.{9 - cell}000", "parameters": {"C": str(0.5 + cell)}, "scores": scores}


def running(finished: int, total: int) -> dict[str, Any]:
    return {
        "observedGeneration": 1,
        "state": "Running",
        "objective": "f1",
        "progress": f"{finished}/{total}",
        "cells": {"total": total, "succeeded": finished, "running": 1, "pending": total - finished - 1},
        "conditions": [_condition("Accepted", "True"), _condition("Running", "True", "Searching", "1 pod runs")],
    }


def complete(total: int, targets: str = "True") -> dict[str, Any]:
    return {
        "observedGeneration": 1,
        "state": "Complete",
        "objective": "f1",
        "progress": f"{total}/{total}",
        "cells": {"total": total, "succeeded": total},
        "best": _ranked(total - 1),
        "leaderboard": [_ranked(cell) for cell in reversed(range(total))],
        "validation": {"f1": "0.8750"},
        "results": {"uri": "s3://models/small/runs/1-00000000/", "sha256": "0" * 64},
        "conditions": [
            _condition("Accepted", "True"),
            _condition("TargetsMet", targets, "Said", "f1 ≥ 0.5"),
            _condition("Complete", "True", "Completed", f"cell {total - 1} of {total} won"),
        ],
    }


def failed(reason: str, message: str, *, accepted: bool = True) -> dict[str, Any]:
    return {
        "observedGeneration": 1,
        "state": "Failed",
        "reason": reason,
        "conditions": [_condition("Accepted", str(accepted)), _condition("Failed", "True", reason, message)],
    }
