"""One transform and one of each response serve all metrics, and every score is the one of scikit-learn's scorer."""

import warnings
from collections import Counter
from typing import Any, get_args

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.metrics import (
    check_scoring,
    cohen_kappa_score,
    f1_score,
    fbeta_score,
    get_scorer,
    jaccard_score,
    make_scorer,
    precision_score,
    recall_score,
    top_k_accuracy_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from gridfold.api.v1alpha1 import TOP_K, TWO_CLASSES, Average, ClassificationMetric, RegressionMetric
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer, response_problem

OF_CLASSES, OF_NUMBERS = get_args(ClassificationMetric), get_args(RegressionMetric)
#: Metrics that sense has of two classes: of more guesses than there are classes a model is always right.
OF_TWO = tuple(metric for metric in OF_CLASSES if metric not in TOP_K)
OF_THREE = tuple(metric for metric in OF_CLASSES if metric not in TWO_CLASSES and TOP_K.get(metric, 0) < 3)
COUNTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "precision": (precision_score, {"zero_division": 0}),
    "recall": (recall_score, {"zero_division": 0}),
    "f1": (f1_score, {"zero_division": 0}),
    "f2": (fbeta_score, {"beta": 2, "zero_division": 0}),
    "f0.5": (fbeta_score, {"beta": 0.5, "zero_division": 0}),
    "jaccard": (jaccard_score, {"zero_division": 0}),
}
PROBABILISTIC = [
    LogisticRegression(max_iter=50),
    GaussianNB(),
    RandomForestClassifier(5, random_state=0),
    BaggingClassifier(n_estimators=3, random_state=0),
    DummyClassifier(),
]


def theirs(metrics: tuple[str, ...], average: Average, positive: int) -> dict[str, Any]:
    """Return scikit-learn's scorers by name; precision, recall and F1 take average and positive class."""
    options: dict[str, Any] = {"average": average.lower(), "pos_label": None}
    if average == Average.BINARY:
        options["pos_label"] = positive
    ranking = ("decision_function", "predict_proba")
    made: dict[str, Any] = {
        **{name: make_scorer(function, **fixed, **options) for name, (function, fixed) in COUNTED.items()},
        "cohen_kappa": make_scorer(cohen_kappa_score),
        **{f"top_{k}_accuracy": make_scorer(top_k_accuracy_score, k=k, response_method=ranking) for k in (3, 5, 10)},
    }
    return {name: made.get(name) or get_scorer(name) for name in metrics}


def compare(model: Any, X: np.ndarray, y: np.ndarray, metrics: tuple[str, ...], scorer: Scorer) -> None:
    half = len(y) // 2
    order = np.random.default_rng(1).permutation(len(y))
    fit, test = order[:half], order[half:]
    fitted = make_pipeline(StandardScaler(), clone(model)).fit(X[fit], y[fit])
    found = scorer.scores(y[test], Responses(fitted, X[test]))
    expected = check_scoring(fitted, theirs(metrics, scorer.average, scorer.positive))(fitted, X[test], y[test])
    assert found.problems == {}
    assert list(found.values) == list(metrics)
    assert {name: float(score).hex() for name, score in found.values.items() if score is not None} == {
        name: float(score).hex() for name, score in expected.items()
    }


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("model", PROBABILISTIC, ids=lambda model: type(model).__name__)
def test_every_metric_of_two_classes_is_that_of_scikit_learns_scorer(model: Any, positive: int) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    compare(model, X, y, OF_TWO, Scorer(OF_TWO, Average.BINARY, positive, 2))


@pytest.mark.parametrize("model", [LinearSVC(), SVC(), RidgeClassifier()], ids=lambda model: type(model).__name__)
def test_ranking_metrics_take_the_decision_function(model: Any) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    metrics = ("roc_auc", "average_precision")
    compare(model, X, y, metrics, Scorer(metrics, Average.BINARY, 1, 2))


@pytest.mark.parametrize("model", PROBABILISTIC, ids=lambda model: type(model).__name__)
def test_metrics_of_three_classes_are_those_of_scikit_learns_scorers(model: Any) -> None:
    X, y = load_iris(return_X_y=True)
    compare(model, X[:, :2], y, OF_THREE, Scorer(OF_THREE, Average.MACRO, 2, 3))


@pytest.mark.parametrize("model", [Ridge(), KNeighborsRegressor()], ids=lambda model: type(model).__name__)
def test_metrics_of_numbers_are_those_of_scikit_learns_scorers(model: Any) -> None:
    X, y = load_diabetes(return_X_y=True)
    compare(model, X, y, OF_NUMBERS, Scorer(OF_NUMBERS, Average.MACRO, -1, 0))


def count_outer_calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is asked of scaler and classifier from outside; predict itself calls decision_function."""
    calls, inside = Counter[str](), [False]

    def counting(original: Any, name: str) -> Any:
        def call(self: Any, rows: Any) -> Any:
            outer, inside[0] = inside[0], True
            calls[name] += not outer
            try:
                return original(self, rows)
            finally:
                inside[0] = outer

        return call

    for cls, name in (
        (StandardScaler, "transform"),
        (LogisticRegression, "predict"),
        (LogisticRegression, "decision_function"),
        (LogisticRegression, "predict_proba"),
    ):
        monkeypatch.setattr(cls, name, counting(getattr(cls, name), name))
    return calls


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (("accuracy", "f1", "balanced_accuracy", "matthews_corrcoef"), {"predict": 1}),
        (("roc_auc", "average_precision"), {"decision_function": 1}),
        (("neg_log_loss",), {"predict_proba": 1}),
        (OF_TWO, {"predict": 1, "decision_function": 1, "predict_proba": 1}),
    ],
)
def test_each_response_is_computed_once_and_only_where_a_metric_needs_it(
    metrics: tuple[str, ...], expected: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=50)).fit(X, y)
    calls = count_outer_calls(monkeypatch)
    Scorer(metrics, Average.BINARY, 1, 2).scores(y, Responses(fitted, X))
    assert dict(+calls) == {"transform": 1, **expected}


def test_responses_of_some_rows_score_as_these_rows_do() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    fitted = make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)
    scorer, responses = Scorer(OF_TWO, Average.BINARY, 1, 2), Responses(fitted, X)
    scorer.scores(y, responses)
    rows = np.random.default_rng(2).integers(0, len(y), 100)
    alone = scorer.scores(y[rows], Responses(fitted, X[rows]))
    assert scorer.scores(y[rows], responses.at(rows)) == alone


def test_a_fold_of_one_class_has_no_ranking_score_and_keeps_the_others() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    fitted = make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)
    only = np.flatnonzero(y == 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Scorer(OF_TWO, Average.BINARY, 1, 2).scores(y[only], Responses(fitted, X[only]))
    assert found.values["roc_auc"] is None
    assert found.values["neg_log_loss"] is None
    assert found.values["f1"] is not None
    assert set(found.problems) == {name for name, score in found.values.items() if score is None}
    assert "ValueError: y_true contains only one label" in found.problems["neg_log_loss"]


@pytest.mark.parametrize(
    ("estimator", "metrics", "message"),
    [
        (LinearSVC(), ("f1", "neg_log_loss"), "LinearSVC with these parameters.*neg_log_loss needs predict_proba"),
        (SGDClassifier(loss="hinge"), ("neg_log_loss",), "neg_log_loss needs predict_proba"),
        (Ridge(), ("roc_auc",), "roc_auc needs decision_function or predict_proba"),
    ],
)
def test_an_estimator_without_the_response_that_a_metric_needs_is_told(
    estimator: Any, metrics: tuple[str, ...], message: str
) -> None:
    problem = response_problem(estimator, metrics)
    with pytest.raises(ValueError, match=message):
        raise ValueError(problem)


@pytest.mark.parametrize(
    ("estimator", "metrics"),
    [(SGDClassifier(loss="log_loss"), OF_CLASSES), (LinearSVC(), ("roc_auc", "f1")), (GaussianNB(), OF_CLASSES)],
)
def test_an_estimator_with_the_responses_is_no_problem(estimator: Any, metrics: tuple[str, ...]) -> None:
    assert response_problem(estimator, metrics) is None
