"""`gridfold.GridSearch` finds what GridSearchCV finds on the rows that a job searches, bit for bit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.tree import DecisionTreeClassifier

from gridfold_notebook.grid_search import GridSearch, SearchFailedError

FRAMES = Path(sys.prefix) / "gridfold-frames"
LIMIT_SECONDS = 300
PROGRAM = """
import json, pickle, sys
sys.path.append(sys.argv[1])
"""
NUMBERS = f"""{PROGRAM}
import gridfold
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier
X, y = load_breast_cancer(return_X_y=True)
grid = {{"max_depth": [2, None, 3], "min_samples_leaf": [1, 0.1]}}
search = clone(gridfold.GridSearch(DecisionTreeClassifier(random_state=0), grid, cv=3, return_train_score=True))
search.fit(X, y)
results = {{name: getattr(found, "tolist", lambda: found)() for name, found in search.cv_results_.items()}}
kept = pickle.loads(pickle.dumps(search))
print(json.dumps([results, search.best_params_, search.best_index_, search.best_score_, search.test_scores_,
    search.classes_.tolist(), kept.predict_proba(X).tolist(), kept.score(X, y), is_classifier(search),
    search.n_features_in_, hasattr(search, "run_"), hasattr(search, "decision_function")]))
"""
TEXTS = f"""{PROGRAM}
import numpy as np, pandas as pd
import gridfold
from sklearn.linear_model import LogisticRegression
draw = np.random.default_rng(0)
X = pd.DataFrame({{"age": draw.normal(50, 15, 120).round(2), "city": draw.choice([" Oslo", "Rom", "7"], 120)}})
X.loc[::20, ["age", "city"]] = None
y = np.where((X.age.fillna(50) + 20 * (X.city == "Rom") + draw.normal(0, 8, 120)) > 55, "yes", "no")
search = gridfold.GridSearch(LogisticRegression(), {{"C": [0.1, 1.0], "preprocessing.numeric.scale": ["Robust"]}},
    scoring=["f1", "accuracy"], refit="accuracy", cv=3, preprocessing={{}}, folder="here").fit(X, y)
said = search.predict(X)
try:
    search.predict(X[["age"]])
except ValueError as error:
    assert "Feature names seen at fit time, yet now missing" in str(error), error
else:
    raise AssertionError
print(json.dumps([sorted(set(said)), float(np.mean(said == y)), search.score(X, y), search.best_params_,
    search.run_.location, search.feature_names_in_.tolist(), "mean_test_f1" in search.cv_results_]))
"""


def result(program: str, folder: Path) -> Any:
    """Run in a process of its own: a cell's process never sees pandas, and a notebook's has it."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(FRAMES)],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_scores_winner_and_model_are_those_of_grid_search_cv_on_the_same_rows(tmp_path: Path) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    rest, test = train_test_split(np.arange(len(y)), test_size=15 / 100, random_state=0, stratify=y)
    train, validation = train_test_split(rest, test_size=15 / 85, random_state=0, stratify=y[rest])
    tree = DecisionTreeClassifier(random_state=0)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    grid = {"max_depth": [2, None, 3], "min_samples_leaf": [1, 0.1]}
    theirs = GridSearchCV(tree, grid, cv=folds, return_train_score=True)
    theirs.fit(X[train], y[train])
    both = np.concatenate([train, validation])
    model = theirs.best_estimator_.fit(X[both], y[both])

    results, params, index, score, test_scores, classes, said, own, classifier, features, kept, decides = result(
        NUMBERS, tmp_path
    )
    assert list(results) == list(theirs.cv_results_)
    assert "split0_train_score" in results
    for name, values in theirs.cv_results_.items():
        if not name.endswith("_time"):
            assert results[name] == getattr(values, "tolist", lambda values=values: values)(), name
    assert (params, index, score) == (theirs.best_params_, theirs.best_index_, theirs.best_score_)
    assert test_scores == {"accuracy": model.score(X[test], y[test])}
    assert said == model.predict_proba(X).tolist() and own == model.score(X, y)
    assert (classes, classifier, features, kept, decides) == ([0, 1], True, 30, False, False)
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_fails_says_what_the_command_line_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    X, y = np.arange(40.0).reshape(20, 2), np.array([0] * 19 + [1])
    search = GridSearch(DecisionTreeClassifier(), {"max_depth": [1]}, folder=tmp_path / "here", verbose=1)
    with pytest.raises(SearchFailedError, match="gridfold run said:") as failed:
        search.fit(X, y)
    assert "1 of 2 classes have fewer than 3 rows" in str(failed.value)
    assert capsys.readouterr().err.startswith("Preparing: 1 cell")
    with pytest.raises(NotFittedError):
        search.predict(X)


def test_texts_labels_and_several_metrics_with_a_folder_that_stays(tmp_path: Path) -> None:
    labels, right, score, params, location, names, has_f1 = result(TEXTS, tmp_path)
    assert labels == ["no", "yes"]
    assert right == score == pytest.approx(0.8, abs=0.15)
    assert params["preprocessing.numeric.scale"] == "Robust" and params["C"] in (0.1, 1.0)
    assert location.startswith("here/out/runs/") and names == ["age", "city"] and has_f1
    assert (tmp_path / "here" / "job.json").is_file()
