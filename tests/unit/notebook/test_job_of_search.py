"""What scikit-learn's users write becomes the job that says the same, or all of its problems at once."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from gridfold.domain.grid import plain_value
from gridfold_notebook.columns import columns_of
from gridfold_notebook.grid_search import GridSearch
from gridfold_notebook.job_of_search import estimator_of, grid_of, spelled
from gridfold_notebook.scoring import score
from gridfold_notebook.target import Target, target_of

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


class Frame(dict[Any, Any]):
    """As much of a DataFrame as its columns need."""

    @property
    def columns(self) -> list[Any]:
        return list(self)

    @property
    def shape(self) -> tuple[int, int]:
        return len(next(iter(self.values()))), len(self)

    @property
    def iloc(self) -> Any:
        values = list(self.values())
        return type("ILoc", (), {"__getitem__": lambda _, place: values[place[1]]})()


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
        (GridSearch(SVC(), {"C": [1]}), X, ["1", "a", " b", ""], ["the labels [' b', '']"]),
        (GridSearch(SVC(), {"C": [1]}), X, np.array(["1", 1, 0, 2.5], dtype=object), ["the labels ['1', 2.5]"]),
        (GridSearch(SVC(), {"C": [1]}), X, [0.5, 1, 0, 1], ["continuous values [0.5]"]),
        (GridSearch(SVC(), {"C": [1]}), X, [1, 1, 1, 1], ["y has 1 class, 1;"]),
        (GridSearch(SVC(), {"C": [1]}), X, [[0, 1]] * 4, ["y has the shape (4, 2)"]),
        (GridSearch(SVC(), {"C": [1]}), X, [1, np.nan, 0, 1], ["y contains NaN"]),
        (GridSearch(SVC(), {"C": [1]}), X, None, ["requires y to be passed, but the target y is None"]),
        (GridSearch(SVC(), {"C": [1]}), X + np.nan, y, ["X contains NaN (in x0, x1), which SVC does not take"]),
        (GridSearch(SVC(), {"C": [1]}), X[:1], y[:1], ["y has 1 class"]),
        (GridSearch(Ridge(), {"alpha": [1]}), X[:1], y[:1], ["X has 1 sample (n_samples=1)"]),
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


def test_what_is_neither_a_number_nor_a_text_is_a_type_error_as_in_scikit_learn() -> None:
    with pytest.raises(TypeError, match=r"argument must be a string or a real number, not 'dict' \(column x1 of X\)"):
        columns_of(np.array([[1, {"a": 1}]], dtype=object))
    assert "has the type datetime64[D]" in columns_of(Frame({"day": np.array(["2020-01-01"], "datetime64[D]")}))[1][0]


def test_columns_whose_names_are_no_texts_have_their_places_as_names() -> None:
    columns, problems = columns_of(Frame({7: np.array([1.0]), 3: np.array([2.0])}))
    assert not problems and [(column.name, *column.values) for column in columns] == [("x0", 1.0), ("x1", 2.0)]
    assert "[3]; expected texts" in columns_of(Frame({"a": np.array([1.0]), 3: np.array([2.0])}))[1][0]


def test_a_target_of_numbers_keeps_every_digit() -> None:
    assert target_of([0.1 + 0.2, 1], classifier=False) == (Target(["0.30000000000000004", "1.0"]), [])
    assert "contains NaN" in target_of([float("nan")], classifier=False)[1][0]
    assert "no finite numbers" in target_of(["a"], classifier=False)[1][0]


@pytest.mark.parametrize(
    ("y", "texts", "kind", "classes"),
    [
        ([-1, 1], ["-1", "1"], "Numeric", [-1, 1]),
        ([1.0, 0.0], ["1", "0"], "Numeric", [0.0, 1.0]),
        ([True, False], ["1", "0"], "Numeric", [False, True]),
        (np.array([2, 1], dtype=object), ["2", "1"], "Numeric", [1, 2]),
        (["10", "9", "no"], ["10", "9", "no"], "Categorical", ["10", "9", "no"]),
    ],
)
def test_labels_are_told_apart_and_come_back_as_they_were(y: Any, texts: Any, kind: str, classes: Any) -> None:
    target, problems = target_of(y, classifier=True)
    assert not problems and (target.texts, target.kind) == (texts, kind)
    assert target.classes.tolist() == classes and [type(c) for c in target.classes.tolist()] == list(map(type, classes))


def test_one_column_as_a_matrix_is_taken_with_the_warning_of_scikit_learn() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"):
        assert target_of([[1], [0]], classifier=True)[0].texts == ["1", "0"]


def test_the_score_is_that_of_the_metric_that_decided() -> None:
    rows, names = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array(["yes", "no", "no", "no", "yes"])
    labels = np.array(["no", "yes"])
    model = make_pipeline(LogisticRegression()).fit(rows, names)
    resolved = {"split": "Stratified", "crossValidation": "Stratified", "metrics": ["accuracy", "f1", "roc_auc"]}
    resolved |= {"average": "Binary", "positiveClass": "yes"}
    found = [score(model, rows, names, labels, {**resolved, "objective": name}) for name in resolved["metrics"]]
    said = model.predict(rows)
    ranked = roc_auc_score(names == "yes", model.predict_proba(rows)[:, 1])
    assert found == [np.mean(said == names), f1_score(names, said, pos_label="yes"), ranked]
    with pytest.raises(
        ValueError, match=r"y has the labels \['maybe'\], which fit has not seen; expected \['no', 'yes"
    ):
        score(model, rows[:1], ["maybe"], labels, {**resolved, "objective": "f1"})
    line = make_pipeline(Ridge()).fit(rows, rows[:, 0])
    about = {"split": "Random", "crossValidation": "KFold", "metrics": ["r2"], "objective": "r2"}
    assert score(line, rows, rows[:, 0], None, about) == line.score(rows, rows[:, 0])
