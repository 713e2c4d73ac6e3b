"""Run a whole job on this machine: twelve cells of a grid on scikit-learn's bundled breast-cancer data.

Everything is written below ./demo, which Git ignores. A second run finds all results in the cache.
"""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "demo"


def write_data(path: Path) -> None:
    """Write the data as a user would have it: a CSV file with a header line and texts as classes."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names, "diagnosis"])
        for values, code in zip(data.data.tolist(), data.target.tolist(), strict=True):
            writer.writerow([*values, data.target_names[code]])


def main() -> int:
    """Write data and job, run the job, and return its exit code."""
    FOLDER.mkdir(exist_ok=True)
    job = FOLDER / "JOB.yaml"
    shutil.copyfile(ROOT / "examples" / "demo.yaml", job)
    data = FOLDER / "breast-cancer.csv"
    if not data.exists():
        write_data(data)
    command = ["gridfold", "run", str(job.relative_to(ROOT))]
    print(f"The job is {job.relative_to(ROOT)}: change it and run it again; only what is new is computed.")
    print(f"$ {' '.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", "gridfold_cli", *command[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
