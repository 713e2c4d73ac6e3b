"""prepare of a CSV file of one gigabyte, against pandas.read_csv and to_parquet of it; wall time and peak memory."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.peers import FRAMES, PYARROW, with_path
from tests.benchmarks.table import Row, ratio

BYTES = 1_000_000_000
RUNS = 3
FLOATS, CATEGORIES = 40, 10
_BLOCK_ROWS = 100_000
_PANDAS = """
import sys
import pandas
pandas.read_csv(sys.argv[1]).to_parquet(sys.argv[2])
"""


@dataclass(frozen=True)
class Run:
    """How a process went."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure() -> list[Row]:
    """Make the file, read it both ways in turn, and return the ratios."""
    with tempfile.TemporaryDirectory(prefix="gridfold-benchmark-") as name:
        folder = Path(name)
        rows = _write_csv(folder / "data.csv")
        size = (folder / "data.csv").stat().st_size
        peer = [sys.executable, "-c", _PANDAS, str(folder / "data.csv"), str(folder / "peer.parquet")]
        ours = _prepare(folder)
        surroundings = {**os.environ, "GRIDFOLD_BASE_FOLDER": name, "GRIDFOLD_SCRATCH": name + "/tmp"}
        pairs, prepared = [], 0
        for _ in range(RUNS):
            shutil.rmtree(folder / "out", ignore_errors=True)
            pairs.append((_run(ours, surroundings), _run(peer, with_path(FRAMES, PYARROW))))
            prepared = sum(file.stat().st_size for file in (folder / "out/cache/prepared").rglob("*") if file.is_file())
        written = (folder / "peer.parquet").stat().st_size
    bound = 3 * prepared + 300 * 2**20
    peak = max(run.peak_bytes for run, _ in pairs)
    told = f"{size / 1e9:.2f} GB, {rows} × {FLOATS + CATEGORIES + 1}"
    told += f"; {_mebibytes(prepared)} prepared, {_mebibytes(written)} Parquet"
    wall = ratio(
        "prepare ÷ (pandas.read_csv + to_parquet), wall",
        "≤ 0.6",
        [(run.seconds, other.seconds) for run, other in pairs],
    )
    return [
        replace(wall, note=f"{wall.note}; {told}"),
        ratio("the same, CPU", "", [(run.cpu_seconds, other.cpu_seconds) for run, other in pairs]),
        Row(
            "peak memory of prepare ÷ (3 × prepared + 300 MiB)",
            f"{peak / bound:.2f}",
            "≤ 1",
            f"{_mebibytes(peak)}; pandas {_mebibytes(max(other.peak_bytes for _, other in pairs))}",
        ),
    ]


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _write_csv(path: Path) -> int:
    """Write random numbers with holes, categories and two classes until the file is large enough; return its rows."""
    import numpy as np

    from gridfold_trainer.data.frames import add_frames

    add_frames()
    import polars as pl

    random = np.random.default_rng(0)
    words = np.array(["", *(f"category {letter}" for letter in "abcdefghij")])
    rows = 0
    with path.open("wb") as file:
        while file.tell() < BYTES:
            numbers = random.normal(size=(FLOATS, _BLOCK_ROWS)).round(9)
            columns = {
                f"x{at}": pl.Series(column).set(pl.Series(column > 1.7), None) for at, column in enumerate(numbers)
            }
            for at in range(CATEGORIES):
                columns[f"c{at}"] = pl.Series(words[random.integers(0, len(words), _BLOCK_ROWS)])
            columns["y"] = pl.Series(np.array(["no", "yes"])[random.integers(0, 2, _BLOCK_ROWS)])
            pl.DataFrame(columns).write_csv(file, include_header=rows == 0)
            rows += _BLOCK_ROWS
    return rows


def _prepare(folder: Path) -> list[str]:
    """Return the command of the stage; its job.json is written."""
    spec = {
        "dataset": {"sources": [{"uri": "file:data.csv"}], "target": "y"},
        "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
        "search": {"grid": [{"C": [1.5]}]},
        "output": {"uri": "file:out/"},
    }
    job = {"namespace": "default", "name": "benchmark", "runDigest": "0" * 64, "spec": spec}
    (folder / "job.json").write_text(json.dumps(job))
    return [sys.executable, "-m", "gridfold_trainer", "prepare", "--job", str(folder / "job.json")]


def _run(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command and return its times and the largest resident set, its children included."""
    begun = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[:4]} ended with {process.returncode}: {output[-2000:]}")
    return Run(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
