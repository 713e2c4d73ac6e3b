"""Runs that never were: status.json and results.csv as a run leaves them, of any shape."""

import csv
import io
import itertools
import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gridfold_report import Run, read, render

Score = Callable[[int, Mapping[str, Any]], float]
SPEC = {
    "dataset": {"sources": [{"uri": "file:data.csv"}], "target": "y"},
    "crossValidation": {"folds": 5},
    "scoring": {"targets": {"f1": "0.5"}},
}


def noisy(fold: int, parameters: Mapping[str, Any]) -> float:
    """Return a score that depends on the numbers among the parameters, and on luck."""
    drawn = random.Random(f"{fold} {sorted(parameters.items(), key=str)}")
    numbers = [value for value in parameters.values() if isinstance(value, int | float)]
    return 0.7 + 0.05 * math.tanh(sum(numbers)) + drawn.gauss(0, 0.02)


def files(
    grid: Mapping[str, Sequence[Any]] | None = None,
    score: Score = noisy,
    metrics: Sequence[str] = ("f1", "accuracy"),
    folds: int = 5,
    ends: Mapping[int, tuple[str, str]] | None = None,
    **status: Any,
) -> tuple[bytes, bytes]:
    """Return status.json and results.csv.

    Args:
        grid: axes of the grid.
        score: of a fold of a cell; NaN is none.
        metrics: the first is the objective; all have the same scores.
        folds: of each cell.
        ends: outcome and message of cells that have no score.
        **status: what differs from a run of which nothing is to be said.
    """
    grid = {"C": [0.1, 1, 10], "kind": ["a", "b"]} if grid is None else grid
    cells = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_header(grid, metrics, folds))
    means: list[float] = []
    for index, parameters in enumerate(cells):
        outcome, error = (ends or {}).get(index, ("succeeded", ""))
        scores = [math.nan if error else score(fold, parameters) for fold in range(folds)]
        means.append(sum(scores) / folds)
        writer.writerow(_row(index, parameters, scores, metrics, (outcome, error)))
    known = [number for number, mean in enumerate(means) if math.isfinite(mean)]
    best = max(known, key=lambda number: (means[number], -number), default=None)
    return json.dumps(_status(cells, best, metrics, status)).encode(), text.getvalue().encode(errors="replace")


def page(*arguments: Any, plots: Any = None, **options: Any) -> str:
    """Return the page of such a run; `plots` is its plots.json."""
    drawn = None if plots is None else json.dumps(plots).encode()
    return render(read(*files(*arguments, **options), drawn)).decode()


def run(*arguments: Any, **options: Any) -> Run:
    """Return such a run."""
    return read(*files(*arguments, **options))


def _header(grid: Mapping[str, Any], metrics: Sequence[str], folds: int) -> list[str]:
    names = ["index", "mean_fit_time", *(f"param_{name}" for name in grid), "params"]
    for metric in metrics:
        names += [f"split{fold}_test_{metric}" for fold in range(folds)]
        names += [f"mean_test_{metric}", f"std_test_{metric}", f"rank_test_{metric}"]
    return [*names, "outcome", "error"]


def _row(
    index: int, parameters: Mapping[str, Any], scores: list[float], metrics: Sequence[str], end: tuple[str, str]
) -> list[str]:
    mean = sum(scores) / len(scores)
    spread = (
        math.sqrt(sum((score - mean) * (score - mean) for score in scores) / len(scores))
        if math.isfinite(mean)
        else math.nan
    )
    row = [str(index), repr(0.01 * (index + 1)), *map(str, parameters.values()), json.dumps(parameters)]
    for _ in metrics:
        row += ["" if math.isnan(number) else repr(number) for number in [*scores, mean, spread]] + ["1"]
    return [*row, *end]


def _status(
    cells: Sequence[Mapping[str, Any]], best: int | None, metrics: Sequence[str], more: Mapping[str, Any]
) -> dict[str, Any]:
    scored = {} if best is None else dict.fromkeys(metrics, 0.75)
    return {
        "format": 1,
        "job": {"namespace": "team-a", "name": "small", "uid": "", "generation": 1},
        "spec": SPEC,
        "cells": {"total": len(cells)},
        "resolved": {"split": "Stratified", "crossValidation": "Stratified", "objective": metrics[0]},
        "dataset": {"rows": 100, "columns": 3, "classes": 2, "parts": {"train": 70, "validation": 15, "test": 15}},
        "estimator": "sklearn.svm.SVC",
        "objective": metrics[0],
        "best": None if best is None else {"cell": best, "parameters": cells[best]},
        "training": scored,
        "validation": scored,
        "test": {"scores": scored, "intervals": {name: [0.6, 0.9] for name in scored}, "openings": 1},
        "headline": None,
        "notes": [],
        "errors": "",
        "versions": {"python": "3.11.7"},
        "blas": {"name": "openblas"},
        **more,
    }


def beside(mean: float, interval: tuple[float, float] | None = None, **more: Any) -> dict[str, Any]:
    """A baseline of status.json, beside a winner of about 0.75."""
    gain = {"value": 0.75 - mean, "interval": interval}
    return {"mean": mean, "scores": {}, "folds": [], "gain": gain, **more}


def selected(**baselines: Any) -> dict[str, Any]:
    """The part of status.json about the choice."""
    importance = {"all": None, "betterHalf": None, "reason": "", "betterHalfReason": ""}
    found = {"winner": 0, "testShare": 0.25, "honest": None, "edges": [], "importance": importance}
    return {"selection": {**found, "dummy": None, "defaults": None, **baselines}}
