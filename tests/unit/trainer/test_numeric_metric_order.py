"""GridSearchCV's value of a metric can depend on the metrics before it; ours is the same in every order."""

import math
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import check_scoring
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from gridfold.api.v1alpha1 import Average
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer
from tests.unit.trainer.test_numeric_responses import theirs

#: With both responses, with probabilities only, with a decision function only; most can be fitted on one class.
ESTIMATORS = [
    HistGradientBoostingClassifier(max_iter=2),
    LogisticRegression(),
    DecisionTreeClassifier(max_depth=2),
    RidgeClassifier(),
]
#: Classes in the rows to fit on, classes in the rows to score on, number of these rows.
FOLDS = [
    ((0, 1), (0, 1), 30),
    ((0, 1), (0,), 30),
    ((0, 1), (1,), 30),
    ((0, 1), (1,), 1),
    ((0,), (0, 1), 30),
    ((0,), (0,), 30),
    ((1,), (0, 1), 30),
    ((0,), (1,), 1),
    ((0, 2), (0, 1, 2), 30),
    ((0, 1, 2), (0, 2), 30),
]
ORDERS: list[tuple[str, ...]] = [
    ("f1",),
    ("f1", "accuracy"),
    ("precision", "balanced_accuracy", "jaccard"),
    ("average_precision",),
    ("roc_auc", "average_precision"),
    ("average_precision", "roc_auc"),
    ("average_precision", "neg_log_loss", "roc_auc"),
    ("accuracy", "recall", "neg_log_loss", "average_precision", "top_k_accuracy", "neg_brier_score", "roc_auc_ovr"),
]


@cache
def fitted(name: str, fold: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Return a fitted pipeline (None where one class is too few), and the rows to score on."""
    fit, score, rows = fold
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 3)), np.resize(np.array(fit), 60)
    X_test, truth = random.normal(size=(rows, 3)), np.resize(np.array(score), rows)
    (estimator,) = (estimator for estimator in ESTIMATORS if type(estimator).__name__ == name)
    try:
        return make_pipeline(StandardScaler(), clone(estimator)).fit(X + y[:, np.newaxis], y), X_test, truth
    except ValueError:
        return None, X_test, truth


def answers(name: str, fold: tuple[Any, ...], metrics: tuple[str, ...], average: Average) -> tuple[Any, Any]:
    """Return our scores and scikit-learn's, NaN where there is none; none at all where it cannot be fitted."""
    model, X_test, truth = fitted(name, fold)
    if model is None or not has_responses(model, metrics):
        return None, None
    found = check_scoring(model, theirs(metrics, average, 1), raise_exc=False)(model, X_test, truth)
    expected = {metric: math.nan if isinstance(score, str) else float(score) for metric, score in found.items()}
    classes = 3 if 2 in (*fold[0], *fold[1]) else 2
    ours = Scorer(metrics, average, 1, classes).measure(truth, Responses(model, X_test)).values
    return {name: math.nan if value is None else value for name, value in ours.items()}, expected


def has_responses(estimator: Any, metrics: tuple[str, ...]) -> bool:
    return hasattr(estimator, "predict_proba") or not set(metrics) & {"neg_log_loss", "neg_brier_score", "roc_auc_ovr"}


@pytest.mark.parametrize("name", [type(estimator).__name__ for estimator in ESTIMATORS])
@pytest.mark.parametrize("fold", FOLDS, ids=str)
def test_every_order_of_the_metrics_gives_what_scikit_learn_gives_for_it(name: str, fold: tuple[Any, ...]) -> None:
    average = Average.MACRO if 2 in fold[0] else Average.BINARY
    different = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for metrics in ORDERS:
            ours, expected = answers(name, fold, metrics, average)
            different += [] if repr(ours) == repr(expected) else [(metrics, ours, expected)]  # NaN is NaN
    assert different == []


def test_a_metric_about_a_class_that_was_never_fitted_has_a_value_only_after_one_that_is_about_none() -> None:
    fold = ((0,), (0, 1), 30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for metrics, value in (
            (("f1",), math.nan),
            (("f1", "accuracy"), math.nan),
            (("accuracy", "f1"), 0.0),
            (("average_precision", "roc_auc"), math.nan),
            (("roc_auc", "average_precision"), 0.5),
        ):
            about = next(metric for metric in metrics if metric in ("f1", "average_precision"))
            ours, expected = answers("HistGradientBoostingClassifier", fold, metrics, Average.BINARY)
            assert repr(ours[about]) == repr(expected[about]) == repr(value)
