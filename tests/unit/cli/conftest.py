"""A command line with a trainer that computes nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.api_server import MemoryCluster, kubeconfig, serving
from tests.unit.cli.cluster_cli import Cli

FAKE_TRAINER = str(Path(__file__).with_name("fake_trainer.py"))
DRIVER = f"""
import sys
from functools import partial
import gridfold_cli.commands.run as run
run.run_job = partial(run.run_job, command=(sys.executable, "-S", {FAKE_TRAINER!r}))
from gridfold_cli.__main__ import main
main()
"""
Gridfold = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def write_job(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Write a resource into a file (JSON is YAML)."""

    def write(resource: dict[str, Any]) -> Path:
        path = tmp_path / "JOB.yaml"
        path.write_text(json.dumps(resource))
        return path

    return write


@pytest.fixture
def gridfold(tmp_path: Path) -> Iterator[Gridfold]:
    """Start the command line in a process of its own, with temporary folders below tmp_path/tmp."""
    started: list[subprocess.Popen[str]] = []
    inherited = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    (tmp_path / "tmp").mkdir()

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**inherited, "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path / "tmp")},
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """The command line, with an API server in memory as its cluster."""
    with serving(MemoryCluster()) as cluster:
        made = Cli(cluster, kubeconfig(tmp_path / "kubeconfig", cluster.host), tmp_path)
        yield made
        for process in made.started:
            if process.poll() is None:
                process.kill()
                process.communicate()
