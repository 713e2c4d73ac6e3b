"""Which estimators a job may name, and what is said about their parameters."""

import importlib
import subprocess
import sys
import warnings

import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.utils import all_estimators

from gridfold_trainer.errors import EstimatorNotAllowedError
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, EXCLUDED, REGRESSORS, full_names
from gridfold_trainer.learning.estimators import (
    ambiguous_number,
    constructor_values,
    is_classifier,
    load_class,
    parameter_problem,
    takes_random_state,
    unknown_parameters,
)


def public_names(kind: str) -> set[str]:
    """Full public names of all estimators of scikit-learn of a kind, checked to lead to the class."""
    names = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, cls in all_estimators(type_filter=kind):
            package = ".".join(cls.__module__.split(".")[:2])
            assert getattr(importlib.import_module(package), name) is cls
            names.add(f"{package}.{name}")
    return names


@pytest.mark.parametrize(("kind", "table"), [("classifier", CLASSIFIERS), ("regressor", REGRESSORS)])
def test_every_estimator_of_scikit_learn_is_on_the_list_or_excluded(
    kind: str, table: dict[str, tuple[str, ...]]
) -> None:
    assert full_names(table).isdisjoint(EXCLUDED)
    assert full_names(table) == public_names(kind) - set(EXCLUDED)


def test_nothing_is_excluded_that_scikit_learn_does_not_have() -> None:
    assert set(EXCLUDED) <= public_names("classifier") | public_names("regressor")


def test_every_name_on_the_list_leads_to_its_class() -> None:
    for name in full_names(CLASSIFIERS) | full_names(REGRESSORS):
        cls = load_class(name)
        assert issubclass(cls, BaseEstimator)
        assert name.endswith(f".{cls.__name__}")
        assert is_classifier(cls) == (name in full_names(CLASSIFIERS))


def test_loading_one_estimator_imports_no_other_subpackage() -> None:
    code = (
        "import sys; from gridfold_trainer.learning.estimators import load_class;"
        "load_class('sklearn.naive_bayes.GaussianNB');"
        "print([name for name in ('sklearn.ensemble', 'sklearn.svm', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sklearn.ensemble.RandomForestClasifier", r"did you mean sklearn\.ensemble\.RandomForestClassifier"),
        ("sklearn.RandomForestClassifier", r"did you mean sklearn\.ensemble\.RandomForestClassifier"),
        ("sklearn.ensemble._forest.RandomForestClassifier", r"did you mean sklearn\.ensemble\.RandomForestClassifier"),
        ("sklearn.svm.svc", r"did you mean sklearn\.svm\.SVC\?"),
        ("sklearn.os.system", "not the full name of a classifier or regressor"),
        ("sklearn.cluster.KMeans", "not the full name of a classifier or regressor"),
        ("sklearn.model_selection.GridSearchCV", "not the full name of a classifier or regressor"),
        ("sklearn.ensemble.RandomForestClassifier.fit", "not the full name of a classifier or regressor"),
        ("os.system", "not the full name of a classifier or regressor"),
        ("", "not the full name of a classifier or regressor"),
    ],
)
def test_any_other_name_is_refused_with_a_suggestion(name: str, message: str) -> None:
    with pytest.raises(EstimatorNotAllowedError, match=message):
        load_class(name)


def test_an_estimator_with_a_random_state_is_known_by_its_constructor() -> None:
    assert takes_random_state(RandomForestClassifier)
    assert not takes_random_state(KNeighborsClassifier)


def test_unknown_parameters_are_all_told_with_the_nearest_name() -> None:
    problems = unknown_parameters(LogisticRegression, ["c", "C", "qqqqq", "max_itr"])
    assert len(problems) == 3
    assert "did you mean C?" in problems[0]
    assert "did you mean max_iter?" in problems[2]
    assert "it has C, class_weight" in problems[1]


@pytest.mark.parametrize(
    ("cls", "parameters", "message"),
    [
        (LogisticRegression, {"C": -1}, "The 'C' parameter of LogisticRegression must be a float in the range"),
        (LogisticRegression, {"C": "1"}, "Got '1' instead"),
        (LogisticRegression, {"D": 1}, 'has no parameter "D"'),
        (LogisticRegression, {"n_jobs": 2}, "n_jobs may not be set: threads of a cell"),
        (LogisticRegression, {"verbose": 1, "D": 1}, 'verbose may not be set.*has no parameter "D"'),
        (RandomForestClassifier, {"random_state": None}, "random_state is null"),
        (HistGradientBoostingClassifier, {"max_features": 1}, r"If 1\.0 is meant, write \{float: 1\}"),
        (SVC, {"kernel": "os.system"}, "The 'kernel' parameter of SVC must be a str among"),
        (KNeighborsClassifier, {"weights": "print"}, "The 'weights' parameter"),
        (StackingClassifier, {}, "cannot be built from plain values: .*estimators"),
        (LogisticRegression, {"class_weight": {"a": "2"}}, 'class_weight has the value "2"; expected a number'),
        (LogisticRegression, {"class_weight": {"b": 2}}, r'names the class "b"; the target has \["a", "c"\]'),
    ],
)
def test_parameters_that_the_estimator_refuses_are_told_in_its_own_words(
    cls: type, parameters: dict[str, object], message: str
) -> None:
    problem = parameter_problem(cls, parameters, ("a", "c"))
    assert problem is not None
    with pytest.raises(ValueError, match=message):
        raise ValueError(problem)


@pytest.mark.parametrize(
    ("cls", "parameters"),
    [
        (LogisticRegression, {"C": 1, "class_weight": "balanced", "random_state": 0}),
        (LogisticRegression, {"class_weight": {"a": 2, "c": 0.5}}),
        (RandomForestClassifier, {"max_features": 1.0, "max_depth": None}),
        (MLPClassifier, {"hidden_layer_sizes": [10, 5]}),
        (HistGradientBoostingClassifier, {"interaction_cst": [[0, 1]], "scoring": "f1"}),
    ],
)
def test_parameters_that_the_estimator_takes_are_no_problem(cls: type, parameters: dict[str, object]) -> None:
    assert parameter_problem(cls, parameters, ("a", "c")) is None


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (RandomForestClassifier, "max_features", 1),
        (RandomForestClassifier, "max_features", 1.0),
        (RandomForestClassifier, "max_samples", 1),
    ],
)
def test_a_number_that_means_two_things_is_told_with_both_spellings(cls: type, name: str, value: object) -> None:
    problem = ambiguous_number(cls, name, value)
    assert problem is not None
    assert "write {int: 1} or {float: 1}" in problem


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (RandomForestClassifier, "max_features", 2),
        (RandomForestClassifier, "max_features", 0.5),
        (RandomForestClassifier, "max_features", "sqrt"),
        (RandomForestClassifier, "max_features", None),
        (RandomForestClassifier, "max_features", {"float": 1}),
        (RandomForestClassifier, "bootstrap", True),
        (RandomForestClassifier, "n_estimators", 1),
        (RandomForestClassifier, "no_such_parameter", 1),
        (LogisticRegression, "C", 1),
    ],
)
def test_a_number_that_means_one_thing_is_no_problem(cls: type, name: str, value: object) -> None:
    assert ambiguous_number(cls, name, value) is None


def test_a_list_becomes_a_tuple_only_where_the_estimator_takes_no_list() -> None:
    class TakesTuples(LogisticRegression):
        _parameter_constraints = {**LogisticRegression._parameter_constraints, "C": [tuple]}  # noqa: RUF012

    assert constructor_values(TakesTuples, {"C": [1, 2]}, None) == {"C": (1, 2)}
    values = constructor_values(MLPClassifier, {"hidden_layer_sizes": [3, 4]}, None)
    assert values == {"hidden_layer_sizes": [3, 4]}
