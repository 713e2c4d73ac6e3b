"""What a fit says of the rows of a fold, which it has not seen: as far as something is drawn of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

_TWO = 2


@dataclass(frozen=True)
class FoldAnswers:
    """A fold's rows, which the fit had not seen."""

    truth: np.ndarray  #: (rows,), codes of classes, or numbers
    predicted: np.ndarray  #: (rows,)
    score: np.ndarray | None = None  #: of two classes: how positive each row is; None: nothing says so
    probability: bool = False  #: whether the score is one; else it is a decision function's


def answers_of(truth: np.ndarray, responses: Any, positive: int | None) -> FoldAnswers | None:
    """Return what the fit of a split says of its rows, None for one that cannot be asked.

    It raises nothing but MemoryError: the cell's scores do not depend on what is drawn of it.
    """
    try:
        score, probability = _score(responses, positive)
        return FoldAnswers(truth, np.asarray(responses.predict()), score, probability)
    except MemoryError:
        raise
    except Exception:  # an estimator may raise anything
        return None


def _score(responses: Any, positive: int | None) -> tuple[np.ndarray | None, bool]:
    classes = [] if positive is None else [int(code) for code in responses.classes_]
    if positive not in classes or len(classes) != _TWO:
        return None, False  # a fold without one of the classes
    if hasattr(responses, "predict_proba"):
        return responses.predict_proba()[:, classes.index(positive)], True
    if not hasattr(responses, "decision_function"):
        return None, False
    decision = responses.decision_function()
    return (decision if positive == classes[1] else -decision), False
