"""What a model answers the scorers of one set of rows: as GridSearchCV asks it, in the order of the metrics.

GridSearchCV asks each method once where several metrics need it, and hands all of them the first answer, whatever class
that was about. So a metric about a class that the model never saw (a fold without it) has a value after one that is
about no class, and none before it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import PROBABILITY, RANKING
from gridfold_trainer.learning.responses import PREDICT, Responses

_TWO = 2


def methods_of(metric: str) -> tuple[str, ...]:
    """Return the methods one of which a metric asks, the one that it prefers first."""
    if metric in RANKING:
        return ("decision_function", "predict_proba")
    return ("predict_proba",) if metric in PROBABILITY else (PREDICT,)


class Answers:
    """The answers to the metrics of a job on one set of rows; scikit-learn's scorers ask it as `_cached_call`."""

    def __init__(self, responses: Responses, metrics: Sequence[str]) -> None:
        self._responses = responses
        names = Counter(self._method(metric) for metric in metrics)
        self._shared = any(count > 1 for count in names.values())
        self._known: dict[str, np.ndarray] = {}

    def predicted(self, about: int | None) -> np.ndarray:
        """Return the predicted codes for a metric about a class (None: about no one).

        Raises:
            ValueError: the model has at most two classes, and this is none of them.
        """
        if PREDICT in self._known:
            return self._known[PREDICT]
        classes = self._responses.classes_
        if about is not None and len(classes) <= _TWO and about not in classes.tolist():
            raise ValueError(f"pos_label={about} is not a valid label: It should be one of {classes}")
        return self._keep(PREDICT, self._responses.predict())

    def __call__(self, responses: Any, method: str, rows: Any, pos_label: Any = None) -> np.ndarray:
        """Return the answer of a method, in the shape that scorers take."""
        from sklearn.utils._response import _get_response_values

        if method in self._known:
            return self._known[method]
        return self._keep(method, _get_response_values(responses, rows, method, pos_label=pos_label)[0])

    def _keep(self, method: str, answer: np.ndarray) -> np.ndarray:
        if self._shared:
            self._known[method] = answer
        return answer

    def _method(self, metric: str) -> str:
        methods = methods_of(metric)
        return next((name for name in methods if hasattr(self._responses, name)), methods[0])
