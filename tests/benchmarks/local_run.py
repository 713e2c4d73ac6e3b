"""What a whole job costs on one machine: `gridfold run` with an empty cache ÷ GridSearchCV(n_jobs=cores).

Both do all of the demo's job in fresh processes: imports, reading the CSV file, twelve cells × five folds, validation
scores, refit, test scores. Run it with `python -m tests.benchmarks.local_run`.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hack.demo import ROOT, write_data

from tests.benchmarks.table import Row, print_table

PAIRS = 3
PEER = """
import sys
from pathlib import Path

sys.path.append(str(Path(sys.prefix) / "gridfold-frames"))
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, f1_score, make_scorer, precision_score, recall_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.svm import SVC

frame = pd.read_csv(sys.argv[1])
labels = frame.pop("diagnosis").to_numpy()
y = (labels == "malignant").astype(int)
rest, test = train_test_split(np.arange(len(y)), test_size=0.15, random_state=7, stratify=y)
train, validation = train_test_split(rest, test_size=15 / 85, random_state=7, stratify=y[rest])
numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
pipeline = Pipeline([
    ("preprocessing", ColumnTransformer([("numeric", numeric, list(frame.columns))])),
    ("estimator", SVC(random_state=7)),
])
scorers = {"accuracy": make_scorer(accuracy_score)} | {
    name: make_scorer(score, zero_division=0)
    for name, score in {"precision": precision_score, "recall": recall_score, "f1": f1_score}.items()
}
grid = {
    "estimator__C": [0.1, 1, 10],
    "estimator__gamma": [0.01, 0.1],
    "preprocessing__numeric__standardscaler": [StandardScaler(), RobustScaler()],
}
cv = StratifiedKFold(5, shuffle=True, random_state=7)
search = GridSearchCV(pipeline, grid, scoring=scorers, refit=False, cv=cv, n_jobs=int(sys.argv[2]))
search.fit(frame.iloc[train], y[train])
best = clone(pipeline).set_params(**search.cv_results_["params"][int(np.argmax(search.cv_results_["mean_test_f1"]))])
model = clone(best).fit(frame.iloc[train], y[train])
[scorer(model, frame.iloc[validation], y[validation]) for scorer in scorers.values()]
both = np.concatenate([train, validation])
model = clone(best).fit(frame.iloc[both], y[both])
[scorer(model, frame.iloc[test], y[test]) for scorer in scorers.values()]
print(f"{search.cv_results_['mean_test_f1'].max():.4f}")
if int(sys.argv[2]) > 1:  # joblib's workers are waited for, so that their time counts
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
"""


@dataclass(frozen=True)
class Cost:
    """What a command and all of its processes used, in seconds."""

    wall: float
    cpu: float


def cost_of(command: list[str], folder: Path) -> Cost:
    """Run a command and return its cost."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measure_pair(number: int, cores: int) -> tuple[Cost, Cost]:
    """Return the cost of ours and of the peer's, in an order that alternates."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "JOB.yaml").write_bytes((ROOT / "examples/demo.yaml").read_bytes())
        (folder / "peer.py").write_text(PEER)
        write_data(folder / "breast-cancer.csv")
        ours = [sys.executable, "-m", "gridfold_cli", "run", "JOB.yaml"]
        peer = [sys.executable, "peer.py", "breast-cancer.csv", str(cores)]
        if number % 2:
            return cost_of(ours, folder), cost_of(peer, folder)
        second = cost_of(peer, folder)
        return cost_of(ours, folder), second


def measure() -> list[Row]:
    """Return wall time and CPU time of ours ÷ the peer's, paired."""
    cores = len(os.sched_getaffinity(0))
    pairs = [measure_pair(number, cores) for number in range(PAIRS)]
    name = f"gridfold run ÷ GridSearchCV(n_jobs={cores}), demo job of 12 cells, empty cache"
    return [
        Row(f"{name}, wall", *told([(ours.wall, peer.wall) for ours, peer in pairs])),
        Row(f"{name}, CPU", *told([(ours.cpu, peer.cpu) for ours, peer in pairs])),
    ]


def told(pairs: list[tuple[float, float]]) -> tuple[str, str, str]:
    """Return the ratios for a row: median (minimum to maximum), no goal, the seconds of every pair."""
    ratios = sorted(ours / peer for ours, peer in pairs)
    seconds = ", ".join(f"{ours:.2f} ÷ {peer:.2f} s" for ours, peer in pairs)
    return f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})", "", seconds


if __name__ == "__main__":
    print_table(measure())
