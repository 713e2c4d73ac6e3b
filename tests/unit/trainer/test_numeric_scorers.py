"""Every metric from one confusion matrix against scikit-learn's own function, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Average, Scoring
from gridfold_trainer.learning import scorers
from gridfold_trainer.learning.scorers import Scorer

METRICS = ("accuracy", "precision", "recall", "f1", "f2", "f0.5", "jaccard")


def sklearn_scores(truth: np.ndarray, predicted: np.ndarray, average: Average, positive: int) -> dict[str, float]:
    options = {"average": average.lower(), "zero_division": 0}
    if average == Average.BINARY:
        options["pos_label"] = positive
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "precision": metrics.precision_score(truth, predicted, **options),
        "recall": metrics.recall_score(truth, predicted, **options),
        "f1": metrics.f1_score(truth, predicted, **options),
        "f2": metrics.fbeta_score(truth, predicted, beta=2, **options),
        "f0.5": metrics.fbeta_score(truth, predicted, beta=0.5, **options),
        "jaccard": metrics.jaccard_score(truth, predicted, **options),
    }


@st.composite
def predictions(draw: st.DrawFn, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted codes; often of few of the classes, so that folds without a class are common."""
    size = draw(st.integers(1, 60))
    seen = draw(st.integers(1, classes))
    codes = st.lists(st.integers(classes - seen, classes - 1), min_size=size, max_size=size)
    return np.array(draw(codes), dtype=np.int64), np.array(draw(codes), dtype=np.int64)


@settings(max_examples=150, deadline=None)
@given(pair=predictions(7), average=st.sampled_from([Average.MACRO, Average.WEIGHTED, Average.MICRO]))
def test_scores_of_many_classes_equal_scikit_learn_bit_for_bit(
    pair: tuple[np.ndarray, np.ndarray], average: Average
) -> None:
    assert Scorer(METRICS, average, 6, 7).counted(*pair) == sklearn_scores(*pair, average, 1)


@settings(max_examples=100, deadline=None)
@given(
    pair=predictions(2),
    average=st.sampled_from([Average.BINARY, Average.MACRO, Average.WEIGHTED, Average.MICRO]),
    positive=st.integers(0, 1),
)
def test_scores_of_two_classes_equal_scikit_learn_bit_for_bit(
    pair: tuple[np.ndarray, np.ndarray], average: Average, positive: int
) -> None:
    assert Scorer(METRICS, average, positive, 2).counted(*pair) == sklearn_scores(*pair, average, positive)


def test_large_folds_with_rare_classes_equal_scikit_learn_bit_for_bit() -> None:
    random = np.random.default_rng(3)
    shares = np.array([0.9, 0.05, 0.03, 0.0199, 0.0001])
    truth, predicted = random.choice(5, (2, 40_001), p=shares)
    for average in (Average.MACRO, Average.WEIGHTED, Average.MICRO):
        assert Scorer(METRICS, average, 4, 5).counted(truth, predicted) == sklearn_scores(truth, predicted, average, 1)


def test_a_positive_class_that_is_nowhere_scores_zero() -> None:
    scores = Scorer(METRICS, Average.BINARY, 1, 2).counted(np.zeros(4, int), np.zeros(4, int))
    assert scores == {**dict.fromkeys(METRICS, 0.0), "accuracy": 1.0}


def resolved(average: str = "Macro", *metrics: str) -> Resolved:
    return Resolved(average=average, metrics=list(metrics or METRICS))


@pytest.mark.parametrize(
    ("resolved", "classes", "message"),
    [
        (resolved(), None, "which are about classes, but the target is a number; use r2"),
        (resolved("Macro", "r2"), ("a", "b"), "which are about numbers, but the target has classes; use accuracy"),
        (resolved(), ("only",), "the target has 1 class; at least 2"),
        (resolved("Binary"), ("a", "b", "c"), r"average is Binary, but the target has 3 classes; use Macro"),
        (resolved("Macro", "f1", "roc_auc"), ("a", "b", "c"), "has roc_auc, which needs a target of 2 classes"),
    ],
)
def test_metrics_that_the_target_cannot_have_are_told_before_any_cell_runs(
    resolved: Resolved, classes: tuple[str, ...] | None, message: str
) -> None:
    (problem,) = scorers.check(Scoring(), resolved, classes)
    assert message in problem


def test_targets_of_metrics_that_are_not_measured_are_told() -> None:
    (problem,) = scorers.check(Scoring(targets={"roc_auc": "0.9"}), resolved(), ("a", "b"))
    assert "spec.scoring.targets names roc_auc, but measured are accuracy, precision, recall, f1, f2" in problem


@pytest.mark.parametrize(
    ("resolved", "classes"),
    [
        (resolved("Binary"), ("a", "b")),
        (resolved("Macro", "roc_auc", "neg_log_loss", "average_precision"), ("a", "b")),
        (resolved("Micro", "average_precision", "matthews_corrcoef"), ("a", "b", "c")),
        (resolved("Macro", "r2", "neg_mean_absolute_percentage_error"), None),
    ],
)
def test_metrics_that_the_target_can_have_are_no_problem(resolved: Resolved, classes: tuple[str, ...] | None) -> None:
    assert scorers.check(Scoring(), resolved, classes) == []


@pytest.mark.parametrize(
    ("scoring", "classifier", "expected"),
    [
        ({}, True, ("f1", ["accuracy", "precision", "recall", "f1"])),
        ({}, False, ("r2", ["r2", "neg_mean_absolute_error", "neg_root_mean_squared_error"])),
        ({"objective": "roc_auc"}, True, ("roc_auc", ["accuracy", "precision", "recall", "f1", "roc_auc"])),
        ({"metrics": ["recall", "accuracy"]}, True, ("recall", ["recall", "accuracy"])),
        ({"metrics": ["recall", "f1"]}, True, ("f1", ["recall", "f1"])),
        ({"metrics": ["recall", "f1"], "objective": "recall"}, True, ("recall", ["recall", "f1"])),
    ],
)
def test_objective_and_metrics_are_those_named_or_the_defaults_of_the_kind_of_target(
    scoring: dict[str, object], classifier: bool, expected: tuple[str, list[str]]
) -> None:
    assert scorers.choose(Scoring.model_validate(scoring), classifier=classifier) == expected


@pytest.mark.parametrize(("positive", "code"), [(0, 0), (1, 1), (None, 1)])
def test_the_scorer_is_about_the_class_that_is_positive(positive: int | None, code: int) -> None:
    made = scorers.make_scorer(resolved("Binary"), ("a", "b"), positive)
    assert (made.positive, made.classes, made.average) == (code, 2, Average.BINARY)
    assert scorers.make_scorer(Resolved(metrics=["r2"]), None, None).classes == 0
