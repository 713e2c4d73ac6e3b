"""What a user of `gridfold export` does: print the script, run it here, and hold it against the cluster's results."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e.cluster_jobs import ClusterJobs, Status
from tests.oracle.conftest import FRAMES

RUNNER = Path(__file__).parents[1] / "oracle" / "export_runner.py"
SECONDS = 600


def start(arguments: list[str], **variables: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **variables}
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, f"{out[-2000:]}\n{err[-4000:]}"
    return out


def export(manifest: dict[str, Any], folder: Path) -> None:
    """Write what `gridfold export` prints, as a user would, into a folder of its own."""
    folder.mkdir(parents=True)
    (folder / "JOB.yaml").write_text(json.dumps(manifest), encoding="utf-8")
    printed = finish(start(["-m", "gridfold_cli", "export", str(folder / "JOB.yaml")]))
    (folder / "export.py").write_text(printed, encoding="utf-8")


def execute(folder: Path, keys: tuple[str, str], **variables: str) -> subprocess.Popen[str]:
    """Start all exported scripts below a folder, with the credentials that their user has."""
    return start(
        [str(RUNNER), str(folder), "export.py"],
        AWS_ACCESS_KEY_ID=keys[0],
        AWS_SECRET_ACCESS_KEY=keys[1],
        PYTHONPATH=str(FRAMES),
        **variables,
    )


def download(jobs: ClusterJobs, status: Status, folder: Path) -> None:
    """Bring the results of a run here, in the layout that they have in the bucket."""
    prefix = status["results"]["uri"].removeprefix(f"{jobs.bucket.uri}/")
    target = folder / "out" / "runs" / prefix.rstrip("/").rpartition("/")[2]
    target.mkdir(parents=True)
    for key in jobs.bucket.list_keys(prefix):
        jobs.bucket.client.download_file(jobs.bucket.name, key, str(target / key.removeprefix(prefix)))
