"""plots.json of a winner: what each threshold would give on the validation part, of two classes.

Nothing is fitted for it and the test part is not looked at. Each point that is kept is exactly the one that
`sklearn.metrics.precision_recall_curve` has; of more than MOST_POINTS the rest is left out, at even steps.
"""

from typing import Any

import numpy as np

from gridfold.api.plots import MOST_POINTS, Plots, Thresholds


def plots_of(truth: np.ndarray, responses: Any, positive: int | None) -> Plots | None:
    """Return what can be drawn of the validation part, None where there is nothing, or an estimator that raises.

    Args:
        truth: the codes of the classes, (rows,).
        responses: what the winner, fitted on the training part, says of these rows.
        positive: the code of the positive class, None unless there are two classes.
    """
    if positive is None or not 0 < np.count_nonzero(truth == positive) < len(truth):
        return None
    try:
        found = _thresholds(truth == positive, responses, positive)
    except MemoryError:
        raise
    except Exception:  # an estimator may raise anything, and a figure is no reason to fail a job
        return None
    return Plots(thresholds=found)


def _thresholds(truth: np.ndarray, responses: Any, positive: int) -> Thresholds:
    from sklearn.metrics import precision_recall_curve  # it takes long, and a cell has no use for it

    score, used = _score(responses, positive)
    precision, recall, threshold = precision_recall_curve(truth, score)
    kept = np.unique(np.linspace(0, len(threshold) - 1, min(MOST_POINTS, len(threshold))).round().astype(int))
    precision, recall = precision[kept], recall[kept]
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    said = responses.predict() == positive
    return Thresholds(
        part="validation",
        threshold=threshold[kept].tolist(),
        precision=precision.tolist(),
        recall=recall.tolist(),
        f1=np.minimum(f1, 1.0).tolist(),
        used=used if np.array_equal(score > used, said) or np.array_equal(score >= used, said) else None,
    )


def _score(responses: Any, positive: int) -> tuple[np.ndarray, float]:
    """Return the probability of the positive class, else its decision function, and where predict should part them."""
    if hasattr(responses, "predict_proba"):
        return responses.predict_proba()[:, positive], 0.5
    decision = responses.decision_function()
    return (decision if positive else -decision), 0.0
