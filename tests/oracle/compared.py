"""An exported script's report against the files that the product left."""

import csv
import json
import math
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def check_table(report: Any, folder: Path) -> None:
    """Compare every fold score, mean, standard deviation and rank of every cell, bit for bit."""
    (path,) = folder.glob("out/runs/*/results.csv")
    with path.open(newline="", encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    if isinstance(report, str):
        assert report.startswith("No cell has a score")
        assert {row["outcome"] for row in table} <= {"failed", "infeasible"}
        return
    assert len(report["cells"]) == len(table)
    assert set(report["scores"]) == {name for name in table[0] if "_test_" in name or "_train_" in name}
    different = [
        (name, row["index"], row[name], number)
        for name, numbers in report["scores"].items()
        for row, number in zip(table, numbers, strict=True)
        if _exact(float(row[name] or "nan")) != _exact(number)
    ]
    assert different == []


def check_winner(report: Any, folder: Path) -> None:
    """Compare winner, sizes of the parts, validation and test scores."""
    (path,) = folder.glob("out/runs/*/status.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(report, str) or "winner" not in report:
        assert record["best"] is None
        return
    assert report["winner"] == record["best"]["cell"]
    assert report["rows"] == record["dataset"]["parts"]
    assert report["validation"] == record["validation"]
    assert report["test"] == record["test"]["scores"]
    check_curve(report, record)


def check_curve(report: Any, record: Any) -> None:
    """Compare every score of a learning curve; the last point is the winner's own folds."""
    points = record.get("learningCurve", {}).get("points", [])
    names = {"percent": "fraction", "rows": "rows", "train": "trainScores", "test": "scores"}
    assert report.get("learning curve", []) == [{own: point[name] for own, name in names.items()} for point in points]
    for point in points[-1:]:
        whole = [numbers[report["winner"]] for numbers in _splits(report, record["objective"])]
        assert [_exact(number) for number in point["scores"]] == [_exact(number) for number in whole]


def _splits(report: Any, objective: str) -> list[list[float]]:
    """Return the table's columns of the objective's split scores, in order."""
    names = (f"split{number}_test_{objective}" for number in range(len(report["scores"])))
    return [report["scores"][name] for name in names if name in report["scores"]]


def check_style(scripts: Iterable[Path]) -> None:
    """Let ruff look at scripts: layout, order of imports, unused and missing names, simplifications."""
    paths = list(map(str, scripts))
    assert paths
    ruff = [sys.executable, "-m", "ruff"]
    layout = subprocess.run([*ruff, "format", "--isolated", "--diff", *paths], capture_output=True, text=True)
    assert layout.returncode == 0, layout.stdout + layout.stderr
    rules = ["--select", "E,F,W,I,B,UP,C4,SIM", "--ignore", "E501"]  # a URI can be longer than any line
    lint = subprocess.run([*ruff, "check", "--isolated", *rules, *paths], capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout


def _exact(number: float | None) -> str:
    return "none" if number is None or math.isnan(number) else float(number).hex()
