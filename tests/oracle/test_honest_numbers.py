"""Honest numbers against scikit-learn and statsmodels, computed the long way."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from gridfold.domain.numbers.choosing import BEST, Choice, Simplest
from gridfold.domain.numbers.honest import honest_score
from gridfold.domain.numbers.importance import importance
from gridfold.domain.numbers.judged import JudgedCell
from tests.oracle.conftest import run

GRID = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 5, 20], "criterion": ["gini", "entropy"]}
STATISTICS = Path(sys.prefix) / "gridfold-statistics"


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return X[:200, :6], y[:200]


def search(rows: tuple[np.ndarray, np.ndarray], splits: object, **more: object) -> GridSearchCV:
    """A grid search over some splits."""
    return GridSearchCV(DecisionTreeClassifier(random_state=0), GRID, scoring="f1", cv=splits, **more).fit(*rows)


@pytest.fixture(scope="module")
def splits(rows: tuple[np.ndarray, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(StratifiedKFold(4, shuffle=True, random_state=0).split(*rows))


@pytest.fixture(scope="module")
def cells(rows: tuple[np.ndarray, np.ndarray], splits: list[tuple[np.ndarray, np.ndarray]]) -> list[JudgedCell]:
    table = search(rows, splits, refit=False).cv_results_
    scores = np.column_stack([table[f"split{number}_test_score"] for number in range(len(splits))]).tolist()
    return [JudgedCell(point, row) for point, row in zip(table["params"], scores, strict=True)]


def simplest_leaves(table: dict[str, np.ndarray]) -> int:
    """Return the cell with the largest leaves within one standard deviation, as scikit-learn's example has it."""
    best = np.argmax(table["mean_test_score"])
    near = np.flatnonzero(table["mean_test_score"] >= table["mean_test_score"][best] - table["std_test_score"][best])
    leaves = table["param_min_samples_leaf"][near].astype(float)
    near = near[leaves == leaves.max()]
    return int(near[table["mean_test_score"][near].argmax()])


@pytest.mark.parametrize(
    ("choice", "refit"),
    [(BEST, True), (Choice((Simplest("min_samples_leaf", highest=True),)), simplest_leaves)],
    ids=["Best", "OneStandardError"],
)
def test_the_honest_score_is_that_of_a_search_for_each_fold_over_the_others(
    rows: tuple[np.ndarray, np.ndarray], splits: list, cells: list[JudgedCell], choice: Choice, refit: object
) -> None:
    chosen = [
        search(rows, [split for other, split in enumerate(splits) if other != number], refit=refit).best_index_
        for number in range(len(splits))
    ]
    found = honest_score(cells, choice=choice)
    assert found is not None
    assert found.chosen == tuple(chosen)
    assert len(set(chosen)) > 1
    scores = [
        DecisionTreeClassifier(random_state=0, **cells[cell].parameters).fit(rows[0][train], rows[1][train])
        for cell, (train, _) in zip(chosen, splits, strict=True)
    ]
    again = [_f1(model, rows, test) for model, (_, test) in zip(scores, splits, strict=True)]
    assert found.score == np.mean(again)


def _f1(model: DecisionTreeClassifier, rows: tuple[np.ndarray, np.ndarray], test: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(rows[1][test], model.predict(rows[0][test])))


def test_importance_is_the_analysis_of_variance_of_statsmodels(cells: list[JudgedCell], tmp_path: Path) -> None:
    if not STATISTICS.exists():
        pytest.skip(f"statsmodels is not in {STATISTICS}; `make test` installs it")
    found = importance(cells)
    assert found.all and found.better
    kept = [
        cell
        for cell in cells
        if all(json.dumps(v) not in found.better.left_out.get(k, ()) for k, v in cell.parameters.items())
    ]
    assert len(kept) == found.better.cells < len(cells)
    halves, table = ((found.all, cells), (found.better, kept)), tmp_path / "cells.json"
    table.write_text(json.dumps([[{**cell.parameters, "score": cell.mean} for cell in some] for _, some in halves]))
    theirs = json.loads(run("variance_script.py", str(table), str(STATISTICS), frames=True))
    for (shares, _), expected in zip(halves, theirs, strict=True):
        ours = {(name,): share for name, share in shares.main.items()} | dict(shares.pairs)
        assert {frozenset(key): share for key, share in ours.items()} == pytest.approx(
            {frozenset(names): share for names, share in expected}, abs=1e-12
        )
