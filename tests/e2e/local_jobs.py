"""Jobs for `gridfold run` with the real trainer: their data, their YAML, their processes."""

import csv
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.cli.processes import with_variable

LIMIT_SECONDS = 600


def write_rows(path: Path, rows: int = 120, seed: int = 3) -> None:
    """Write a table with numbers, texts, gaps and a class that depends on them."""
    draw = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "dose", "city", "ill"])
        for _ in range(rows):
            age, dose, city = draw.gauss(50, 15), draw.uniform(0, 9), draw.choice(["Köln", "Rom", "Oslo"])
            ill = "yes" if age / 15 - dose / 3 + draw.gauss(0, 1) > 1.8 else "no"
            writer.writerow(["" if draw.random() < 0.05 else f"{age:.2f}", f"{dose:.3f}", city, ill])


@dataclass
class LocalJob:
    """A folder with a job and its data, and the command line on it."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, **spec: Any) -> Path:
        """Write JOB.yaml, some sections of its spec replaced, and the data if it is not there."""
        if not (self.folder / "rows.csv").exists():
            write_rows(self.folder / "rows.csv")
        resource = {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": "ill"},
            "spec": {
                "dataset": {"sources": [{"uri": "file:rows.csv"}], "target": "ill"},
                "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
                "search": {"grid": [{"C": [0.1, 1.0, 10.0]}]},
                "crossValidation": {"folds": 3},
                "output": {"uri": "file:out/"},
                **spec,
            },
        }
        path = self.folder / "JOB.yaml"
        path.write_text(json.dumps(resource))
        return path

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start `gridfold run JOB.yaml …` with temporary folders below tmp/."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "gridfold_cli", "run", "JOB.yaml", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "TMPDIR": str(self.folder / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: object) -> tuple[int, str, str]:
        """Run it to its end; return exit code, stdout and stderr."""
        return self.finish(self.start(*arguments))

    def command(self, name: str, *arguments: str) -> tuple[int, str, str]:
        """Run another command on JOB.yaml to its end; return exit code, stdout and stderr."""
        command = [sys.executable, "-m", "gridfold_cli", name, "JOB.yaml", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        return done.returncode, done.stdout, done.stderr

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        out, err = process.communicate(timeout=LIMIT_SECONDS)
        return process.returncode, out, err

    def trainers(self) -> dict[int, list[str]]:
        """Return the processes of the trainer that work for this job."""
        return with_variable(f"GRIDFOLD_SCRATCH={self.folder}/tmp/")

    def cells(self, output: str = "out") -> dict[str, int]:
        """Return the stored results of cells and when each was written."""
        return {path.name: path.stat().st_mtime_ns for path in (self.folder / output / "cache/cells").glob("*.json")}

    def results(self, output: str = "out") -> Path:
        """Return the folder of the one run."""
        (folder,) = (self.folder / output / "runs").iterdir()
        return folder

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
