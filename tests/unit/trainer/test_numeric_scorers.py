"""Every metric from one confusion matrix against scikit-learn's own function, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Average, Scoring
from gridfold_trainer import scorers
from gridfold_trainer.scorers import Scorer

METRICS = ("accuracy", "precision", "recall", "f1")


def sklearn_scores(truth: np.ndarray, predicted: np.ndarray, average: Average, positive: int) -> dict[str, float]:
    options = {"average": average.lower(), "zero_division": 0}
    if average == Average.BINARY:
        options["pos_label"] = positive
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "precision": metrics.precision_score(truth, predicted, **options),
        "recall": metrics.recall_score(truth, predicted, **options),
        "f1": metrics.f1_score(truth, predicted, **options),
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
    assert Scorer(METRICS, average, 6, 7).scores(*pair) == sklearn_scores(*pair, average, 1)


@settings(max_examples=100, deadline=None)
@given(
    pair=predictions(2),
    average=st.sampled_from([Average.BINARY, Average.MACRO, Average.WEIGHTED, Average.MICRO]),
    positive=st.integers(0, 1),
)
def test_scores_of_two_classes_equal_scikit_learn_bit_for_bit(
    pair: tuple[np.ndarray, np.ndarray], average: Average, positive: int
) -> None:
    assert Scorer(METRICS, average, positive, 2).scores(*pair) == sklearn_scores(*pair, average, positive)


def test_large_folds_with_rare_classes_equal_scikit_learn_bit_for_bit() -> None:
    random = np.random.default_rng(3)
    shares = np.array([0.9, 0.05, 0.03, 0.0199, 0.0001])
    truth, predicted = random.choice(5, (2, 40_001), p=shares)
    for average in (Average.MACRO, Average.WEIGHTED, Average.MICRO):
        assert Scorer(METRICS, average, 4, 5).scores(truth, predicted) == sklearn_scores(truth, predicted, average, 1)


def test_scores_come_in_the_order_of_the_metrics_asked_for() -> None:
    scores = Scorer(("recall", "accuracy"), Average.MACRO, 2, 3).scores(np.array([0, 1, 2]), np.array([0, 2, 2]))
    assert list(scores.items()) == [("recall", 2 / 3), ("accuracy", 2 / 3)]


def test_a_positive_class_that_is_nowhere_scores_zero() -> None:
    scores = Scorer(METRICS, Average.BINARY, 1, 2).scores(np.zeros(4, int), np.zeros(4, int))
    assert scores == {"accuracy": 1.0, "precision": 0.0, "recall": 0.0, "f1": 0.0}


@pytest.mark.parametrize(
    ("average", "classes", "message"),
    [
        ("Macro", None, "which are about classes, but the target is a number"),
        ("Macro", ("only",), "the target has 1 class; at least 2"),
        ("Binary", ("a", "b", "c"), r"average is Binary, but the target has 3 classes; use Macro"),
    ],
)
def test_metrics_that_the_target_cannot_have_are_told_before_any_cell_runs(
    average: str, classes: tuple[str, ...] | None, message: str
) -> None:
    (problem,) = scorers.check(Scoring(), Resolved(average=average), classes)
    assert message in problem


@pytest.mark.parametrize(("average", "classes"), [("Binary", ("a", "b")), ("Macro", ("a", "b")), ("Micro", "abc")])
def test_metrics_that_the_target_can_have_are_no_problem(average: str, classes: tuple[str, ...]) -> None:
    assert scorers.check(Scoring(), Resolved(average=average), classes) == []
