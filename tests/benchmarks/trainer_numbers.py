"""What a cell costs beside its fits, each against what a script of one's own would pay, in the same run."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gridfold.api.threads import THREAD_VARIABLES
from gridfold.api.v1alpha1 import Average, ColumnType
from gridfold_trainer.data.prepared import Column, PreparedData
from gridfold_trainer.learning.scorers import Scorer
from tests.benchmarks.peers import FRAMES, PYARROW, with_path
from tests.benchmarks.table import Row, ratio
from tests.unit.trainer.numeric_jobs import CACHE, World, small_data

RUNS = 5
ROWS, COLUMNS = 100_000, 40
REPORT = """
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
print(json.dumps({"seconds": used.ru_utime + used.ru_stime, "kib": int(peak)}))
"""
#: What both sides go on to: what is imported when it is first used counts, too.
FIT = """
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X = np.random.default_rng(0).normal(size=(100, 3))
y = (X[:, 0] > 0).astype(int)
scaled = ColumnTransformer([("numeric", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1, 2])])
for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
    make_pipeline(scaled, LogisticRegression()).fit(X[train], y[train]).predict(X[test])
"""
TRAINER = """
import gc
gc.disable()
from gridfold.api.v1alpha1 import Storage
from gridfold_trainer import cell, stages
from gridfold_trainer.learning import estimators, light_imports
from gridfold_trainer.storage.s3_store import S3Store
estimators.load_class("sklearn.linear_model.LogisticRegression")
light_imports.import_scikit_learn(*light_imports.TRANSFORMERS)
S3Store(Storage(region="us-east-1"))
"""
ALONE = """
import gc
gc.disable()
import sklearn.linear_model, sklearn.compose, sklearn.impute, sklearn.model_selection, sklearn.pipeline
"""
SCRIPT = """
import boto3, pandas
import sklearn.compose, sklearn.impute, sklearn.linear_model, sklearn.metrics, sklearn.model_selection
import sklearn.pipeline, sklearn.preprocessing
boto3.client("s3", region_name="us-east-1")
"""
LOAD = """
import sys, time
from pathlib import Path
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.data.prepared import load_prepared
store, start = FileStore(Path(sys.argv[1])), time.process_time()
load_prepared(store, sys.argv[2], sys.argv[3], Path(sys.argv[4]))
print(time.process_time() - start)
"""
READ = """
import sys, time
import pandas
start = time.process_time()
pandas.read_csv(sys.argv[1])
print(time.process_time() - start)
"""


def measure() -> list[Row]:
    """Return all ratios; on a machine with other work the spread tells how far to trust them."""
    return [*_start(), *_data(), _side_by_side(), _scoring()]


def _start() -> list[Row]:
    """Return the ratios to both peers: pandas imports pyarrow, and so does scikit-learn, only where it is installed."""
    scripts = ((TRAINER,), (SCRIPT, FRAMES, PYARROW), (SCRIPT, FRAMES), (ALONE,))
    runs = [[_report(*script) for script in scripts] for _ in range(RUNS)]
    alone = [(run[3]["seconds"], run[1]["seconds"]) for run in runs]
    rows = [ratio("scikit-learn alone, imported as everybody does, ÷ the peer with pyarrow: CPU", "", alone)]
    for position, peer in ((1, "pandas with pyarrow, boto3"), (2, "pandas without pyarrow, boto3")):
        seconds = [(run[0]["seconds"], run[position]["seconds"]) for run in runs]
        memory = [(run[0]["kib"] / 1024, run[position]["kib"] / 1024) for run in runs]
        rows += [
            ratio(f"trainer start to its first fits ÷ scikit-learn, {peer}: CPU", "≤ 0.65", seconds),
            ratio("the same: peak memory", "≤ 0.70", memory, unit="MiB"),
        ]
    return rows


def _data() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="gridfold-benchmark-") as name:
        world = World(Path(name), _wide_data())
        path = Path(name) / "data.csv"
        names = ",".join([*(column.name for column in world.data.columns), "target"])
        table = np.column_stack([world.data.X, world.data.y])
        np.savetxt(path, table, delimiter=",", header=names, comments="", fmt="%.17g")
        pairs, first = [], []
        for run in range(RUNS):
            scratch = Path(name) / f"scratch-{run}"
            scratch.mkdir()
            arguments = [name, CACHE, world.digest, str(scratch)]
            read = float(_python(READ, [str(path)], FRAMES, PYARROW))
            first.append((float(_python(LOAD, arguments)), read))
            pairs.append((float(_python(LOAD, arguments)), read))
    title = "÷ pandas.read_csv, CPU"
    return [
        ratio(f"data of a cell, first on its machine (digest verified) {title}", "≤ 0.05", first),
        ratio(f"data of a cell, any other {title}", "≤ 0.05", pairs),
    ]


def _wide_data() -> PreparedData:
    random = np.random.default_rng(0)
    X = np.asfortranarray(random.normal(size=(ROWS, COLUMNS)))
    columns = tuple(Column(f"x{number}", ColumnType.NUMERIC) for number in range(COLUMNS))
    return PreparedData("", X, random.integers(0, 2, ROWS), columns, ("no", "yes"), 1, "target")


def _side_by_side() -> Row:
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="gridfold-benchmark-") as name:
        world = World(Path(name), small_data(4000))
        job = world.job(
            [{"max_leaf_nodes": list(range(5, 5 + 2 * cores))}],
            "ensemble.HistGradientBoostingClassifier",
            estimating={"parameters": {"max_iter": 40}},
        )
        (Path(name) / "job.json").write_text(job.model_dump_json(by_alias=True))
        nothing = {key: value for key, value in os.environ.items() if key not in THREAD_VARIABLES}
        pinned = {**nothing, **dict.fromkeys(THREAD_VARIABLES, "1")}
        pairs = [(_cells(Path(name), 2 * cores, nothing), _cells(Path(name), 2 * cores, pinned)) for _ in range(3)]
    return ratio(
        f"{2 * cores} cells at once on {cores} cores, nothing set ÷ threads pinned by hand, wall", "≤ 1.15", pairs
    )


def _cells(folder: Path, count: int, environment: dict[str, str]) -> float:
    """Return the wall seconds of that many cells side by side, none of which has a stored result."""
    for stored in (folder / "out/cache/cells").glob("*.json"):
        stored.unlink()
    environment = {**environment, "GRIDFOLD_BASE_FOLDER": str(folder), "GRIDFOLD_SCRATCH": str(folder / "scratch")}
    start = time.perf_counter()
    command = [sys.executable, "-m", "gridfold_trainer", "cell", "--job", str(folder / "job.json"), "--index"]
    started = []
    for index in range(count):
        own = {**environment, "GRIDFOLD_TERMINATION_LOG": str(folder / f"log-{index}")}
        started.append(subprocess.Popen([*command, str(index)], env=own, stdout=subprocess.DEVNULL))
    codes = [process.wait() for process in started]
    if any(codes):
        raise RuntimeError(f"cells ended with {codes}")
    return time.perf_counter() - start


def _scoring() -> Row:
    from sklearn import metrics

    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 20_000)
    predicted = np.where(random.random(20_000) < 0.8, truth, 1 - truth)
    scorer = Scorer(("accuracy", "precision", "recall", "f1"), Average.BINARY, 1, 2)

    def peer() -> dict[str, float]:
        return {
            "accuracy": metrics.accuracy_score(truth, predicted),
            "precision": metrics.precision_score(truth, predicted, zero_division=0),
            "recall": metrics.recall_score(truth, predicted, zero_division=0),
            "f1": metrics.f1_score(truth, predicted, zero_division=0),
        }

    identical = scorer.counted(truth, predicted) == peer()
    pairs = [(_cpu(lambda: scorer.counted(truth, predicted)), _cpu(peer)) for _ in range(RUNS)]
    told = "bit-identical" if identical else "NOT bit-identical"
    return ratio(f"scoring of a fold of 20,000 rows ÷ scikit-learn's functions, CPU ({told})", "≤ 0.3", pairs)


def _cpu(action: Callable[[], Any], times: int = 20) -> float:
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times


def _report(code: str, *folders: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_python(code + FIT + REPORT, [], *folders))
    return found


def _python(code: str, arguments: list[str], *folders: Path) -> str:
    """Return what a fresh process with these folders on its path prints, one thread for each library."""
    environment = {**with_path(*folders), **dict.fromkeys(THREAD_VARIABLES, "1")}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout
