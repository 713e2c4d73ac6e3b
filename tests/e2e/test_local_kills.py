"""`gridfold run` killed by SIGKILL at drawn moments and started again: the same results, and nothing stays behind.

`GRIDFOLD_CHAOS=50 pytest tests/e2e/test_local_kills.py` kills at so many moments (`make chaos-local`).
"""

import contextlib
import json
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.local_jobs import LocalJob
from tests.unit.cli.processes import wait_until

MOMENTS = int(os.environ.get("GRIDFOLD_CHAOS", "5"))
#: A run is made up of prepare, four cells that two fits of half a second serve, and refit.
SPEC = {
    "estimator": {"className": "sklearn.ensemble.RandomForestClassifier", "parameters": {"random_state": 0}},
    "search": {"grid": [{"n_estimators": [80, 160], "min_samples_leaf": [1, 2]}]},
    "execution": {"parallelism": 2},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], float]:
    """The digests of a run that nobody disturbs, and how many seconds it takes."""
    job = LocalJob(tmp_path_factory.mktemp("whole"))
    job.write(**SPEC)
    begun = time.monotonic()
    code, _, err = job.run()
    assert code == 0, err
    return digests(job), time.monotonic() - begun


@pytest.fixture
def job(tmp_path: Path) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path)
    yield job
    job.close()


def digests(job: LocalJob) -> dict[str, str]:
    """Return what must be the same in every run: each cell's key with its scores, and what refit found and left."""
    found = {}
    for path in (job.folder / "out/cache/cells").glob("*.json"):
        result = json.loads(path.read_text())
        found[path.name] = json.dumps(result["scores"], sort_keys=True)
    status = json.loads((job.results() / "status.json").read_text())
    # Not the model's file: skops writes the numbers of objects in memory into it.
    return found | {part: json.dumps(status[part]) for part in ("cells", "best", "validation", "test", "leaderboard")}


def listens(job: LocalJob) -> bool:
    """Tell whether a process of the trainer catches SIGTERM: the server does, the first of them, when it listens."""
    for pid in job.trainers():
        with contextlib.suppress(OSError):
            caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
            if caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
                return True
    return False


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_run_that_is_killed_at_any_moment_and_started_again_ends_the_same(
    job: LocalJob, whole: tuple[dict[str, str], float], moment: int
) -> None:
    expected, seconds = whole
    job.write(**SPEC)
    process = job.start()
    # Strata of the run's length: the moments are spread over all of it.
    time.sleep(seconds * (moment + random.Random(moment).random()) / MOMENTS)
    # Before its server listens, nobody is there who could remove the folder of a run that is killed.
    wait_until(lambda: process.poll() is not None or not [*(job.folder / "tmp").glob("gridfold-*")] or listens(job))
    process.kill()
    job.finish(process)
    wait_until(lambda: job.trainers() == {}, seconds=20)
    kept = job.cells()
    code, _, err = job.run()
    assert code == 0, err
    assert kept.items() <= job.cells().items(), "a cell was computed again whose result was there"
    assert digests(job) == expected
    assert job.trainers() == {}
    assert list((job.folder / "tmp").iterdir()) == []
    assert [path.name for path in (job.folder / "out").rglob("*part*")] == []
