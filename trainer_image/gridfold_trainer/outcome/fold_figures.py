"""What plots.json has of the out-of-fold predictions: scikit-learn's own curves and counts, in bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.plots import (
    LABEL_CHARACTERS,
    MOST_BINS,
    MOST_CLASSES,
    MOST_FOLDS,
    MOST_POINTS,
    CalibrationBin,
    ClassScores,
    Estimate,
    Plots,
    PrecisionRecall,
    PredictedActual,
    ResidualBin,
)
from gridfold_trainer.learning.fold_answers import FoldAnswers

#: Points of the curves of all folds together, about 40 bytes each: plots.json stays below 300 KB.
_FOLD_POINTS = 3000
#: As report.md's deciles; each has its interval, and of fewer rows than that each is a group of its own.
_GROUPS = 10
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: The normal distribution's 97.5 % quantile.
_Z = 1.959963984540054


@dataclass(frozen=True)
class OutOfFold:
    """The answers of the winner's folds, repeat after repeat; one that cannot be asked is left out."""

    positive: int | None  #: code of the positive class, None unless there are two classes
    folds: Sequence[FoldAnswers] = ()

    def first(self, repeats: int) -> Sequence[FoldAnswers]:
        """Return the folds of the first of several repeats: in the others the same rows would count again."""
        return self.folds[: len(self.folds) // repeats]


def with_folds(plots: Plots | None, heard: OutOfFold, classes: Sequence[Any] | None, repeats: int) -> Plots | None:
    """Return plots with what the folds add to them; as they are where that cannot be drawn.

    Args:
        plots: what there is of the validation part.
        heard: the answers of the winner's folds, repeat after repeat.
        classes: labels by code, None: the target is a number.
        repeats: how often the cross-validation divides the same rows; only the first is pooled.
    """
    folds = heard.first(repeats)
    if not folds:
        return plots
    try:
        found = _numbers(folds) if classes is None else _of_classes(heard, folds, classes)
        return Plots(**{**found, "thresholds": plots.thresholds if plots else None})
    except MemoryError:
        raise
    except Exception:  # numbers at the end of what a float holds, a strange estimator: no reason to fail a job
        return plots


def _of_classes(heard: OutOfFold, folds: Sequence[FoldAnswers], classes: Sequence[Any]) -> dict[str, Any]:
    truth = np.concatenate([fold.truth for fold in folds]).astype(np.int64)
    predicted = np.concatenate([fold.predicted for fold in folds]).astype(np.int64)
    found: dict[str, Any] = _by_class(truth, predicted, classes)
    if heard.positive is None:
        return found
    positive = truth == heard.positive
    points = min(MOST_POINTS, _FOLD_POINTS // max(1, len(heard.folds[:MOST_FOLDS])))
    curves = [_curve(fold.truth == heard.positive, fold.score, points) for fold in heard.folds[:MOST_FOLDS]]
    found |= {"folds": [curve for curve in curves if curve], "base_rate": float(positive.mean())}
    scores = [fold.score for fold in folds if fold.score is not None]
    if len(scores) == len(folds):
        score = np.concatenate(scores)
        found["pooled"] = _curve(positive, score, MOST_POINTS)
        if all(fold.probability for fold in folds):
            found["calibration"] = calibration(positive, score)
    return found


def _curve(positive: np.ndarray, score: np.ndarray | None, points: int) -> PrecisionRecall | None:
    """Return points of scikit-learn's curve, each as it is there; of too many those at even steps of recall.

    Steps of the threshold would have hardly a point where a rare class is found. Of one recall the highest threshold
    is kept: its precision is the best that is to be had there without finding less.
    """
    from sklearn.metrics import precision_recall_curve  # it takes long, and a cell has no use for it

    if score is None or not 0 < np.count_nonzero(positive) < len(positive):
        return None
    precision, recall, _ = precision_recall_curve(positive, score)
    if len(recall) > points:
        wanted = np.linspace(1.0, 0.0, points)
        kept = np.unique(np.searchsorted(-recall, -wanted, side="right") - 1)
        precision, recall = precision[kept], recall[kept]
    return PrecisionRecall(recall=recall.tolist(), precision=precision.tolist())


def calibration(positive: np.ndarray, probability: np.ndarray) -> list[CalibrationBin]:
    """Return groups by quantile, as `sklearn.calibration.calibration_curve(strategy="quantile")` has, with counts."""
    groups = []
    for rows in _groups(probability):
        hits = int(np.count_nonzero(positive[rows]))
        observed = interval(hits, len(rows))
        groups.append(
            CalibrationBin(
                predicted=min(1.0, float(probability[rows].mean())),
                observed=observed.value,
                low=observed.low,
                high=observed.high,
                rows=len(rows),
            )
        )
    return groups


def _groups(values: np.ndarray) -> list[np.ndarray]:
    """Return the rows between neighbouring deciles, without groups that have none."""
    ends = np.percentile(values, np.linspace(0, 1, _GROUPS + 1) * 100)
    group = np.searchsorted(ends[1:-1], values)
    return [rows for number in range(_GROUPS) if len(rows := np.flatnonzero(group == number))]


def interval(hits: int, rows: int) -> Estimate:
    """Return a share of some rows with Wilson's 95 % interval (Wilson 1927; Brown, Cai, DasGupta 2001)."""
    share, z2 = hits / rows, _Z**2
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = _Z / (1 + z2 / rows) * (share * (1 - share) / rows + z2 / (4 * rows**2)) ** 0.5
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == rows else min(1.0, middle + half)
    return Estimate(value=share, low=low, high=high)


def _by_class(truth: np.ndarray, predicted: np.ndarray, classes: Sequence[Any]) -> dict[str, Any]:
    """Return how each class fares; of too many, those with the worst F1, in the order of their codes."""
    hits, true, found = (
        np.bincount(codes, minlength=len(classes)) for codes in (truth[truth == predicted], truth, predicted)
    )
    both = true + found
    f1 = np.divide(2 * hits, both, out=np.zeros(len(classes)), where=both > 0)
    kept = np.sort(np.argsort(f1, kind="stable")[:MOST_CLASSES])
    scores = [
        ClassScores(
            label=_label(classes[code]),
            support=int(true[code]),
            precision=interval(int(hits[code]), int(found[code])) if found[code] else None,
            recall=interval(int(hits[code]), int(true[code])) if true[code] else None,
            f1=float(f1[code]) if both[code] else None,
        )
        for code in kept
    ]
    return {"classes": scores, "classes_left_out": len(classes) - len(kept)}


def _label(label: Any) -> str:
    text = str(label)
    return text if len(text) <= LABEL_CHARACTERS else text[: LABEL_CHARACTERS - 1] + "…"


def _numbers(folds: Sequence[FoldAnswers]) -> dict[str, Any]:
    truth = np.concatenate([fold.truth for fold in folds]).astype(float)
    predicted = np.concatenate([fold.predicted for fold in folds]).astype(float)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite then, the models refuse
        residuals = [
            ResidualBin(
                predicted=float(np.median(predicted[rows])),
                quantiles=np.quantile(truth[rows] - predicted[rows], _QUANTILES).tolist(),
                rows=len(rows),
            )
            for rows in _groups(predicted)
        ]
        low, high = min(truth.min(), predicted.min()), max(truth.max(), predicted.max())
        edges = np.linspace(low, high, MOST_BINS + 1)
    found: dict[str, Any] = {"residuals": residuals}
    if np.all(np.diff(edges) > 0):  # else all are the same number, or nearly
        counts = np.histogram2d(predicted, truth, bins=[edges, edges])[0].astype(int).tolist()
        found["predicted_actual"] = PredictedActual(edges=edges.tolist(), counts=counts)
    return found
