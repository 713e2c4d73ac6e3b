"""The ends of a parameter's range, as the estimator declares them."""

import pytest

from gridfold.domain.numbers.edge import Bounds
from gridfold_trainer.learning.estimators import load_class
from gridfold_trainer.learning.value_bounds import bounds_of


class Undeclared:
    """An estimator of a platform that declares nothing."""


@pytest.mark.parametrize(
    ("estimator", "name", "value", "bounds"),
    [
        ("linear_model.LogisticRegression", "C", 1.0, Bounds(low=0, includes_low=False, includes_high=True)),
        ("linear_model.LogisticRegression", "C", 10, Bounds(low=0, includes_low=False, includes_high=True)),
        ("linear_model.ElasticNet", "l1_ratio", 1, Bounds(0, 1)),
        ("tree.DecisionTreeClassifier", "min_samples_leaf", 1, Bounds(low=1, includes_high=False)),
        ("tree.DecisionTreeClassifier", "min_samples_leaf", 0.1, Bounds(0, 1, False, False)),
        ("ensemble.RandomForestClassifier", "max_features", 1, Bounds(low=1, includes_high=False)),
        ("ensemble.RandomForestClassifier", "max_features", 0.5, Bounds(0, 1, False, True)),
        ("tree.DecisionTreeClassifier", "no_such", 1, Bounds()),
    ],
)
def test_bounds_are_those_of_the_range_that_the_value_lies_in(
    estimator: str, name: str, value: float, bounds: Bounds
) -> None:
    assert bounds_of(load_class(f"sklearn.{estimator}"), name, value) == bounds


def test_an_estimator_that_declares_nothing_has_no_bounds() -> None:
    assert bounds_of(Undeclared, "depth", 1) == Bounds()
