"""What a fitted pipeline says of a set of rows, each answer computed once however many metrics ask for it."""

from collections.abc import Callable
from typing import Any

import numpy as np

PREDICT = "predict"
RESPONSES = (PREDICT, "decision_function", "predict_proba")


class Responses:
    """A fitted pipeline on fixed rows, in the shape of an estimator, so that scikit-learn's own scorers take it.

    The rows are transformed once and each response is computed once; scikit-learn does both again for every scorer.
    Whatever else a scorer asks for (classes, tags) is the fitted estimator's.
    """

    def __init__(self, fitted: Any, X: Any) -> None:
        self._transformers: list[Any] | None = [step for _, step in fitted.steps[:-1]]
        self._estimator, self._X = fitted.steps[-1][1], self._transformed(X)
        self._known: dict[str, np.ndarray] = {}

    @classmethod
    def of_transformed(cls, estimator: Any, X: Any) -> "Responses":
        """Return the responses of a fitted estimator on rows that its pipeline has transformed."""
        made = object.__new__(cls)
        made._estimator, made._X, made._known = estimator, X, {}
        made._transformers = None
        return made

    def on(self, X: Any) -> "Responses":
        """Return what the same pipeline says of other rows, which are as these were given: transformed or not."""
        made = Responses.of_transformed(self._estimator, self._transformed(X))
        made._transformers = self._transformers
        return made

    def _transformed(self, X: Any) -> Any:
        for step in self._transformers or ():
            X = step.transform(X)
        return X

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._estimator, name)  # AttributeError where there is none, as scorers expect
        return self._remembering(name, found) if name in RESPONSES else found

    def at(self, rows: np.ndarray) -> "Responses":
        """Return the responses of some of the rows (or of some several times), from those computed so far."""
        picked = object.__new__(Responses)
        picked._estimator, picked._X, picked._transformers = self._estimator, None, None
        picked._known = {name: response[rows] for name, response in self._known.items()}
        return picked

    def _remembering(self, name: str, method: Callable[[Any], np.ndarray]) -> Callable[..., np.ndarray]:
        def respond(_: Any = None) -> np.ndarray:
            if name not in self._known:
                self._known[name] = self._finite(name, method(self._X))
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


def answers(model: Any, rows: Any) -> dict[str, np.ndarray]:
    """Return what a model says of some rows, by method; one that it has but that raises is left out."""
    found = {}
    for name in RESPONSES:
        try:
            found[name] = np.asarray(getattr(model, name)(rows))
        except MemoryError:
            raise
        except Exception:  # noqa: S112 (an estimator may raise anything; probabilities one_vs_one, for example)
            continue
    return found


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two answers are the same to the last bit."""
    if one.dtype.kind == "f" == other.dtype.kind:
        return np.array_equal(one, other, equal_nan=True)
    return bool(one.tolist() == other.tolist())
