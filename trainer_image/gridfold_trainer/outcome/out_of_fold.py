"""What the winner says of the rows of each fold, from the fits that check its folds: no fit is added for it."""

from dataclasses import dataclass, field
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


@dataclass
class OutOfFold:
    """Listens to the winner while its folds are computed again."""

    positive: int | None  #: code of the positive class, None unless there are two classes
    folds: list[FoldAnswers] = field(default_factory=list)

    def hear(self, truth: np.ndarray, responses: Any) -> None:
        """Keep what the fit of a split says of its rows; one that cannot be asked is left out.

        It raises nothing but MemoryError: the cell's scores do not depend on what is drawn of it.
        """
        try:
            predicted = np.asarray(responses.predict())
            score, probability = self._score(responses)
        except MemoryError:
            raise
        except Exception:  # an estimator may raise anything
            return
        self.folds.append(FoldAnswers(truth, predicted, score, probability))

    def first(self, repeats: int) -> list[FoldAnswers]:
        """Return the folds of the first of several repeats: in the others the same rows would count again."""
        return self.folds[: len(self.folds) // repeats]

    def _score(self, responses: Any) -> tuple[np.ndarray | None, bool]:
        classes = [] if self.positive is None else [int(code) for code in responses.classes_]
        if self.positive not in classes or len(classes) != _TWO:
            return None, False  # a fold without one of the classes
        if hasattr(responses, "predict_proba"):
            return responses.predict_proba()[:, classes.index(self.positive)], True
        if not hasattr(responses, "decision_function"):
            return None, False
        decision = responses.decision_function()
        return (decision if self.positive == classes[1] else -decision), False
