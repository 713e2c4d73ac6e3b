"""What a metric asks of the target is told before any cell runs, and scikit-learn would say no to it as well."""

import numpy as np
import pytest
from sklearn.metrics import get_scorer
from sklearn.tree import DecisionTreeRegressor

from gridfold_trainer.learning.metric_domains import problems

REFUSED = [
    ("neg_mean_squared_log_error", -1.0, "targets above -1 only, but 1 of 4 rows have others, the least is -1; use"),
    ("neg_root_mean_squared_log_error", -7.5, "the least is -7.5"),
    ("neg_mean_poisson_deviance", -0.5, "targets of at least 0 only"),
    ("neg_mean_gamma_deviance", 0.0, "targets above 0 only.*use neg_mean_poisson_deviance"),
]
TAKEN = [
    ("neg_mean_squared_log_error", -0.5),
    ("neg_mean_poisson_deviance", 0.0),
    ("neg_mean_gamma_deviance", 0.1),
    ("neg_mean_squared_error", -3.0),
]


def scored(metric: str, least: float) -> float:
    """Score a model that answers 1 for ever, which every metric is defined for."""
    y = np.array([least, 1.0, 2.0, 3.0])
    model = DecisionTreeRegressor().fit([[0], [1]], [1.0, 1.0])
    return float(get_scorer(metric)(model, np.zeros((4, 1)), y))


@pytest.mark.parametrize(("metric", "least", "message"), REFUSED)
def test_numbers_outside_a_metrics_domain_are_told(metric: str, least: float, message: str) -> None:
    (problem,) = problems(["r2", metric], np.array([least, 1.0, 2.0, 3.0]), None)
    with pytest.raises(ValueError, match=f"spec.scoring.metrics has {metric}.*{message}"):
        raise ValueError(problem)
    with pytest.raises(ValueError, match=r"can only be used|cannot be used"):
        scored(metric, least)


@pytest.mark.parametrize(("metric", "least"), TAKEN)
def test_numbers_at_the_end_of_the_domain_are_no_problem(metric: str, least: float) -> None:
    assert problems([metric], np.array([least, 1.0, 2.0, 3.0]), None) == []
    assert np.isfinite(scored(metric, least))


@pytest.mark.parametrize(
    ("metric", "classes", "message"),
    [
        ("top_k_accuracy", 2, "among the 2 likeliest, but the target has 2 classes.*use accuracy"),
        ("top_5_accuracy", 4, "has 4 classes, so that every model has 1; use top_k_accuracy or top_3_accuracy or acc"),
    ],
)
def test_more_guesses_than_classes_are_told(metric: str, classes: int, message: str) -> None:
    (problem,) = problems([metric], np.arange(classes), range(classes))
    with pytest.raises(ValueError, match=message):
        raise ValueError(problem)
    assert problems([metric], np.arange(11), range(11)) == []
