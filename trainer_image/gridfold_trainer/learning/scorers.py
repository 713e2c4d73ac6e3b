"""The metrics of a job: those that can be counted from one confusion matrix, all others by scikit-learn's own scorers.

All are bit for bit what scikit-learn's scorers give. For accuracy, precision, recall and F1 its functions validate
their input and count again for each metric: 4.9 ms a fold against 0.05 ms.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import (
    AVERAGED,
    DEFAULT_CLASSIFICATION_METRICS,
    DEFAULT_REGRESSION_METRICS,
    TOP_K,
    TWO_CLASSES,
    Average,
    ClassificationMetric,
    RegressionMetric,
    Scoring,
)
from gridfold.api.validation import show
from gridfold_trainer.learning.answers import Answers, methods_of
from gridfold_trainer.learning.responses import Responses

Rows = tuple[Any, np.ndarray]  #: (X, y)
Values = dict[str, float | None]  #: by metric; None where it has none
#: Gets true codes or numbers, what a fit says of those rows, and what gives the rows that it was fitted on (as those
#: are given), when they have been scored. What it returns is kept with the split's numbers, wherever the split is
#: computed. It raises nothing but MemoryError: a cell's scores do not depend on who listens, nor do its times.
Heard = Callable[[np.ndarray, Responses, Callable[[], Rows]], Any]

BINARY_CLASSES = 2
ACCURACY = "accuracy"
COUNTED = (ACCURACY, *AVERAGED)
#: What to measure of more than two classes in place of a metric of two.
_FOR_MORE_CLASSES = {"roc_auc": "roc_auc_ovr, roc_auc_ovo, or f1, balanced_accuracy or neg_log_loss"}
#: Of F-beta: how many times as much recall counts as precision.
_BETAS = {"f1": 1.0, "f2": 2.0, "f0.5": 0.5}


def by_metric(splits: Sequence[Values | None], metrics: Sequence[str]) -> dict[str, list[float | None]]:
    """Return the scores of each metric, one of each split; None where the split, or the metric in it, has none."""
    return {metric: [split[metric] if split else None for split in splits] for metric in metrics}


@dataclass(frozen=True)
class Scores:
    """The scores of one fitted pipeline on one set of rows."""

    values: Values  #: in the order of the metrics; None where a metric has no value on these rows
    problems: dict[str, str]  #: of those, why


@dataclass(frozen=True)
class Scorer:
    """What to measure, in what order."""

    metrics: tuple[str, ...]
    average: Average
    positive: int  #: code of the positive class; only Binary reads it
    classes: int  #: how many there are in the whole data set; 0: the target is a number
    heard: Heard | None = None  #: told of all splits that have scores
    train: bool = False  #: whether every fit is scored on its own rows, too

    def listening(self, heard: Heard) -> "Scorer":
        """Return the same, telling someone of all splits that have scores."""
        return replace(self, heard=heard)

    def scores(self, truth: np.ndarray, responses: Responses) -> Scores:
        """Return each metric on rows whose true codes or numbers are given, shape (n,).

        Raises:
            Exception: no metric has a value; it is what the first of them ended with.
        """
        found, errors = self._measured(truth, responses)
        if len(errors) == len(self.metrics):
            raise next(iter(errors.values()))
        return found

    def measure(self, truth: np.ndarray, responses: Responses) -> Scores:
        """Return each metric as `scores` does, but none at all where none has a value."""
        return self._measured(truth, responses)[0]

    def train_scores(self, answer: Callable[[Any], Responses], own: Callable[[], Rows]) -> Values:
        """Return each metric on the rows that a fit was fitted on; None where it has no value.

        Args:
            answer: gives what the fit says of rows.
            own: gives the rows.

        It raises nothing but MemoryError and warns of nothing: what matters of a fit is said of other rows. They are
        scikit-learn's to the last bit but for an estimator that writes into a DataFrame that it is fitted on, such as
        Lasso(copy_X=False): scikit-learn 1.9.1 then scores the rows that are left, here they are as they were.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                X, y = own()
                return self.measure(y, answer(X)).values
            except MemoryError:
                raise
            except (Exception, SystemExit):  # an estimator may raise anything
                return dict.fromkeys(self.metrics)

    def _measured(self, truth: np.ndarray, responses: Responses) -> tuple[Scores, dict[str, Exception]]:
        """Return the metrics; one that has no value on these rows spares the others, as in GridSearchCV."""
        values: Values = {}
        errors: dict[str, Exception] = {}
        answers, counted = Answers(responses, self.metrics), _Counted(self, truth)
        for metric in self.metrics:
            try:
                if metric in COUNTED:
                    found = counted.score(metric, answers.predicted(self._about(metric)))
                else:
                    found = float(_sklearn_scorer(metric)._score(answers, responses, None, truth))
                values[metric] = _finite(metric, found)
            except MemoryError:
                raise
            except Exception as error:  # an estimator may raise anything
                values[metric], errors[metric] = None, error
        return Scores(values, {metric: _told(error) for metric, error in errors.items()}), errors

    def _about(self, metric: str) -> int | None:
        """Return the class that a counted metric is about, None: all."""
        return self.positive if self.average == Average.BINARY and metric in AVERAGED else None

    def counted(self, truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
        """Return all metrics of COUNTED of predicted codes, shape (n,), against the true ones."""
        matrix = confusion_matrix(truth, predicted, self.classes)
        return {ACCURACY: _accuracy(matrix), **self._averaged(matrix)}

    def _averaged(self, matrix: np.ndarray) -> dict[str, float]:
        hits, true, found = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
        weights = None
        if self.average == Average.BINARY:
            hits, true, found = (counts[[self.positive]] for counts in (hits, true, found))
        elif self.average == Average.MICRO:
            hits, true, found = (counts.sum(keepdims=True) for counts in (hits, true, found))
        else:
            present = (true + found) > 0  # classes of the data set that this fold neither has nor predicts don't count
            hits, true, found = hits[present], true[present], found[present]
            weights = true if self.average == Average.WEIGHTED else None
        return {
            "precision": _mean(_divide(hits, found), weights),
            "recall": _mean(_divide(hits, true), weights),
            **{name: _mean(_f_score(hits, true, found, beta), weights) for name, beta in _BETAS.items()},
            "jaccard": _mean(_divide(hits, true + found - hits), weights),
        }


class _Counted:
    """The counted metrics of one set of rows; all metrics get the same predictions, so they are counted once."""

    def __init__(self, scorer: Scorer, truth: np.ndarray) -> None:
        self._scorer, self._truth = scorer, truth
        self._scores: dict[str, float] = {}

    def score(self, metric: str, predicted: np.ndarray) -> float:
        """Return a metric of predicted codes."""
        self._scores = self._scores or self._scorer.counted(self._truth, predicted)
        return self._scores[metric]


def choose(scoring: Scoring, *, classifier: bool) -> tuple[str, list[str]]:
    """Return the objective and the metrics of a job: those named, else the defaults of its kind of target."""
    defaults = DEFAULT_CLASSIFICATION_METRICS if classifier else DEFAULT_REGRESSION_METRICS
    usual = "f1" if classifier else "r2"
    metrics: list[str] = list(scoring.metrics or defaults)
    objective = scoring.objective or (usual if usual in metrics else metrics[0])
    return objective, metrics if objective in metrics else [*metrics, objective]


def make_scorer(
    resolved: Resolved, classes: Sequence[Any] | None, positive: int | None, heard: Heard | None = None
) -> Scorer:
    """Return the scorer of a job on a data set of these classes (None: numbers)."""
    count = len(classes or ())
    return Scorer(
        tuple(resolved.metrics),
        Average(resolved.average or Average.MACRO),
        count - 1 if positive is None else positive,  # never read where there are not two classes
        count,
        heard,
    )


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return counts, shape (classes, classes): rows are true codes, columns predicted ones."""
    pairs = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def kind_problems(scoring: Scoring, metrics: Sequence[str], *, classifier: bool) -> list[str]:
    """Return which metrics are not about what the estimator predicts, and which targets are not measured."""
    problems = _wrong_kind(metrics, classifier=classifier)
    unmeasured = sorted(set(scoring.targets) - set(metrics))
    if unmeasured:
        problems.append(
            f"spec.scoring.targets names {', '.join(unmeasured)}, but measured are {', '.join(metrics)}; add it to "
            "spec.scoring.metrics."
        )
    return problems


def check(scoring: Scoring, resolved: Resolved, classes: Sequence[Any] | None) -> list[str]:
    """Return why the metrics cannot be measured on a target of these classes (None: numbers); [] if they can."""
    metrics = resolved.metrics
    problems = kind_problems(scoring, metrics, classifier=classes is not None)
    if classes is None:
        return problems
    count = len(classes)
    if count < BINARY_CLASSES:
        every = "".join(f"; every row is {show(str(label))}" for label in classes)
        return [
            *problems,
            f"the target has {count} class; at least {BINARY_CLASSES} are needed to learn anything{every}.",
        ]
    if count > BINARY_CLASSES:
        problems += [
            f"spec.scoring.metrics has {metric}, which needs a target of {BINARY_CLASSES} classes, but this one has "
            f"{count}; use {_FOR_MORE_CLASSES.get(metric, 'f1, balanced_accuracy or cohen_kappa')}."
            for metric in metrics
            if metric in TWO_CLASSES
        ]
        if resolved.average == Average.BINARY:
            problems.append(
                f"spec.scoring.average is Binary, but the target has {count} classes; use Macro, Weighted or Micro."
            )
    return problems


def response_problem(estimator: Any, metrics: Sequence[str]) -> str | None:
    """Return why an unfitted estimator with its parameters cannot be measured so, or None if it can."""
    needed = {metric: methods_of(metric) for metric in metrics}
    missing = {
        metric: methods
        for metric, methods in needed.items()
        if not any(hasattr(estimator, method) for method in methods)
    }
    if not missing:
        return None
    needs = "; ".join(f"{metric} needs {' or '.join(methods)}" for metric, methods in missing.items())
    return (
        f"{type(estimator).__name__} with these parameters cannot be measured as spec.scoring.metrics says: {needs}. "
        "Choose other metrics, other parameters or another estimator."
    )


def _wrong_kind(metrics: Sequence[str], *, classifier: bool) -> list[str]:
    of_classes, of_numbers = get_args(ClassificationMetric), get_args(RegressionMetric)
    wrong = [metric for metric in metrics if metric in (of_numbers if classifier else of_classes)]
    if not wrong:
        return []
    if not classifier:
        return [
            f"spec.scoring.metrics is {', '.join(wrong)}, which are about classes, but the target is a number; use "
            f"{', '.join(of_numbers)}, or name a classifier."
        ]
    return [
        f"spec.scoring.metrics is {', '.join(wrong)}, which are about numbers, but the target has classes; use "
        f"{', '.join(of_classes)}, or name a regressor."
    ]


@cache
def _sklearn_scorer(metric: str) -> Any:
    """Return scikit-learn's own scorer, or one made of its function where it has no name for it."""
    from sklearn import metrics

    if metric == "cohen_kappa":
        return metrics.make_scorer(metrics.cohen_kappa_score)
    if metric in TOP_K:
        return metrics.make_scorer(metrics.top_k_accuracy_score, k=TOP_K[metric], response_method=methods_of(metric))
    return metrics.get_scorer(metric)


def _finite(metric: str, score: float) -> float:
    if not math.isfinite(score):
        raise ArithmeticError(f"the score of {metric} is not a finite number")
    return score


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _accuracy(matrix: np.ndarray) -> float:
    return float(np.trace(matrix) / matrix.sum())


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return the quotients, 0 where the denominator is 0 (zero_division=0)."""
    safe = np.where(denominator == 0, 1, denominator).astype(np.float64)
    return np.where(denominator == 0, 0.0, numerator.astype(np.float64) / safe)


def _f_score(hits: np.ndarray, true: np.ndarray, found: np.ndarray, beta: float) -> np.ndarray:
    square = beta**2
    return _divide((1 + square) * hits, square * true.astype(np.float64) + found)


def _mean(values: np.ndarray, weights: np.ndarray | None) -> float:
    return float(np.average(values, weights=weights))
