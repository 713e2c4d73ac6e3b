"""The learning curve: the winner's scores by the rows that it was fitted on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold_report import texts
from gridfold_report.figures.plot import Line, Plot, Point, straight
from gridfold_report.figures.scale import Scale, scale_of
from gridfold_report.run import Run, at

#: Of folds and repeats: more lines than these are no longer told apart.
_MOST_FOLDS = 20


@dataclass(frozen=True)
class LearningCurve:
    """The figure, and what is said below it."""

    verdict: str
    plot: Plot
    gaps: Sequence[str]  #: points without a score, and why


def learning_curve(run: Run) -> LearningCurve | None:
    """Return the figure, None where the run has no curve or one of another form."""
    found = run.status.get("learningCurve")
    points = [point for point in at(found, "points") or () if isinstance(point, Mapping) and point.get("rows")]
    if not points:
        return None
    objective, unit = str(at(found, "objective") or ""), str(at(found, "unit") or "rows")
    sizes = [_mean(point["rows"]) for point in points]
    lines = _Lines(points, sizes)
    note = (
        f"The winner, fitted on nested parts of each fold's {unit}, and scored on all rows that the fold holds back. "
        "The last point is its own folds. A wide gap to the score on the rows that it was fitted on is overfitting, "
        "which more rows may cure; two flat lines close together are a model that more rows do not help."
    )
    plot = Plot(
        "Score by rows",
        note,
        "rows to fit on",
        objective,
        lines.x,
        lines.y,
        list(lines.drawn()),
        dots=[(lines.x.at(x), 100 - lines.y.at(y), "") for x, y in lines.known("mean")],
        header=("part", "rows", objective, "std", "on rows fitted on"),
        rows=[
            (
                f"{point['fraction']} %",
                f"{size:,.0f}",
                texts.score(point.get("mean")),
                texts.score(point.get("std")),
                texts.score(point.get("trainMean")),
            )
            for point, size in zip(points, sizes, strict=True)
        ],
    )
    gaps = [
        f"{point['fraction']} % has no score: {point.get('reason') or 'not told'}"
        for point in points
        if not _is_number(point.get("mean"))
    ]
    verdict = str(at(found, "verdict") or "")
    return LearningCurve(verdict[:1].upper() + verdict[1:], plot, gaps)


class _Lines:
    """The lines of the figure, and the scales that hold them."""

    def __init__(self, points: Sequence[Mapping[str, Any]], sizes: Sequence[float]) -> None:
        self._points, self._sizes = points, sizes
        means = [value for name in ("mean", "trainMean") for _, value in self.known(name)]
        values = [value for fold in range(self._folds) for _, value in self._fold(fold)]
        self.x, self.y = Scale(0.0, max(sizes)), scale_of([*means, *values], keep=means)

    def known(self, name: str) -> list[Point]:
        """Return the points that have that number."""
        return [(x, y) for x, y in self._places(lambda point: point.get(name)) if _is_number(y)]

    def drawn(self) -> Iterator[Line]:
        """Yield the folds, then the means above them."""
        for fold in range(min(self._folds, _MOST_FOLDS)):
            yield from self._line("each fold", self._places(lambda point, fold=fold: _at(point, fold)), "soft")
        yield from self._line("on rows fitted on", self._places(lambda point: point.get("trainMean")), "second")
        yield from self._line("on rows not seen", self._places(lambda point: point.get("mean")), "main")

    @property
    def _folds(self) -> int:
        return min(len(point.get("scores") or ()) for point in self._points)

    def _fold(self, fold: int) -> list[Point]:
        return [(x, y) for x, y in self._places(lambda point: _at(point, fold)) if _is_number(y)]

    def _places(self, number: Any) -> list[tuple[float, Any]]:
        return [(size, number(point)) for size, point in zip(self._sizes, self._points, strict=True)]

    def _line(self, name: str, places: Sequence[tuple[float, Any]], style: str) -> Iterator[Line]:
        """Yield a line, broken where a number is missing: nobody knows what lies between."""
        pieces: list[list[Point]] = [[]]
        for x, y in places:
            if _is_number(y):
                pieces[-1].append((x, y))
            elif pieces[-1]:
                pieces.append([])
        yield from (Line(name, straight(piece, self.x, self.y), style) for piece in pieces if piece)


def _at(point: Mapping[str, Any], fold: int) -> Any:
    scores = point.get("scores") or ()
    return scores[fold] if fold < len(scores) else None


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
