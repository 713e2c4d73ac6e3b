"""Six kinds of run, each with all that its page can draw."""

from collections.abc import Callable
from typing import Any

from tests.unit.report.runs import beside, page, selected
from tests.unit.report.test_learning_curve import RISING
from tests.unit.report.test_model import BINARY, MANY, REGRESSION

_DATASET = {
    "rows": 1234,
    "columns": 7,
    "classes": 2,
    "droppedRows": {"duplicates": 5},
    "digest": "sha256:ab",
    "parts": {"train": 864, "validation": 185, "test": 185},
}
_SAID: dict[str, Any] = {"notes": [f"note {number}" for number in range(9)], "usage": "print()", "dataset": _DATASET}
_GRID = {"C": [0.1, 1, 10], "gamma": [1, 2, 3], "kind": ["a", "b"]}
_ERRORS = ("neg_root_mean_squared_error", "r2")


def _binary() -> str:
    confusion = {"classes": ["no", "yes"], "validation": [[4, 1], [2, 3]]}
    brought = selected(dummy=beside(0.25, (0.4, 0.6), answer='"no"'), defaults=beside(0.74, (-0.01, 0.03), cell=3))
    known = {"training": {"f1": 1.0}}
    return page(_GRID, plots=BINARY, confusion=confusion, learningCurve=RISING, **brought, **known, **_SAID)


def _multiclass() -> str:
    names = [f"class {number}" for number in range(7)]
    square = [[9 if row == column else (row + column) % 3 for column in range(7)] for row in range(7)]
    return page(_GRID, plots=MANY, confusion={"classes": names, "validation": square, "test": square}, **_SAID)


def _regression() -> str:
    return page(_GRID, lambda fold, cell: -10 - cell["gamma"] - fold / 7, _ERRORS, plots=REGRESSION, **_SAID)


def _grouped() -> str:
    resolved = {"split": "Grouped", "crossValidation": "StratifiedGrouped", "objective": "f1"}
    return page(_GRID, folds=3, plots=BINARY, resolved=resolved, **_SAID)


def _ten_thousand() -> str:
    axes = {f"parameter_{axis}": [number / 7 for number in range(10)] for axis in range(4)}
    return page(axes, lambda fold, cell: 0.9 + fold / 1e4 - sum(cell.values()) / 100, plots=BINARY, **_SAID)


def _mostly_failed() -> str:
    return page(_GRID, ends=dict.fromkeys(range(16), ("failed", "FitFailed: it would not <converge>")), **_SAID)


KINDS: dict[str, Callable[[], str]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
    "grouped": _grouped,
    "10,000 cells": _ten_thousand,
    "mostly failed": _mostly_failed,
}
