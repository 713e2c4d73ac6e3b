"""What scikit-learn's users write becomes the job that says the same, or all of its problems at once."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, make_scorer, roc_auc_score
from sklearn.model_selection import KFold, RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from gridfold.domain.grid import plain_value
from gridfold_notebook.grid_search import GridSearch
from gridfold_notebook.grids import grid_of
from gridfold_notebook.job_of_search import estimator_of, folds_of, metrics_of, processes_of
from gridfold_notebook.pipelines import Parts
from gridfold_notebook.scoring import score
from gridfold_notebook.values import spelled

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
    assert found == ({"className": "sklearn.linear_model.LogisticRegression", "parameters": expected}, {})
    assert grid_of({"C": np.array([1.0, 0.5])}, Parts(SVC()), {}, problems) == [{"C": [{"float": 1}, 0.5]}]
    forest = RandomForestClassifier(max_features=None)
    assert estimator_of(forest, problems)[1] == {"max_features": None}
    given = {"max_features": [1]}, {}
    assert grid_of(given, Parts(forest), {"max_features": None}, problems) == [
        {"max_features": [{"int": 1}]},
        {"max_features": [None]},
    ]
    assert not problems


X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("search", "rows", "labels", "told"),
    [
        (
            GridSearch(make_pipeline(PCA(), SVC()), {"C": [1]}),
            X,
            y,
            ["a Pipeline that a job cannot say: PCA(); expected StandardScaler()", "'C', which a job does not know of"],
        ),
        (
            GridSearch(RandomForestClassifier(class_weight=len), {"criterion": [len]}),
            X,
            y,
            ["estimator has class_weight=", "param_grid has 'criterion': <built-in", "which a job cannot say"],
        ),
        (GridSearch(SVC(), {"C": [1]}, refit=False), X, y, ["refit is False; expected True"]),
        (
            GridSearch(SVC(), {"C": [1]}, scoring=["f1"]),
            X,
            y,
            ["refit is True; for multi-metric", "of f1 decides"],
        ),
        (GridSearch(SVC(), {"C": [1]}, scoring=len), X, y, ["scoring has <built-in"]),
        (GridSearch(SVC(), {"C": [1]}, error_score=0), X, y, ["error_score is 0; expected NaN or 'raise'"]),
        (GridSearch(SVC(), {"C": [1]}, n_jobs=0), X, y, ["n_jobs is 0; expected"]),
        (GridSearch(SVC(), {"C": [1]}, cv=KFold(3)), X, y, ["cv is KFold(", "with shuffle=True"]),
        (
            GridSearch(SVC(), {"C": [1]}, cv=KFold(3, shuffle=True)),
            X,
            y,
            ["random_state=None; expected a whole number"],
        ),
        (GridSearch(SVC(kernel="precomputed"), {"C": [1]}), X, y, ["takes distances between rows"]),
        (GridSearch(make_pipeline(SVC()), {"svc__C": [1]}, preprocessing={}), X, y, ["both a Pipeline and prepro"]),
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


def test_folds_processes_and_metrics_are_said_as_scikit_learn_has_them() -> None:
    problems: list[str] = []
    drawn = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=np.int64(7))
    assert folds_of(drawn, 0, problems) == {"method": "Stratified", "folds": 3, "repeats": 2, "seed": 7}
    plain = {"method": "KFold", "folds": 4, "repeats": 1, "seed": 1}
    assert folds_of(KFold(4, shuffle=True, random_state=1), 0, problems) == plain
    assert folds_of(None, 3, problems) == {"folds": 5, "seed": 3}
    assert [processes_of(jobs, problems) for jobs in (None, -1, 2)] == [{}, {}, {"parallelism": 2}]
    scorers = {"AUC": "roc_auc", "Right": make_scorer(accuracy_score)}
    assert metrics_of(scorers, classifier=True, problems=problems) == {"AUC": "roc_auc", "Right": "accuracy"}
    assert metrics_of(None, classifier=False, problems=problems) == {"score": "r2"}
    assert not problems


def test_no_grid_is_refused_in_the_words_of_scikit_learn() -> None:
    with pytest.raises(TypeError, match="needs to be a list or a numpy array, but got 5"):
        GridSearch(SVC(), {"C": 5}).fit(X, y)


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
    line = Ridge().fit(rows, rows[:, 0])
    about = {"split": "Random", "crossValidation": "KFold", "metrics": ["r2"], "objective": "r2"}
    assert score(line, rows, rows[:, 0], None, about) == line.score(rows, rows[:, 0])
