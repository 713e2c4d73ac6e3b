"""Whether more rows would help: the learning curve as a document, as the status shows it, and in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridfold.api.learning import HALF, WHOLE, CurvePoint, LearningCurveStatus
from gridfold.domain.leaderboard import format_difference, format_score
from gridfold.domain.numbers.gain import Gain, gain
from gridfold.domain.numbers.judged import NONE, known, mean, std

_CHARACTERS = 256


@dataclass(frozen=True)
class Point:
    """The winner, fitted on a part of the rows: of each split, in their order."""

    fraction: int  #: per cent
    rows: Sequence[int]  #: that it was fitted on
    scores: Sequence[float | None]  #: of the objective; None: the split has none
    train_scores: Sequence[float | None] = field(default_factory=list)  #: on the rows that it was fitted on
    reason: str = ""  #: why a split has no score


def curve_document(points: Sequence[Point], objective: str, test_share: float, unit: str = "rows") -> dict[str, Any]:
    """Return what status.json has as `learningCurve`.

    Args:
        points: ascending, all rows last.
        objective: the metric.
        test_share: rows to score on ÷ rows to fit on, of all splits together, with all rows.
        unit: what the fractions count: rows, or groups.
    """
    last = points[-1]
    before = max((point for point in points if point.fraction <= HALF), key=lambda point: point.fraction)
    found = gain(_numbers(before.scores), _numbers(last.scores), test_share)
    return {
        "objective": objective,
        "unit": unit,
        "testShare": test_share,
        "points": [_point(point) for point in points],
        "gain": found and {"from": before.fraction, "value": found.value, "interval": found.interval},
        "verdict": _verdict(before, found, objective, unit),
    }


def curve_status(document: Mapping[str, Any] | None) -> LearningCurveStatus | None:
    """Return what the status shows of `curve_document`; a run without one has none."""
    if document is None:
        return None
    found = document["gain"]
    return LearningCurveStatus(
        verdict=document["verdict"],
        from_fraction=found and found["from"],
        gain=found and format_score(found["value"]),
        gain_interval=found and found["interval"] and [format_score(end) for end in found["interval"]],
        points=[
            CurvePoint(
                fraction=point["fraction"],
                rows=round(sum(point["rows"]) / len(point["rows"])),
                score=None if point["mean"] is None else format_score(point["mean"]),
                train_score=None if point["trainMean"] is None else format_score(point["trainMean"]),
                reason=point["reason"][:_CHARACTERS] or None,
            )
            for point in document["points"]
        ],
    )


def curve_lines(curve: LearningCurveStatus | None) -> Iterator[tuple[str, str]]:
    """Yield title and text of what more rows would bring, and of what has no score."""
    if curve is None:
        return
    yield "More rows", curve.verdict
    scored = ", ".join(f"{point.fraction} % {point.score}" for point in curve.points if point.score is not None)
    yield "", f"by part of the rows: {scored}" if scored else ""
    for point in curve.points:
        if point.score is None:
            yield "", f"{point.fraction} % has no score: {point.reason or 'not told'}"


def _point(point: Point) -> dict[str, Any]:
    scores, train = _numbers(point.scores), _numbers(point.train_scores)
    return {
        "fraction": point.fraction,
        "rows": list(point.rows),
        "scores": list(point.scores),
        "trainScores": list(point.train_scores),
        "mean": known(mean(scores)),
        "std": known(std(scores)),
        "trainMean": known(mean(train)),
        "reason": point.reason[:_CHARACTERS],
    }


def _numbers(scores: Sequence[float | None]) -> list[float]:
    return [NONE if score is None else score for score in scores]


def _verdict(before: Point, found: Gain | None, objective: str, unit: str) -> str:
    if found is None:
        return (
            f"{WHOLE} % of the {unit} cannot be compared with {before.fraction} %, which has no score in every fold: "
            "name larger fractions"
        )
    step = f"doubling the {unit}" if before.fraction == HALF else f"all {unit} instead of {before.fraction} %"
    told = f"{step} brought {objective} {format_difference(found.value)}"
    if found.interval is None:
        return f"{told}; nothing can be said of how sure that is"
    told += f" [{', '.join(map(format_difference, found.interval))}]"
    return (
        told
        + {
            1: f": more {unit} of this kind would probably help",
            0: ": that cannot be told from nothing",
            -1: f": the model is worse with more {unit}; look at how they differ",
        }[found.sign]
    )
