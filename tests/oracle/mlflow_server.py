"""A real MLflow server of this machine: SQLite, a temporary folder, and the artifacts through itself."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.unit.trainer.scripted_s3 import free_port

FRAMES, MLFLOW = (Path(sys.prefix) / f"gridfold-{name}" for name in ("frames", "mlflow"))
LIMIT_SECONDS = 180


def environment() -> dict[str, str]:
    """Return what a process needs that imports MLflow, which asks nobody beyond this machine."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(map(str, (MLFLOW, FRAMES))),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


@dataclass
class MlflowServer:
    """The server's process. It takes its time to start: meanwhile other things are done."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> None:
        end = time.monotonic() + LIMIT_SECONDS
        while True:
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=5)
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)

    def log(self) -> str:
        return (self.folder / "log").read_text()


@contextmanager
def started(folder: Path) -> Iterator[MlflowServer]:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *stores], cwd=folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield MlflowServer(folder, port, process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
