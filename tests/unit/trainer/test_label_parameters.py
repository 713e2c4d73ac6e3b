"""Parameters that name classes: found as the data writes them, by code in a fit, by label in the model, or refused."""

from typing import Any

import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import RadiusNeighborsClassifier

from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, full_names
from gridfold_trainer.learning.estimators import constructor_values, load_class, parameter_problem
from gridfold_trainer.learning.label_parameters import by_label, find_class, label_parameters

NUMBERS, TEXTS = (1, 2, 10), ("10", "no", "yes")


@pytest.mark.parametrize(
    ("label", "classes", "code"),
    [
        ("1", (1, 2), 0),
        ("01", (1, 2), 0),
        ("2e0", (1, 2), 1),
        (2, (1, 2), 1),
        (2.0, (1, 2), 1),
        (True, (0, 1), 1),
        (-1, (-1, 1), 0),
        (2**53, (2**53 - 1, 2**53), 1),
        ("1", ("01", "1"), 1),
        (1, ("01", "1"), 1),
        ("1.0", ("01", "1"), None),
        (True, ("False", "True"), None),
        (True, ("1", "2"), None),
        ("x", (1, 2), None),
        (" a", ("a", "b"), None),
        ([1], (1, 2), None),
    ],
)
def test_a_value_of_the_spec_finds_its_class(label: Any, classes: tuple[Any, ...], code: int | None) -> None:
    assert find_class(label, classes) == code


@pytest.mark.parametrize(
    ("cls", "given", "classes", "code", "label"),
    [
        (DummyClassifier, {"constant": 2}, NUMBERS, {"constant": 1}, {"constant": 2}),
        (DummyClassifier, {"constant": "2"}, NUMBERS, {"constant": 1}, {"constant": 2}),
        (DummyClassifier, {"constant": "yes"}, TEXTS, {"constant": 2}, {"constant": "yes"}),
        (DummyClassifier, {"constant": 10}, TEXTS, {"constant": 0}, {"constant": "10"}),
        (DummyClassifier, {"constant": ["no"]}, TEXTS, {"constant": [1]}, {"constant": ["no"]}),
        (DummyClassifier, {"constant": None}, TEXTS, {"constant": None}, {}),
        (RadiusNeighborsClassifier, {"outlier_label": 10}, NUMBERS, {"outlier_label": 2}, {"outlier_label": 10}),
        (
            RadiusNeighborsClassifier,
            {"outlier_label": "most_frequent"},
            ("a", "most_frequent"),
            {"outlier_label": "most_frequent"},
            {},
        ),
        (
            LogisticRegression,
            {"class_weight": {"1": 2.0, "10": 3}, "C": 1},
            NUMBERS,
            {"class_weight": {0: 2.0, 2: 3}, "C": 1},
            {"class_weight": {1: 2.0, 10: 3}},
        ),
        (LogisticRegression, {"class_weight": "balanced"}, NUMBERS, {"class_weight": "balanced"}, {}),
        (  # encodes the target before it looks at the weights
            HistGradientBoostingClassifier,
            {"class_weight": {"1": 2.0}},
            NUMBERS,
            {"class_weight": {0: 2.0}},
            {"class_weight": {0: 2.0}},
        ),
        (DummyRegressor, {"constant": 2}, None, {"constant": 2}, {}),
    ],
)
def test_a_class_is_named_by_its_code_in_a_fit_and_by_its_label_in_the_model(
    cls: type, given: dict[str, Any], classes: Any, code: dict[str, Any], label: dict[str, Any]
) -> None:
    assert repr(constructor_values(cls, given, classes)) == repr(code)
    assert repr(by_label(cls, given, classes)) == repr(label)


@pytest.mark.parametrize(
    ("cls", "given", "classes", "words"),
    [
        (DummyClassifier, {"constant": 3}, NUMBERS, "constant is the class 3; the target has [1, 2, 10]."),
        (
            DummyClassifier,
            {"constant": "Yes"},
            TEXTS,
            'constant is the class "Yes"; the target has ["10", "no", "yes"].',
        ),
        (DummyClassifier, {"constant": ["no", "x"]}, TEXTS, 'constant is the class "x"; '),
        (DummyClassifier, {"constant": True}, TEXTS, "write the label in quotes"),
        (RadiusNeighborsClassifier, {"outlier_label": -1}, NUMBERS, "outlier_label is the class -1; the target has "),
        (LogisticRegression, {"class_weight": {"3": 1}}, NUMBERS, 'class_weight names the class "3"; the target has '),
    ],
)
def test_a_class_that_the_data_does_not_have_is_refused_with_those_that_it_has(
    cls: type, given: dict[str, Any], classes: Any, words: str
) -> None:
    assert words in (parameter_problem(cls, given, classes) or "")
    assert parameter_problem(cls, given) is None


@pytest.mark.parametrize("constant", ["yes", ["yes"], 10])
def test_the_right_spelling_is_accepted(constant: Any) -> None:
    assert parameter_problem(DummyClassifier, {"strategy": "constant", "constant": constant}, TEXTS) is None


def test_no_other_parameter_of_a_classifier_takes_a_label() -> None:
    """A label is a whole number or a text, and so are few parameters: a new one must be looked at."""
    found = set()
    for name in full_names(CLASSIFIERS):
        cls: Any = load_class(name)
        for parameter, constraints in cls._parameter_constraints.items():
            if isinstance(constraints, list) and str in constraints:
                found.add((cls.__name__, parameter))
    named = {(cls.__name__, name) for cls in map(load_class, full_names(CLASSIFIERS)) for name in label_parameters(cls)}
    assert found == named | {("HistGradientBoostingClassifier", "scoring")}
