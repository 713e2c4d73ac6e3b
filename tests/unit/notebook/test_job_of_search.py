"""What scikit-learn's users write becomes the job that says the same, or all of its problems at once."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from gridfold.domain.grid import plain_value
from gridfold_notebook.grid_search import GridSearch
from gridfold_notebook.job_of_search import estimator_of, grid_of, spelled
from gridfold_notebook.training_data import columns_of, target_of

VALUES = [1, 1.0, 0.5, 1e300, True, None, "l2", (5, 2), [1.0, None], {0: 1, 1: 2.0}, np.float64(2), np.int64(3)]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_read_back_with_its_type(value: Any) -> None:
    wanted = value.item() if isinstance(value, np.generic) else value
    wanted = list(wanted) if isinstance(wanted, tuple) else wanted
    wanted = {str(key): one for key, one in wanted.items()} if isinstance(wanted, dict) else wanted
    assert repr(plain_value(spelled(value))) == repr(wanted)


def test_only_parameters_that_are_not_the_classes_own_are_written() -> None:
    problems: list[str] = []
    found = estimator_of(LogisticRegression(C=2.0, max_iter=50), problems)
    expected = {"C": {"float": 2}, "max_iter": {"int": 50}}
    assert found == {"className": "sklearn.linear_model.LogisticRegression", "parameters": expected}
    assert grid_of({"C": np.array([1.0, 0.5])}, problems) == [{"C": [{"float": 1}, 0.5]}]
    assert not problems


X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("search", "rows", "labels", "told"),
    [
        (
            GridSearch(make_pipeline(StandardScaler(), SVC()), {"C": [1]}),
            X,
            y,
            ["estimator is a Pipeline", "said by preprocessing="],
        ),
        (
            GridSearch(RandomForestClassifier(max_features=None), {"n_estimators": 5, "criterion": [len]}),
            X,
            y,
            [
                "add 'max_features': [None] to param_grid",
                "'n_estimators': 5; expected a list",
                "which a job cannot say",
            ],
        ),
        (GridSearch(SVC(), 3, refit=False), X, y, ["param_grid is a int", "refit is False; expected True"]),
        (GridSearch(SVC(), {"C": [1]}, scoring=["f1"]), X, y, ["expected the metric of scoring that decides"]),
        (GridSearch(SVC(), {"C": [1]}, scoring=len), X, y, ["scoring is <built-in"]),
        (GridSearch(SVC(), {"C": [1]}), X[:3], y, ["X has 3 rows and y has 4"]),
        (GridSearch(SVC(), {"C": [1]}), X[0], y, ["X has the shape (2,)", "Reshape your data"]),
        (GridSearch(SVC(), {"C": [1]}), X[:0], y[:0], ["0 sample(s) (shape=(0, 2))"]),
        (GridSearch(SVC(), {"C": [1]}), X + 1j, y, ["Complex data not supported"]),
        (GridSearch(SVC(), {"C": [1]}), csr_array(X), y, ["X is a csr_array", "not a sparse one"]),
        (GridSearch(SVC(), {"C": [1]}), X + np.inf, y, ["column x0 of X has infinite", "column x1 of X has infinite"]),
        (GridSearch(SVC(), {"C": [1]}), X, ["1", "a", " b", ""], ["labels ['1', ' b', '']"]),
        (GridSearch(SVC(), {"C": [1]}), np.array([["a", 1]] * 4, dtype=object), y, ["columns of texts (x0); give"]),
        (GridSearch(SVC(), {"C": [1]}, cv=1), X, y, ["spec.crossValidation.folds"]),
        (GridSearch(SVC(), {"C": [1]}, scoring="good"), X, y, ["spec.scoring"]),
    ],
)
def test_what_a_job_cannot_say_is_refused_before_anything_runs(
    search: GridSearch, rows: Any, labels: Any, told: list[str]
) -> None:
    with pytest.raises(ValueError, match="GridSearch cannot run this:\n- ") as refused:
        search.fit(rows, labels)
    for words in told:
        assert words in str(refused.value)


def test_columns_have_one_type_each_and_missing_values_stay_missing() -> None:
    columns, problems = columns_of(np.array([[1, "a", True], [None, None, float("nan")]], dtype=object))
    assert not problems
    assert [column.kind for column in columns] == ["Numeric", "Categorical", "Numeric"]
    assert np.isnan(columns[0].values[1]) and columns[1].values.tolist() == ["a", None]
    assert columns_of(np.array([["a"], [1]], dtype=object))[1][0].startswith(
        "column x0 of X has values such as 1 (int)"
    )


def test_a_target_of_numbers_keeps_every_digit() -> None:
    assert target_of([0.1 + 0.2, 1], classifier=False) == (["0.30000000000000004", "1.0"], [])
    assert target_of([-1, 1], classifier=True) == (["-1", "1"], [])
    assert "not finite" in target_of([float("nan")], classifier=False)[1][0]
