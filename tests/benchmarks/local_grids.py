"""What whole jobs cost on one machine: `gridfold run` with an empty cache ÷ GridSearchCV.

Both do all of a job in fresh processes: imports, reading the CSV file, cells × five folds with four metrics, validation
scores, refit, test scores. The peer has one thread in each process, and both have as many processes at a time: two on
two cores that are one to the memory take 23 % more CPU-seconds for the same work. Every fold score of both is
compared, bit for bit.

usage: python -m tests.benchmarks.local_grids [NAME …]      names of grids
"""

import csv
import json
import math
import os
import random
import sys
import tempfile
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from gridfold.api.threads import THREAD_VARIABLES
from tests.benchmarks.local_run import Cost, cost_of
from tests.benchmarks.table import Row, print_table

PAIRS = int(os.environ.get("GRIDFOLD_PAIRS", "2"))
PEER = """
import importlib
import json
import sys
from pathlib import Path

sys.path.append(str(Path(sys.prefix) / "gridfold-frames"))
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, f1_score, make_scorer, precision_score, recall_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

job = json.loads(Path("peer.json").read_text())
module, _, name = job["estimator"].rpartition(".")
estimator = getattr(importlib.import_module(module), name)(**job["parameters"])
frame = pd.read_csv("rows.csv")
y = (frame.pop("target").to_numpy() == "yes").astype(int)
rest, test = train_test_split(np.arange(len(y)), test_size=0.15, random_state=7, stratify=y)
train, validation = train_test_split(rest, test_size=15 / 85, random_state=7, stratify=y[rest])
numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
onehot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
categorical = make_pipeline(SimpleImputer(strategy="most_frequent"), onehot)
groups = [
    ("numeric", numeric, [name for name in frame if name[0] == "x"]),
    ("categorical", categorical, [name for name in frame if name[0] == "c"]),
]
pipeline = Pipeline([
    ("preprocessing", ColumnTransformer([group for group in groups if group[2]])),
    ("estimator", estimator),
])
scorers = {"accuracy": make_scorer(accuracy_score)} | {
    name: make_scorer(score, zero_division=0)
    for name, score in {"precision": precision_score, "recall": recall_score, "f1": f1_score}.items()
}
grid = {f"estimator__{name}": values for name, values in job["grid"].items()}
cv = StratifiedKFold(5, shuffle=True, random_state=7)
search = GridSearchCV(pipeline, grid, scoring=scorers, refit=False, cv=cv, n_jobs=int(sys.argv[1]))
search.fit(frame.iloc[train], y[train])
best = clone(pipeline).set_params(**search.cv_results_["params"][int(np.argmax(search.cv_results_["mean_test_f1"]))])
model = clone(best).fit(frame.iloc[train], y[train])
[scorer(model, frame.iloc[validation], y[validation]) for scorer in scorers.values()]
both = np.concatenate([train, validation])
model = clone(best).fit(frame.iloc[both], y[both])
[scorer(model, frame.iloc[test], y[test]) for scorer in scorers.values()]
scores = {
    f"split{split}_test_{name}": search.cv_results_[f"split{split}_test_{name}"].tolist()
    for split in range(5)
    for name in scorers
}
Path("peer-scores.json").write_text(json.dumps(scores))
if int(sys.argv[1]) > 1:  # joblib's workers are waited for, so that their time counts
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
"""


@dataclass(frozen=True)
class Grid:
    """A job: its table and its cells."""

    goal: str
    estimator: str
    axes: dict[str, list[Any]]
    rows: int
    numbers: int
    texts: int = 0  #: columns of 40 categories
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        """Return how many cells it has."""
        return math.prod(len(values) for values in self.axes.values())


SEED = {"random_state": 7}
GRIDS = {
    "forest": Grid(
        "≤ 0.62",
        "sklearn.ensemble.RandomForestClassifier",
        {"n_estimators": [25, 50, 100], "max_depth": [4, 8, 12, 16], "max_features": ["sqrt", 0.5]},
        *(6_000, 20),
        parameters=SEED,
    ),
    "histogram boosting": Grid(
        "≤ 0.45",
        "sklearn.ensemble.HistGradientBoostingClassifier",
        {"max_iter": [25, 50, 100], "max_leaf_nodes": [7, 15, 31, 63], "learning_rate": [0.05, 0.1]},
        *(20_000, 30),
        parameters=SEED,
    ),
    "gradient boosting": Grid(
        "≤ 0.65",
        "sklearn.ensemble.GradientBoostingClassifier",
        {"n_estimators": [20, 40, 80], "max_depth": [2, 3, 4, 5], "learning_rate": [0.05, 0.1]},
        *(3_000, 20),
        parameters=SEED,
    ),
    "logistic regression": Grid(
        "≤ 0.70",
        "sklearn.linear_model.LogisticRegression",
        {"C": [round(10 ** (step / 6 - 3), 6) for step in range(24)]},
        *(35_000, 30),
        parameters=SEED,
    ),
    "one-hot": Grid(
        "≤ 0.60",
        "sklearn.linear_model.LogisticRegression",
        {"C": [round(10 ** (step / 6 - 3), 6) for step in range(24)]},
        *(20_000, 12, 6),
        parameters=SEED,
    ),
    "neighbors": Grid(
        "",
        "sklearn.neighbors.KNeighborsClassifier",
        {"n_neighbors": [3, 5, 9, 15, 25, 41], "weights": ["uniform", "distance"], "p": [1, 2]},
        *(4_000, 10),
    ),
    "svc": Grid(
        "≤ 1.05 + one import",
        "sklearn.svm.SVC",
        {"C": [0.1, 1.0, 10.0], "gamma": [0.01, 0.03, 0.1]},
        *(2_000, 10),
        parameters=SEED,
    ),
    "2,000 tiny cells": Grid(
        "≤ 1.3",
        "sklearn.linear_model.LogisticRegression",
        {"C": [round(0.01 * step, 2) for step in range(1, 1001)], "fit_intercept": [True, False]},
        *(600, 8),
        parameters=SEED,
    ),
}


def write_job(grid: Grid, folder: Path, parallelism: int = 64) -> None:
    """Write the table, the job, with so many processes at a time as far as there are cores, and the peer's script."""
    draw = random.Random(5)
    names = [*(f"x{number}" for number in range(grid.numbers)), *(f"c{number}" for number in range(grid.texts))]
    weights = [draw.gauss(0, 1) for _ in range(grid.numbers)]
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "target"])
        for _ in range(grid.rows):
            x = [draw.gauss(0, 1) for _ in range(grid.numbers)]
            c = [draw.randrange(40) for _ in range(grid.texts)]
            signal = sum(w * v for w, v in zip(weights, x, strict=True)) + x[0] * x[1] + sum(v % 3 - 1 for v in c)
            yes = signal + draw.gauss(0, 2) > 0
            writer.writerow([*(f"{v:.6g}" for v in x), *(f"v{v}" for v in c), "yes" if yes else "no"])
    spec = {
        "dataset": {"sources": [{"uri": "file:rows.csv"}], "target": "target", "positiveClass": "yes"},
        "split": {"seed": 7},
        "estimator": {"className": grid.estimator, "parameters": grid.parameters},
        "search": {"grid": [grid.axes], "maxCells": 10_000},
        "crossValidation": {"folds": 5, "seed": 7},
        "scoring": {"metrics": ["accuracy", "precision", "recall", "f1"], "average": "Binary"},
        "execution": {"parallelism": parallelism},
        "output": {"uri": "file:out/"},
    }
    job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "grid"}, "spec": spec}
    (folder / "JOB.yaml").write_text(json.dumps(job))
    peer = {"estimator": grid.estimator, "parameters": grid.parameters, "grid": grid.axes}
    (folder / "peer.json").write_text(json.dumps(peer))
    (folder / "peer.py").write_text(PEER)


def same_scores(folder: Path) -> bool:
    """Tell whether every fold score of both is the same, bit for bit."""
    (path,) = folder.glob("out/runs/*/results.csv")
    with path.open(newline="") as file:
        ours = list(csv.DictReader(file))
    theirs = json.loads((folder / "peer-scores.json").read_text())
    return all(
        float(row[name]).hex() == score.hex() for name in theirs for row, score in zip(ours, theirs[name], strict=True)
    )


def measure_pair(grid: Grid, jobs: int) -> tuple[Cost, Cost, bool]:
    """Return the cost of ours and of the peer's with so many processes, and whether their scores are the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_job(grid, folder, jobs)
        ours = cost_of([sys.executable, "-m", "gridfold_cli", "run", "JOB.yaml"], folder)
        # Unset, each of its fits would start threads that wait for each other: it would cost more.
        pinned = [f"{name}=1" for name in THREAD_VARIABLES]
        peer = cost_of(["env", *pinned, sys.executable, "peer.py", str(jobs)], folder)
        return ours, peer, same_scores(folder)


def measure(names: list[str] | None = None) -> list[Row]:
    """Return the ratios of the named grids, or of all: CPU-seconds one by one, wall time on all cores."""
    cores = len(os.sched_getaffinity(0))
    return [row for name in names or list(GRIDS) for jobs in (1, cores) for row in measure_grid(name, jobs)]


def measure_grid(name: str, jobs: int) -> list[Row]:
    """Return CPU and wall of a grid with so many processes on both sides."""
    grid, rows = GRIDS[name], list[Row]()
    pairs = [measure_pair(grid, jobs) for _ in range(PAIRS)]
    title = f"gridfold run ÷ GridSearchCV, {jobs} at a time, {name}, {grid.cells} cells"
    same = "scores identical" if all(same for _, _, same in pairs) else "SCORES DIFFER"
    for kind, part in (("CPU", attrgetter("cpu")), ("wall", attrgetter("wall"))):
        ratios = sorted(part(ours) / part(peer) for ours, peer, _ in pairs)
        seconds = ", ".join(f"{part(ours):.1f} ÷ {part(peer):.1f} s" for ours, peer, _ in pairs)
        value = f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        rows.append(Row(f"{title}, {kind}", value, _goal(grid, kind, jobs), f"{seconds}; {same}"))
        print(f"  {rows[-1]}", file=sys.stderr, flush=True)  # a grid takes minutes
    return rows


def _goal(grid: Grid, kind: str, jobs: int) -> str:
    """Return what is to be reached: of CPU-seconds where nothing runs beside, of wall time on all cores."""
    if (kind == "CPU") != (jobs == 1):
        return ""
    return grid.goal if kind == "CPU" else "≤ 0.75 where CPU is ≤ 0.65, else ≤ 1.05"


if __name__ == "__main__":
    print_table(measure(sys.argv[1:]))
