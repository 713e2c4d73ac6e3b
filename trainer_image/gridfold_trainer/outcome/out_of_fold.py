"""What the winner says of the rows of each fold, from the fits that check its folds: no fit is added for it."""

from collections.abc import Sequence
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


@dataclass(frozen=True)
class OutOfFold:
    """The answers of the winner's folds, repeat after repeat; one that cannot be asked is left out."""

    positive: int | None  #: code of the positive class, None unless there are two classes
    folds: Sequence[FoldAnswers] = ()

    def first(self, repeats: int) -> Sequence[FoldAnswers]:
        """Return the folds of the first of several repeats: in the others the same rows would count again."""
        return self.folds[: len(self.folds) // repeats]
