"""What a cell costs beside its fits: one more in a process that runs, beside Ray Tune, among 10,000; and its memory.

usage: python -m tests.benchmarks many_cells      (`make benchmark` makes the environment of Ray)
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gridfold.api.handoff import BASE_FOLDER_VARIABLE, SCRATCH_VARIABLE, StageInput
from gridfold.api.threads import THREAD_VARIABLES
from gridfold.domain.groups import format_groups
from tests.benchmarks.local_grids import GRIDS, Grid, write_job
from tests.benchmarks.local_run import Cost, cost_of
from tests.benchmarks.table import Row, ratio

RUNS = int(os.environ.get("GRIDFOLD_PAIRS", "3"))
RAY = Path(sys.prefix) / "gridfold-ray/bin/python"
FEW, MANY = 20, 120
RAY_TRIALS = """
import sys, time
import ray
from ray import tune

class Trial(tune.Trainable):
    def setup(self, config):
        pass
    def reset_config(self, config):
        return True
    def step(self):
        return {"score": 1.0, "done": True}
    def save_checkpoint(self, folder):
        return {}
    def load_checkpoint(self, state):
        pass

def seconds(trials):
    start = time.monotonic()
    tune.Tuner(
        Trial,
        param_space={"x": tune.grid_search(list(range(trials)))},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(storage_path=sys.argv[1], verbose=0),
    ).fit()
    return time.monotonic() - start

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
few, many = (seconds(int(trials)) for trials in sys.argv[2:])
print("seconds", few, many)
"""
PREPARE = """
import sys
from pathlib import Path
from gridfold.api.handoff import PreparedRun, StageInput
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_trainer import prepare
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_store import FileStore
folder = Path.cwd()
job = TrainingJob.model_validate_json((folder / "JOB.yaml").read_text())
given = StageInput(namespace="bench", name="bench", run_digest="0" * 64, spec=job.spec)
(folder / "scratch").mkdir()
found = prepare.run(given, Context(FileStore(folder), folder / "scratch", folder))
prepared = PreparedRun(
    digest=found.digest, environment=found.environment, resolved=found.resolved,
    split_digest=found.dataset.split_digest,
)
(folder / "job.json").write_text(given.model_copy(update={"prepared": prepared}).model_dump_json(exclude_none=True))
"""
#: Nothing to compute: the most frequent class, whatever the rows are.
TRIVIAL = Grid("", "sklearn.dummy.DummyClassifier", {"random_state": list(range(MANY))}, 200, 3)
TINY = GRIDS["2,000 tiny cells"]


@dataclass(frozen=True)
class Used:
    """What a process of the trainer has used."""

    cpu: float  #: seconds
    mib: float  #: resident at most


def measure() -> list[Row]:
    """Return all ratios."""
    return [_one_more(), _beside_ray(), *_growth(), *(_memory(name) for name in ("forest", "one-hot"))]


def _one_more() -> Row:
    pairs = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as name:
            job = _prepared(TRIVIAL, Path(name))
            one = _run_group(job, Path(name), [0]).cpu
            more = _run_group(job, Path(name), range(1, MANY)).cpu
            pairs.append(((more - one) / (MANY - 2), one))
    return ratio("one more trivial cell in a process that runs ÷ a process of its own, CPU", "≤ 0.06", pairs)


def _beside_ray() -> Row:
    title = (
        f"wall time per trivial cell, gridfold run ÷ Ray Tune with reused actors ({FEW} to {MANY} cells, 2 at a time)"
    )
    if not RAY.exists():
        return Row(title, "not measured", "≤ 0.25", "start it by `make benchmark`, which makes Ray's environment")
    pairs = []
    for _ in range(RUNS):
        few, many = (_whole(replace(TRIVIAL, axes={"random_state": list(range(count))})) for count in (FEW, MANY))
        with tempfile.TemporaryDirectory() as name:
            environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": name}
            told = subprocess.run(
                [str(RAY), "-c", RAY_TRIALS, name, str(FEW), str(MANY)],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
            ).stdout.split()
        peer = float(told[-1]) - float(told[-2])
        pairs.append(((many.wall - few.wall) / (MANY - FEW), peer / (MANY - FEW)))
    return ratio(title, "≤ 0.25", pairs)


def _growth() -> list[Row]:
    """Return what a cell costs in a job of 10,000 ÷ in one of 100, beside what a job of one cell costs."""
    costs = {}
    for cells in (1, 100, 10_000):
        rounds = list(range(100, 100 + max(1, cells // 1_000)))
        values = [round(0.01 * step, 2) for step in range(1, cells // len(rounds) + 1)]
        costs[cells] = _whole(replace(TINY, axes={"C": values, "max_iter": rounds}))
    rows = []
    for kind in ("cpu", "wall"):
        one, few, many = (getattr(cost, kind) for cost in costs.values())
        pair = ((many - one) / 9_999, (few - one) / 99)
        rows.append(ratio(f"cost per cell at 10,000 ÷ at 100, {kind}", "≤ 1.5", [pair]))
    return rows


def _memory(name: str) -> Row:
    grid = GRIDS[name]
    with tempfile.TemporaryDirectory() as folder:
        job = _prepared(grid, Path(folder))
        together = _run_group(job, Path(folder), range(grid.cells)).mib
        job = _prepared(grid, Path(folder) / "alone")
        alone = max(_run_group(job, Path(folder) / "alone", [cell]).mib for cell in range(grid.cells))
    return ratio(
        f"peak memory of a group of {grid.cells} ÷ of its largest cell, {name}", "≤ 1.5", [(together, alone)], "MiB"
    )


def _whole(grid: Grid) -> Cost:
    """Return what `gridfold run` costs."""
    with tempfile.TemporaryDirectory() as name:
        write_job(grid, Path(name))
        return cost_of([sys.executable, "-m", "gridfold_cli", "run", "JOB.yaml"], Path(name))


def _prepared(grid: Grid, folder: Path) -> StageInput:
    folder.mkdir(exist_ok=True)
    write_job(grid, folder)
    frames = {**os.environ, "PYTHONPATH": str(Path(sys.prefix) / "gridfold-frames")}
    subprocess.run([sys.executable, "-c", PREPARE], cwd=folder, check=True, capture_output=True, env=frames)
    return StageInput.model_validate_json((folder / "job.json").read_text())


def _run_group(job: StageInput, folder: Path, cells: Sequence[int]) -> Used:
    """Run cells in one process of the trainer, as a pod does."""
    path = folder / "group.json"
    path.write_text(job.model_copy(update={"cells": format_groups([tuple(cells)])}).model_dump_json(exclude_none=True))
    environment = {
        **os.environ,
        **dict.fromkeys(THREAD_VARIABLES, "1"),
        BASE_FOLDER_VARIABLE: str(folder),
        SCRATCH_VARIABLE: str(folder / "scratch"),
    }
    arguments = [sys.executable, "-m", "gridfold_trainer", "cell", "--job", str(path), "--index", "0"]
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(
            f"the trainer ended with {status}: {process.stderr.read().decode() if process.stderr else ''}"
        )
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
