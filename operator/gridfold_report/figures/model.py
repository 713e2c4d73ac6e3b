"""What is drawn of the winner: of its out-of-fold predictions and of the validation part, never a curve of the test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.plots import ClassScores, Plots, PredictedActual, ResidualBin, Thresholds
from gridfold_report import texts
from gridfold_report.figures.heat_map import SHADES
from gridfold_report.figures.matrix import MOST_CLASSES, Matrix, matrix
from gridfold_report.figures.plot import SHARES, Line, Plot, steps, straight
from gridfold_report.figures.scale import Scale, scale_of
from gridfold_report.run import Run, at

_TABLE_ROWS = 11
_PARTS = {"validation": "the validation part", "outOfFold": "the out-of-fold predictions"}


@dataclass(frozen=True)
class Row:
    """A line of a table with a track: a class, or a group of residuals."""

    name: str
    rows: int
    low: float
    high: float
    box: tuple[float, float] | None
    middle: float
    numbers: Sequence[str]


@dataclass(frozen=True)
class Rows:
    """The table."""

    title: str
    note: str
    scale: Scale
    header: Sequence[str]  #: of name, count and numbers
    rows: Sequence[Row]
    left_out: int = 0


@dataclass(frozen=True)
class Squares:
    """Predicted against actual: squares of a plane, x, y, size and shade; and a line where both are equal."""

    scale: Scale
    squares: Sequence[tuple[float, float, float, float, int]]
    rows: int


@dataclass(frozen=True)
class ModelFigures:
    """All that a run has of them."""

    plots: Sequence[Plot]
    matrices: Sequence[Matrix]
    tables: Sequence[Rows]
    squares: Squares | None


def model_figures(run: Run) -> ModelFigures:
    """Return what can be drawn of the winner."""
    found = run.plots or Plots()
    tables = [_classes(found.classes, found.classes_left_out)] if found.classes else []
    if found.residuals:
        tables.append(_residuals(found.residuals))
    return ModelFigures(
        plots=list(_plots(found)),
        matrices=list(_matrices(run)),
        tables=tables,
        squares=_squares(found.predicted_actual) if found.predicted_actual else None,
    )


def _plots(found: Plots) -> Iterator[Plot]:
    if found.pooled or found.folds:
        yield _precision_recall(found)
    if found.thresholds and found.thresholds.threshold:
        yield _thresholds(found.thresholds)
    if found.calibration:
        yield _calibration(found)


def _precision_recall(found: Plots) -> Plot:
    curves = [("a fold", fold, "soft") for fold in found.folds]
    if found.pooled:
        curves.append(("all folds together", found.pooled, "main"))
    lines = [
        Line(name, steps(zip(curve.recall, curve.precision, strict=False), SHARES, SHARES), style)
        for name, curve, style in curves
    ]
    base = f" By chance it would be {texts.percent(found.base_rate)} precise." if found.base_rate is not None else ""
    shown = found.pooled or found.folds[0]
    points = sorted(zip(shown.recall, shown.precision, strict=False))
    return Plot(
        "Precision and recall",
        "What each threshold would give on rows that the winner was not fitted on (out of fold): how many of those "
        f"that it calls positive are (precision), how many of the positive it finds (recall).{base}",
        "recall",
        "precision",
        SHARES,
        SHARES,
        lines,
        header=("recall", "precision"),
        rows=[(texts.score(one), texts.score(other)) for one, other in _some(points)],
    )


def _thresholds(found: Thresholds) -> Plot:
    scale = scale_between(min(found.threshold), max(found.threshold))
    curves = (("precision", found.precision, "main"), ("recall", found.recall, "second"), ("F1", found.f1, "third"))
    lines = [
        Line(name, straight(sorted(zip(found.threshold, values, strict=False)), scale, SHARES), style)
        for name, values, style in curves
    ]
    if found.used is not None:
        lines.append(Line("used", straight([(found.used, 0.0), (found.used, 1.0)], scale, SHARES), "soft"))
    rows = sorted(zip(found.threshold, found.precision, found.recall, found.f1, strict=False))
    return Plot(
        "Where to put the threshold",
        f"Scores by threshold, on {_PARTS[found.part]}. Choose by what a miss and a false alarm cost, and check on new "
        "rows: a threshold that was chosen here flatters here.",
        "threshold",
        "score",
        scale,
        SHARES,
        lines,
        header=("threshold", "precision", "recall", "F1"),
        rows=[tuple(map(texts.score, row)) for row in _some(rows)],
    )


def _calibration(found: Plots) -> Plot:
    even = Line("as predicted", straight([(0.0, 0.0), (1.0, 1.0)], SHARES, SHARES), "soft")
    ends = [
        Line("", straight([(group.predicted, group.low), (group.predicted, group.high)], SHARES, SHARES), "second")
        for group in found.calibration
    ]
    return Plot(
        "Do probabilities mean what they say?",
        "Out of fold: rows in groups of about the same predicted probability, and the share of them that is positive, "
        "with its 95 % interval (Wilson). Dots on the line: the probabilities can be taken as they are.",
        "predicted probability",
        "share that is positive",
        SHARES,
        SHARES,
        [even, *ends],
        dots=[(SHARES.at(g.predicted), 100 - SHARES.at(g.observed), f"{g.rows} rows") for g in found.calibration],
        header=("predicted", "observed", "interval", "rows"),
        rows=[
            (texts.score(g.predicted), texts.score(g.observed), texts.interval((g.low, g.high)), f"{g.rows:,}")
            for g in found.calibration
        ],
    )


def _matrices(run: Run) -> Iterator[Matrix]:
    """Yield the confusion matrices of validation and test, whose counts stand in status.json."""
    found = run.status.get("confusion")
    for part in ("validation", "test"):
        counts = at(found, part)
        labels = at(found, "classes") or at(found, "labels")
        if isinstance(counts, list) and isinstance(labels, list) and len(labels) == len(counts) > 0:
            yield matrix(f"{part.capitalize()} part", [str(label) for label in labels], counts)


def _classes(found: Sequence[ClassScores], left_out: int) -> Rows:
    worst = sorted(found, key=lambda one: one.f1 if one.f1 is not None else 0.0)[:MOST_CLASSES]
    kept = [one for one in found if any(one is other for other in worst)]
    rows = [
        Row(
            one.label,
            one.support,
            SHARES.at(one.recall.low if one.recall else 0.0),
            SHARES.at(one.recall.high if one.recall else 0.0),
            None,
            SHARES.at(one.recall.value if one.recall else 0.0),
            [_estimate(one.precision), _estimate(one.recall), texts.score(one.f1)],
        )
        for one in kept
    ]
    note = "Out of fold: recall of each class with its 95 % interval (Wilson). A class with few rows is known badly."
    header = ("Class", "Rows", "Precision", "Recall", "F1")
    return Rows("Class by class", note, SHARES, header, rows, len(found) - len(kept) + left_out)


def _estimate(found: Any) -> str:
    return texts.score(found.value) if found else "–"


def _residuals(found: Sequence[ResidualBin]) -> Rows:
    scale = scale_between(
        min(group.quantiles[0] for group in found), max(group.quantiles[4] for group in found), keep=0.0
    )
    rows = [
        Row(
            texts.score(group.predicted),
            group.rows,
            scale.at(group.quantiles[0]),
            scale.at(group.quantiles[4]),
            (scale.at(group.quantiles[1]), scale.at(group.quantiles[3])),
            scale.at(group.quantiles[2]),
            [texts.score(group.quantiles[number]) for number in (0, 2, 4)],
        )
        for group in found
    ]
    note = (
        "Out of fold: actual minus predicted, by the size of the prediction; 5 to 95 %, the middle half, the median. "
        "A median off zero at one end means that the model misses a bend."
    )
    return Rows("Where it errs", note, scale, ("Predicted", "Rows", "5 %", "Median", "95 %"), rows)


def _squares(found: PredictedActual) -> Squares:
    edges = found.edges
    scale = Scale(edges[0], edges[-1] if edges[-1] > edges[0] else edges[0] + 1.0)
    most = max((count for row in found.counts for count in row), default=0)
    squares = []
    for row, counts in enumerate(found.counts[: len(edges) - 1]):
        for column, count in enumerate(counts[: len(edges) - 1]):
            if count:
                left, right = scale.at(edges[row]), scale.at(edges[row + 1])
                top, bottom = 100 - scale.at(edges[column + 1]), 100 - scale.at(edges[column])
                shade = 1 + round((count / most) ** 0.5 * (SHADES - 2))
                squares.append((left, round(top, 2), round(right - left, 2), round(bottom - top, 2), shade))
    return Squares(scale, squares, sum(map(sum, found.counts)))


def scale_between(low: float, high: float, keep: float | None = None) -> Scale:
    """Return a scale from the least to the greatest number."""
    ends = [low, high] if keep is None else [low, high, keep]
    return scale_of(ends, keep=ends)


def _some(rows: Sequence[Any]) -> Sequence[Any]:
    """Return a few rows at even distances, the first and the last among them."""
    if len(rows) <= _TABLE_ROWS:
        return rows
    return [rows[round(number * (len(rows) - 1) / (_TABLE_ROWS - 1))] for number in range(_TABLE_ROWS)]
