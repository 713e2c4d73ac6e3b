"""GridSearch over a Pipeline finds what GridSearchCV finds on the rows that the job searches, bit for bit."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, KFold, RepeatedStratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from gridfold_notebook.grid_search import GridSearch

pytestmark = pytest.mark.usefixtures("warm")
ROWS = 120


def people() -> tuple[Any, np.ndarray]:
    """Return a DataFrame with numbers, texts and gaps, and a class that depends on them."""
    import pandas as pd

    draw = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": draw.normal(50, 15, ROWS),
            "city": draw.choice(["Oslo", "Rom", "Bern"], ROWS),
            "dose": draw.normal(0, 1, ROWS),
            "sex": draw.choice(["f", "m"], ROWS),
        }
    )
    X.loc[::17, "age"] = X.loc[::23, "city"] = None
    score = X.age.fillna(50) + 10 * (X.city == "Rom") + 10 * X.dose + draw.normal(0, 9, ROWS)
    return X, (score > 52).to_numpy().astype(float)


def parts(y: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that a job searches, and those that it fits its winner on."""
    rows = np.arange(ROWS)
    rest, _ = train_test_split(rows, test_size=15 / 100, random_state=0, stratify=y)
    train, validation = train_test_split(
        rest, test_size=15 / 85, random_state=0, stratify=None if y is None else y[rest]
    )
    return train, np.concatenate([train, validation])


@pytest.mark.long
def test_preprocessing_in_a_column_transformer() -> None:
    X, y = people()
    train, both = parts(y)
    numbers = Pipeline([("imp", SimpleImputer(strategy="median")), ("sc", StandardScaler())])
    texts = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    prep = ColumnTransformer([("num", numbers, ["age", "dose"]), ("cat", texts, ["city", "sex"])])
    pipeline = Pipeline([("prep", prep), ("clf", LogisticRegression(random_state=0, max_iter=1000))])
    grid = {
        "clf__solver": ["lbfgs", "newton-cg"],
        "clf__C": [0.1, np.float64(1)],
        "prep__num__imp__strategy": ["mean", "median"],
        "prep__num__sc": [StandardScaler(), "passthrough", MinMaxScaler()],
    }
    how: dict[str, Any] = {
        "cv": RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=3),
        "scoring": {"AUC": "roc_auc", "Right": make_scorer(accuracy_score)},
        "refit": "AUC",
        "return_train_score": True,
    }
    ours = GridSearch(pipeline, grid, **how).fit(X, y)
    theirs = GridSearchCV(pipeline, grid, **how).fit(X.iloc[train], y[train])
    assert_same_search(ours, theirs)
    model = theirs.best_estimator_.fit(X.iloc[both], y[both])
    assert ours.predict_proba(X).tolist() == model.predict_proba(X).tolist()
    assert ours.predict(X).dtype == y.dtype and ours.classes_.tolist() == [0.0, 1.0]
    assert ours.best_estimator_.named_steps["clf"].coef_.tolist() == model.named_steps["clf"].coef_.tolist()
    assert ours.n_splits_ == theirs.n_splits_ == 6 and ours.multimetric_


def test_steps_without_a_column_transformer_and_a_list_of_grids() -> None:
    X, y = people()
    X, y = X[["age", "dose"]].fillna(0), X.dose.to_numpy() * 3 + 1
    train, both = parts(None)
    pipeline = make_pipeline(StandardScaler(), Ridge())
    grids = [{"ridge__alpha": np.logspace(-2, 2, 3)}, {"standardscaler": ["passthrough"], "ridge__tol": [1e-3]}]
    ours = GridSearch(pipeline, grids, cv=KFold(3, shuffle=True, random_state=0)).fit(X, y)
    theirs = GridSearchCV(pipeline, grids, cv=KFold(3, shuffle=True, random_state=0)).fit(X.iloc[train], y[train])
    assert_same_search(ours, theirs)
    model = theirs.best_estimator_.fit(X.iloc[both], y[both])
    assert ours.predict(X).tolist() == model.predict(X).tolist()
    assert ours.best_estimator_.named_steps["standardscaler"].mean_.tolist() == model.steps[0][1].mean_.tolist()


def test_cells_whose_fits_fail_are_told_as_in_scikit_learn() -> None:
    X, y = people()
    X = X[["age", "dose"]].fillna(0)
    search = GridSearch(LogisticRegression(), {"C": [1.0, -1.0]}, cv=3)
    with pytest.warns(match="1 of 2 cells have no score, because a fit failed:\n.*C"):
        search.fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"][1]) and search.best_index_ == 0


def assert_same_search(ours: Any, theirs: Any) -> None:
    """Compare cv_results_ by repr: every digit, every type, masks and order."""
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    for name, values in theirs.cv_results_.items():
        if not name.endswith("_time"):
            assert repr(ours.cv_results_[name]) == repr(values), name
    assert repr(ours.best_params_) == repr(theirs.best_params_)
    assert (ours.best_index_, ours.best_score_) == (theirs.best_index_, theirs.best_score_)
