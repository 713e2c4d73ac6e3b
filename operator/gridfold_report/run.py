"""What a run has left, read with indulgence: any version of Gridfold may have written it."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from gridfold.api.plots import Plots

_FIELD_CHARACTERS = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of results.csv; a number that is not there is NaN."""

    index: int
    parameters: Mapping[str, str]
    folds: tuple[float, ...]  #: scores of the objective
    means: Mapping[str, float]
    stds: Mapping[str, float]
    fit_seconds: float  #: mean over the folds
    outcome: str
    error: str
    shared: bool
    chosen: Mapping[str, Any] = field(default_factory=dict)  #: the parameters with their types, in the cell's grid

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over the folds."""
        return self.means.get(metric, math.nan)


@dataclass(frozen=True)
class Run:
    """A run as the page needs it."""

    status: Mapping[str, Any]
    cells: Sequence[Cell] = ()  #: in grid order
    plots: Plots | None = None

    @property
    def objective(self) -> str:
        """Return the metric that decides."""
        return str(self.status.get("objective") or "")

    @cached_property
    def ranked(self) -> list[Cell]:
        """Return the cells that have a mean of the objective, best first, ties in grid order."""
        scored = [cell for cell in self.cells if math.isfinite(cell.mean(self.objective))]
        return sorted(scored, key=lambda cell: (-cell.mean(self.objective), cell.index))

    @cached_property
    def winner(self) -> Cell | None:
        """Return the winner: the cell that the run has fitted again."""
        number = at(self.status, "best", "cell")
        return next((cell for cell in self.ranked if cell.index == number), None)

    @property
    def unscored(self) -> list[Cell]:
        """Return the cells without a mean of the objective, in grid order."""
        return [cell for cell in self.cells if not math.isfinite(cell.mean(self.objective))]

    @cached_property
    def metrics(self) -> list[str]:
        """Return the metrics, the objective first."""
        known = dict.fromkeys(name for cell in self.cells[:1] for name in cell.means)
        return [self.objective, *(name for name in known if name != self.objective)]

    @cached_property
    def axes(self) -> dict[str, list[str]]:
        """Return the parameters that vary, each with its values: numbers ascending, others in grid order."""
        seen: dict[str, dict[str, None]] = {}
        for cell in self.cells:
            for name, value in cell.parameters.items():
                seen.setdefault(name, {})[value] = None
        return {name: _ordered(list(values)) for name, values in seen.items() if len(values) > 1}


def read(status: bytes, results: bytes, plots: bytes | None = None) -> Run:
    """Return a run from the bytes of what it has left.

    Args:
        status: status.json, of any version of Gridfold; its `files` are not looked at.
        results: results.csv.
        plots: plots.json, where the run has one.
    """
    document = json.loads(status)
    before = csv.field_size_limit(_FIELD_CHARACTERS)
    try:
        # Python before 3.12.4 writes a carriage return without quotes.
        text = results.decode(errors="replace").replace("\r", " ")
        cells = list(_cells(text, str(document.get("objective") or "")))
    finally:
        csv.field_size_limit(before)
    return Run(document, cells, _plots(plots) if plots else None)


def at(document: Any, *path: str) -> Any:
    """Return what lies at a path of a document, or None."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def _cells(text: str, objective: str) -> Iterator[Cell]:
    rows = csv.DictReader(io.StringIO(text))
    names = list(rows.fieldnames or ())
    parameters = {name: name.removeprefix("param_") for name in names if name.startswith("param_")}
    metrics = [name.removeprefix("mean_test_") for name in names if name.startswith("mean_test_")]
    folds = [name for name in names if name.startswith("split") and name.endswith(f"_test_{objective}")]
    folds.sort(key=lambda name: int(name.removeprefix("split").partition("_")[0]))
    for row in rows:
        yield Cell(
            index=int(row["index"]),
            parameters={known: row[name] for name, known in parameters.items()},
            folds=tuple(_number(row[name]) for name in folds),
            means={metric: _number(row[f"mean_test_{metric}"]) for metric in metrics},
            stds={metric: _number(row.get(f"std_test_{metric}")) for metric in metrics},
            fit_seconds=_number(row.get("mean_fit_time")),
            outcome=row.get("outcome") or "",
            error=row.get("error") or "",
            shared=bool(row.get("shared")),
            chosen=_chosen(row.get("params")) or {known: row[name] for name, known in parameters.items() if row[name]},
        )


def _chosen(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plots(content: bytes) -> Plots | None:
    """Return what there is to draw, None where another version means something else by it."""
    try:
        return Plots.model_validate_json(content)
    except ValidationError:
        return None


def _number(text: str | None) -> float:
    return float(text) if text else math.nan


def _ordered(values: list[str]) -> list[str]:
    """Return the values of a parameter: all numbers ascending; what has no number (null, a word) stays at its place."""
    try:
        return sorted(values, key=float)
    except ValueError:
        return values
