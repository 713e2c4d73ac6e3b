"""Values that are spelled as in Python are told with what to write, and legitimate texts never are."""

from typing import Any

import pytest
import yaml
from sklearn.utils._param_validation import StrOptions, make_constraint

from gridfold.domain.grid import plain_value
from gridfold_trainer import preflight
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, REGRESSORS, full_names
from gridfold_trainer.learning.estimators import REFUSED_PARAMETERS, accepts, load_class
from gridfold_trainer.learning.python_spellings import axis_problems, fixed_problems
from gridfold_trainer.learning.python_values import NotPlainError, label_hint, read_python
from tests.unit.trainer.data_jobs import stage_input

TREE = "sklearn.tree.DecisionTreeClassifier"
FOREST = "sklearn.ensemble.RandomForestClassifier"
LOGISTIC = "sklearn.linear_model.LogisticRegression"
NETWORK = "sklearn.neural_network.MLPClassifier"
RANSAC = "sklearn.linear_model.RANSACRegressor"

#: estimator, axis as YAML of a job has it, what is written instead (None: what it says is legitimate)
SPELLINGS: list[tuple[str, str, str, str | None]] = [
    (TREE, "max_depth", "[2, None]", "null"),
    (TREE, "max_depth", "['null']", "null"),
    (TREE, "max_depth", "['Null']", "null"),
    (TREE, "max_depth", "['']", "null"),
    (TREE, "max_depth", "['~']", "null"),
    (TREE, "max_depth", "[nil]", "null"),
    (TREE, "max_depth", "['5']", "5"),
    (TREE, "max_depth", "['5.0']", "5"),
    (TREE, "max_depth", "['1_0']", "10"),
    (TREE, "max_depth", "[2**3]", "8"),
    (TREE, "max_depth", "[int(4)]", "4"),
    (TREE, "max_depth", "['range(1, 4)']", "1, 2, 3"),
    (TREE, "max_depth", "[range(1, 4)]", "1, 2, 3"),
    (TREE, "max_depth", "['[1, 2, 3]']", "1, 2, 3"),
    (TREE, "max_features", "[\"'sqrt'\"]", "sqrt"),
    (TREE, "max_features", "[SQRT]", "sqrt"),
    (TREE, "max_features", "['sqrt ']", "sqrt"),
    (TREE, "max_features", "['1.0']", "{float: 1}"),
    (TREE, "max_features", "['1']", "{int: 1}"),
    (TREE, "max_features", "['.5']", "0.5"),
    (TREE, "max_features", "['0,5']", "0.5"),
    (TREE, "max_features", "[sqrt, log2]", None),
    (TREE, "criterion", "[gini, Entropy]", "entropy"),
    (TREE, "criterion", "[gini, ginny]", None),
    (TREE, "class_weight", "['{0: 1, 1: 3}']", '{"0": 1, "1": 3}'),
    (TREE, "class_weight", "[None]", "null"),
    (TREE, "class_weight", "[balanced]", None),
    (NETWORK, "hidden_layer_sizes", "[(4, 4)]", "[4, 4]"),
    (NETWORK, "hidden_layer_sizes", "[(50,)]", "[50]"),
    (NETWORK, "hidden_layer_sizes", "['(4, 4)']", "[4, 4]"),
    (NETWORK, "hidden_layer_sizes", "['[4, 4]']", "[4, 4]"),
    (NETWORK, "hidden_layer_sizes", "[['4', '4']]", "[4, 4]"),
    (NETWORK, "hidden_layer_sizes", "[[4, 4]]", None),
    (LOGISTIC, "C", "['1e-3']", "0.001"),
    (LOGISTIC, "C", "[10**-2]", "0.01"),
    (LOGISTIC, "C", "[1/4]", "0.25"),
    (LOGISTIC, "C", "[np.logspace(-1, 1, 3)]", "0.1, 1, 10"),
    (LOGISTIC, "C", "[np.inf]", "a large number"),
    (LOGISTIC, "C", "['lambda x: x']", "a plain value"),
    (LOGISTIC, "C", "[0.1, 1e-3, 1_000, .5]", None),  # numbers in the YAML that kubectl reads
    (LOGISTIC, "max_iter", "['1,000']", "1000"),
    (LOGISTIC, "fit_intercept", "['True', 'False']", "true"),
    (LOGISTIC, "fit_intercept", "['yes']", "true"),
    (LOGISTIC, "fit_intercept", "[True, false, no]", None),
    (LOGISTIC, "random_state", "[None]", "a whole number"),
    (LOGISTIC, "random_state", "[np.random.RandomState(0)]", "a plain value"),
    (FOREST, "max_samples", "['None']", "null"),
    ("sklearn.dummy.DummyClassifier", "constant", "['1', None, (a)]", None),
    ("sklearn.dummy.DummyClassifier", "strategy", "[most_frequent]", None),
]


def read(text: str) -> Any:
    from gridfold_cli.reading.kubectl_yaml import read_documents

    return next(iter(read_documents(text))).value


@pytest.mark.parametrize(("name", "parameter", "written", "advice"), SPELLINGS)
def test_what_python_spells_otherwise_is_told_with_what_to_write_which_then_is_accepted(
    name: str, parameter: str, written: str, advice: str | None
) -> None:
    cls = load_class(name)
    found = list(axis_problems(cls, f"spec.search.grid[0].{parameter}", parameter, read(written)))
    if advice is None:
        assert found == []
        return
    assert found
    assert f"write {advice}" in found[0] or f"write the values one by one: {advice}." in found[0]
    if not advice.startswith("a "):
        taken = read(f"[{advice}]" if advice != "null" else "[null]")
        assert list(axis_problems(cls, "", parameter, taken)) == []
        assert all(accepts(cls, parameter, plain_value(value)) for value in taken)


FIXED = [
    (TREE, "max_depth", "None", "leave it out: null is its default"),
    (LOGISTIC, "penalty", "None", "write penalty: [null] in the grid"),
    (LOGISTIC, "C", "1e-3", "write 0.001"),
    (NETWORK, "hidden_layer_sizes", "(4, 4)", "write [4, 4]"),
    (NETWORK, "hidden_layer_sizes", "(4", "write a list in square brackets"),  # {hidden_layer_sizes: (4, 4)}
    (RANSAC, "stop_n_inliers", "np.inf", "leave it out: it is the default"),
    (TREE, "random_state", "None", "write a whole number, or leave it out"),
    (TREE, "class_weight", {"no": "3"}, 'class_weight.no is "3", a text; write 3'),
]


@pytest.mark.parametrize(("name", "parameter", "value", "words"), FIXED)
def test_fixed_parameters_are_told_as_well(name: str, parameter: str, value: Any, words: str) -> None:
    (found,) = fixed_problems(load_class(name), parameter, value)
    assert found.startswith(f"spec.estimator.parameters.{parameter}")
    assert words in found


def test_all_of_them_are_told_by_validate_and_prepare_at_once() -> None:
    spec = stage_input(
        estimator={"className": TREE, "parameters": {"criterion": "Gini"}},
        search={
            "grid": [{"max_depth": [2, "None"]}, {"max_features": ["SQRT"], "preprocessing.numeric.scale": ["None"]}]
        },
    ).spec
    assert preflight.spec_problems(spec, load_class(TREE)) == [
        'spec.estimator.parameters.criterion is "Gini", a text; write gini.',
        'spec.search.grid[0].max_depth[1] is "None", a text; write null.',
        'spec.search.grid[1].max_features[0] is "SQRT", a text; write sqrt.',
    ]


def parameters() -> list[tuple[type, str, list[Any]]]:
    """Return every parameter of every allowed estimator whose constraints are declared."""
    found = []
    for full in sorted(full_names(CLASSIFIERS) | full_names(REGRESSORS)):
        cls: Any = load_class(full)
        for name, constraints in cls._parameter_constraints.items():
            if not isinstance(constraints, str) and name not in REFUSED_PARAMETERS:
                found.append((cls, name, constraints))
    return found


def test_no_option_of_any_estimator_is_taken_for_a_mistake() -> None:
    options = 0
    for cls, name, constraints in parameters():
        for constraint in map(make_constraint, constraints):
            for text in getattr(constraint, "options", ()):
                if isinstance(text, str) and isinstance(constraint, StrOptions):
                    options += 1
                    assert list(axis_problems(cls, "", name, [text])) == [], (cls, name, text)
    assert options > 300


def test_every_parameter_of_every_estimator_that_takes_null_says_so_of_none() -> None:
    told = 0
    for cls, name, _ in parameters():
        if accepts(cls, name, None) and not accepts(cls, name, "None"):
            advice = "whole number" if name == "random_state" else "write null"
            found = list(axis_problems(cls, "", name, ["None"]))
            assert len(found) == 1, (cls, name)
            assert advice in found[0]
            told += 1
    assert told > 200


def test_every_number_of_every_estimator_is_told_in_quotes() -> None:
    told = 0
    for cls, name, _ in parameters():
        for number in (1, 0.5):
            if accepts(cls, name, number) and not accepts(cls, name, str(number)):
                (found,) = axis_problems(cls, "", name, [str(number)])
                write = yaml.safe_load(found.partition("write ")[2].removesuffix(".").removesuffix(" without quotes"))
                assert plain_value(write) == number, found
                told += 1
    assert told > 600


def test_what_is_no_plain_value_is_left_alone() -> None:
    for text in (
        "__import__('os')",
        "open('x')",
        "(lambda: 1)()",
        "9**9**9",
        "a.b",
        "x" * 2000,
        "range(1, 10**9)",
        "b'1'",
    ):
        with pytest.raises(NotPlainError):
            read_python(text)


def test_a_label_that_yaml_made_a_truth_value_has_a_hint() -> None:
    assert "in quotes" in label_hint("true")
    assert label_hint("yes") == ""
