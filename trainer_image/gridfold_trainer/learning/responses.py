"""What a fitted pipeline says of a set of rows, each answer computed once however many metrics ask for it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

PREDICT = "predict"
RESPONSES = (PREDICT, "decision_function", "predict_proba")


class Responses:
    """A fitted pipeline on fixed rows, in the shape of an estimator, so that scikit-learn's own scorers take it.

    The rows are transformed once and each response is computed once; scikit-learn does both again for every scorer.
    Whatever else a scorer asks for (classes, tags) is the fitted estimator's. A model that speaks labels is made to
    speak codes, in which all scores are computed; labels are in the order of their codes, so nothing else changes.
    """

    def __init__(self, fitted: Any, X: Any, codes: Mapping[Any, int] | None = None) -> None:
        for _, step in fitted.steps[:-1]:
            X = step.transform(X)
        self._estimator, self._X, self._codes = fitted.steps[-1][1], X, codes
        self._known: dict[str, np.ndarray] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._estimator, name)  # AttributeError where there is none, as scorers expect
        if name in RESPONSES:
            return self._remembering(name, found)
        return self._coded(found) if name == "classes_" else found

    def at(self, rows: np.ndarray) -> "Responses":
        """Return the responses of some of the rows (or of some several times), from those computed so far."""
        picked = object.__new__(Responses)
        picked._estimator, picked._X, picked._codes = self._estimator, None, self._codes
        picked._known = {name: response[rows] for name, response in self._known.items()}
        return picked

    def _remembering(self, name: str, method: Callable[[Any], np.ndarray]) -> Callable[..., np.ndarray]:
        def respond(_: Any = None) -> np.ndarray:
            if name not in self._known:
                response = self._finite(name, method(self._X))
                self._known[name] = self._coded(response) if name == PREDICT else response
            return self._known[name]

        respond.__name__ = name  # scorers read it
        return respond

    def _finite(self, name: str, response: np.ndarray) -> np.ndarray:
        """Refuse what no scorer takes, in words that say whose fault it is: theirs are "Input contains NaN"."""
        strange = np.count_nonzero(~np.isfinite(response)) if response.dtype.kind == "f" else 0
        if strange:
            raise ArithmeticError(
                f"{name} of {type(self._estimator).__name__} gives {strange} of {response.size} values that are not "
                "finite numbers"
            )
        return response

    def _coded(self, labels: np.ndarray) -> np.ndarray:
        if self._codes is None:
            return labels
        return np.array([self._codes[label] for label in labels.tolist()], dtype=np.int64)
