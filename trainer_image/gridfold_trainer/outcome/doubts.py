"""What looks like success and is none: a winner that answers one class, scores of 0, no more than a guess."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold.api.handoff import Outcome
from gridfold.api.v1alpha1.metric_ranges import LOSS, metric_range
from gridfold.api.validation import show
from gridfold_trainer.learning.findings import headline, joined
from gridfold_trainer.outcome.collect import Record

_HINT = "Try other parameters (class_weight: balanced, where the estimator has it), or more rows of the other classes."


def infeasible_headline(record: Record) -> str | None:
    """Return what to know first where a third of the cells or more is infeasible for one cause."""
    messages = [row.message.strip().splitlines()[0] for row in record.rows if row.outcome is Outcome.INFEASIBLE]
    return headline({message: messages.count(message) for message in dict.fromkeys(messages)}, len(record.rows))


def of_folds(record: Record) -> list[str]:
    """Return metrics of the winner that are 0 on every fold, though 0 is the least that they can be."""
    number = record.winner
    if number is None:
        return []
    zeros = [
        metric
        for metric in record.metrics
        if not metric.startswith(LOSS) and metric_range(metric).low == 0 and not record.scores[metric][number].any()
    ]
    if not zeros:
        return []
    verb = "is" if len(zeros) == 1 else "are"
    return [f"{joined(zeros)} {verb} 0 on every fold: the winner finds no row of the class in question. {_HINT}"]


def of_predictions(truth: np.ndarray, responses: Any, classes: Sequence[Any] | None) -> list[str]:
    """Return what the winner's answers on the validation part say, whatever its scores are.

    Args:
        truth: codes of classes, or numbers, (rows,).
        responses: what the winner says of these rows.
        classes: labels by code; None: numbers.
    """
    try:
        predicted = responses.predict()
    except MemoryError:
        raise
    except Exception:  # an estimator may raise anything; that its scores are missing is told elsewhere
        return []
    constant = bool((predicted == predicted[0]).all())
    if classes is None:
        return _of_numbers(truth, predicted, constant=constant)
    if constant:
        label = show(classes[int(predicted[0])])
        return [f"the winner answers {label} for every row of the validation part, as a constant would. {_HINT}"]
    present, sizes = np.unique(truth, return_counts=True)
    if len(present) == 1:
        return []
    hits = predicted == truth
    balanced = float(np.mean([hits[truth == code].mean() for code in present]))
    if hits.mean() > sizes.max() / len(truth) or balanced > 1 / len(present):
        return []
    label = show(classes[int(present[sizes.argmax()])])
    return [
        f"the winner is no better than always answering {label}: on the validation part it is right for "
        f"{int(hits.sum())} of {len(truth)} rows, that would be for {int(sizes.max())}."
    ]


def _of_numbers(truth: np.ndarray, predicted: np.ndarray, *, constant: bool) -> list[str]:
    if len(truth) < 2:
        return []
    if constant:
        return [f"the winner answers {predicted[0]:g} for every row of the validation part. Try other parameters."]
    error, spread = float(np.mean((predicted - truth) ** 2)), float(truth.var())
    if error < spread:
        return []
    return ["the winner is no better than always answering the mean of the validation part's targets."]
