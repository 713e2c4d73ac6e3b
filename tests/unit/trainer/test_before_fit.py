"""What folds, parts and columns make impossible is told by prepare, with fold, class and column, and with advice."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold_trainer.errors import DataError
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, REGRESSORS, full_names
from gridfold_trainer.learning.estimators import load_class
from gridfold_trainer.learning.findings import named_folds
from gridfold_trainer.learning.fold_classes import NEED_TWO_CLASSES
from tests.unit.trainer.data_jobs import TABLE, run_prepare

pytestmark = pytest.mark.usefixtures("frames")

Changes = dict[str, Any]

TREE: Changes = {
    "estimator": {"className": "sklearn.tree.DecisionTreeClassifier"},
    "search": {"grid": [{"max_depth": [2]}]},
}
RIDGE: Changes = {"estimator": {"className": "sklearn.linear_model.Ridge"}, "search": {"grid": [{"alpha": [0.5]}]}}
NEIGHBORS = {"className": "sklearn.neighbors.KNeighborsClassifier"}
BINS = "sklearn.ensemble.HistGradientBoostingClassifier"
UNTOUCHED = {"numeric": {"impute": "None", "scale": "None"}}


def table(header: str, rows: int, row: Any) -> str:
    noise = random.Random(5)
    return f"{header}\n" + "".join(f"{row(number, f'{noise.gauss(0, 1):.2f}')}\n" for number in range(rows))


#: The first 30 days are all "no".
DAYS = table("day,a,y", 100, lambda i, a: f"{i},{a},{'no' if i < 30 or i % 2 else 'yes'}")
#: 4 of 80 rows are "yes".
RARE = table("a,y", 80, lambda i, a: f"{a},{'yes' if i % 20 == 0 else 'no'}")
#: Codes of classes are not what the data writes.
NUMBERS = RARE.replace("yes", "20").replace("no", "10")
PEOPLE = table("who,a,y", 120, lambda i, a: f"p{i // 10:02},{a},{'yes' if i // 10 in (1, 5, 9) and i % 2 else 'no'}")
#: One value in 80 rows; which row decides where it lands.
HOLES = [table("a,rare,y", 80, lambda i, a, hole=hole: f"{a},{3 if i == hole else ''},{i % 2}") for hole in range(10)]
SMALL = table("a,y", 40, lambda i, a: f"{a},{i * 0.5}")


def problems(folder: Path, data: str, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        run_prepare(folder, data, **changes)
    return caught.value.problems


def warnings_of(folder: Path, data: str, **changes: Any) -> list[str]:
    return list(run_prepare(folder, data, **changes).warnings)


ROC = {"objective": "f1", "metrics": ["f1", "roc_auc"]}
LITTLE = {"train": 20, "validation": 40, "test": 40}
K_FOLD = {"crossValidation": {"method": "KFold"}}
REFUSED: list[tuple[str, str, Changes, str, Changes]] = [
    (
        "a fold of time that is fitted on one class",
        DAYS,
        {"dataset": {"timeColumn": "day"}},
        'folds 1 and 2 of 5 are fitted on rows that are all of the class "no", and LogisticRegression cannot be fitted '
        "on one class; the first 30 of 70 training rows in the order of spec.dataset.timeColumn are all of the class "
        '"no": leave most of them out of the data, or use an estimator that can be fitted on one class, such as '
        "sklearn.tree.DecisionTreeClassifier.",
        {**TREE, "dataset": {"timeColumn": "day"}},
    ),
    (
        "a fold of KFold that is fitted on one class",
        RARE,
        K_FOLD,
        "use spec.crossValidation.seed: 1.",
        {"crossValidation": {"method": "KFold", "seed": 1}},
    ),
    (
        "labels are those of the data",
        NUMBERS,
        K_FOLD,
        "are all of the class 10, and",
        {"crossValidation": {"method": "KFold", "seed": 1}},
    ),
    (
        "an objective without value on a fold",
        RARE,
        {
            "crossValidation": {"method": "KFold", "seed": 1},
            "scoring": {"objective": "neg_log_loss", "metrics": ["neg_log_loss"]},
        },
        'all of the class "no", so that no cell would have a score; ',
        {"crossValidation": {"method": "Stratified", "folds": 2}, "scoring": {"objective": "neg_log_loss"}},
    ),
    (
        "r2 of one row",
        SMALL,
        {**RIDGE, "scoring": {"metrics": ["r2"]}, "crossValidation": {"folds": 28}},
        "r2 has no value on 28 of 28 folds, the first is fold 1, which has 1 test row, so that no cell would have a "
        "score; use spec.crossValidation.folds: 14, or another objective.",
        {**RIDGE, "crossValidation": {"folds": 14}},
    ),
    (
        "more neighbors than rows",
        TABLE,
        {"estimator": NEIGHBORS, "search": {"grid": [{"n_neighbors": [50, 60]}]}},
        "n_neighbors is 50 or more in every cell, but fold 1 of 5 is fitted on 33 rows; write at most 33.",
        {"estimator": NEIGHBORS, "search": {"grid": [{"n_neighbors": [33]}]}},
    ),
    (
        "missing values that nobody imputes",
        HOLES[3],
        {"estimator": {"preprocessing": {"numeric": {"impute": "None"}}}},
        "LogisticRegression takes no missing values, but no cell imputes those of rare (79 rows); write "
        "estimator.preprocessing.numeric.impute: Median.",
        {"estimator": {"preprocessing": {"numeric": {"impute": "Median"}}}},
    ),
    (
        "a class that the training part lacks",
        table("day,a,y", 60, lambda i, a: f"{i},{a},{'no' if i < 50 else 'yes'}"),
        {"dataset": {"timeColumn": "day"}},
        'the training part has 42 rows that are all of the class "no", so that there is nothing to learn; the other '
        "classes come later: leave most of the first rows out of the data",
        {},
    ),
    (
        "a training part without the other class",
        RARE.replace("yes", "no", 1),
        {**TREE, **K_FOLD, "split": {**LITTLE, "method": "Random", "seed": 4}},
        'the training part has 16 rows that are all of the class "no", so that there is nothing to learn; use '
        "spec.split.method: Stratified.",
        {**TREE, **K_FOLD, "split": {**LITTLE, "method": "Stratified", "seed": 0}},
    ),
    (
        "a target of one number",
        table("a,y", 40, lambda i, a: f"{a},2.5"),
        RIDGE,
        "the target is 2.5 in every row of the training part, so that there is nothing to learn from it.",
        {},
    ),
]


@pytest.mark.parametrize(("data", "changes", "words", "advised"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_every_cell_would_fail_on_is_refused_and_the_advice_helps(
    tmp_path: Path, data: str, changes: Changes, words: str, advised: Changes
) -> None:
    found = problems(tmp_path, data, **changes)
    assert any(words in problem for problem in found), found
    assert not any("np." in problem for problem in found)
    if advised:
        run_prepare(tmp_path, data, **advised)


def test_the_first_rows_of_one_class_may_be_left_out(tmp_path: Path) -> None:
    header, *rows = DAYS.splitlines()
    run_prepare(tmp_path, "\n".join([header, *rows[28:]]), dataset={"timeColumn": "day"})


WARNED: list[tuple[str, str, Changes, str]] = [
    (
        "a tree that knows one class",
        DAYS,
        {**TREE, "dataset": {"timeColumn": "day"}},
        'Folds 1 and 2 of 5 are fitted on rows that are all of the class "no": a model that knows one class always',
    ),
    (
        "a metric without value on some folds",
        RARE,
        {
            "crossValidation": {"method": "KFold", "seed": 1},
            "scoring": {"objective": "f1", "metrics": ["f1", "roc_auc"]},
        },
        "roc_auc has no value on ",
    ),
    (
        "a part of one class",
        PEOPLE,
        {**TREE, "dataset": {"groupColumn": "who"}, "crossValidation": {"folds": 2}, "scoring": ROC},
        'The test part has 20 rows, all of the class "no": roc_auc cannot be measured on it. Use a larger',
    ),
    ("an empty column that is imputed", HOLES[0], {}, "The column rare has no value in "),
]


@pytest.mark.parametrize(("data", "changes", "words"), [c[1:] for c in WARNED], ids=[c[0] for c in WARNED])
def test_what_only_costs_a_score_is_a_warning(tmp_path: Path, data: str, changes: Changes, words: str) -> None:
    found = warnings_of(tmp_path, data, **changes)
    assert any(words in warning for warning in found), found


def test_a_fold_that_is_fitted_on_one_class_and_measured_on_two_has_a_value(tmp_path: Path) -> None:
    """GridSearchCV gives 0.5 for it: only the others, which are measured on one class, have none."""
    rare = table("who,a,y", 168, lambda i, a: f"p{i // 12:02},{a},{int(i // 12 in (1, 4, 8) and i % 12 < 8)}")
    told = warnings_of(
        tmp_path,
        rare,
        estimator={"className": BINS},
        search={"grid": [{"max_iter": [5]}]},
        dataset={"groupColumn": "who"},
        crossValidation={"method": "StratifiedGrouped"},
        scoring={"metrics": ["roc_auc", "average_precision"]},
    )
    assert any(
        "Choose another spec.scoring.objective, or no cell can win: roc_auc has no value on folds 1, 2, 3 and 5 of 5, "
        "whose 24 test rows are all of the class 0." in warning
        for warning in told
    ), told


def test_a_column_that_is_empty_in_a_fold_is_named_with_its_folds_where_the_estimator_looks_for_bins(
    tmp_path: Path,
) -> None:
    estimator = {"className": BINS, "preprocessing": UNTOUCHED}
    grid = {"grid": [{"max_iter": [5]}]}
    places = set()
    for hole, data in enumerate(HOLES):
        folder = tmp_path / str(hole)
        folder.mkdir()
        (found,) = problems(folder, data, estimator=estimator, search=grid)
        assert found.startswith("The column rare has no value in the ")
        assert 'where HistGradientBoostingClassifier fails; write dataset.excludeColumns: ["rare"]' in found
        places.add(found.partition(" has no value in ")[2].partition(",")[0])
    assert "the training part" in places
    assert (
        len([place for place in places if place.startswith("the rows that fold ") and " of 5 is fitted on" in place])
        > 1
    )
    run_prepare(tmp_path / "0", HOLES[0], estimator=estimator, search=grid, dataset={"excludeColumns": ["rare"]})
    imputed = {"className": BINS}
    run_prepare(tmp_path / "0", HOLES[0], estimator=imputed, search=grid)


def test_cells_that_impute_make_of_it_a_warning(tmp_path: Path) -> None:
    grid = {"grid": [{"max_iter": [5], "preprocessing.numeric.impute": ["Median", None]}]}
    (found,) = warnings_of(tmp_path, HOLES[0], estimator={"className": BINS}, search=grid)
    assert "HistGradientBoostingClassifier fails unless the cell imputes" in found


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    data = table("day,a,hole,y", 100, lambda i, a: f"{i},{a},{'' if i % 9 else a},{'no' if i < 30 or i % 2 else 'yes'}")
    found = problems(
        tmp_path,
        data,
        dataset={"timeColumn": "day"},
        estimator={"preprocessing": {"numeric": {"impute": "None"}}, "parameters": {"c": 1}},
        scoring={"metrics": ["f1", "roc_auc"]},
    )
    assert ["parameters.c" in found[0], "cannot be fitted" in found[1], "no missing values" in found[2]] == [True] * 3


def fits(name: str, X: np.ndarray, y: np.ndarray) -> bool:
    cls: Any = load_class(name)
    try:
        cls().fit(X, y).predict(X)
    except ValueError:
        return False
    return True


@pytest.mark.filterwarnings("ignore")
def test_the_classifiers_that_cannot_be_fitted_on_one_class_are_these() -> None:
    X = np.abs(np.random.default_rng(0).normal(size=(12, 2)))
    names = full_names(CLASSIFIERS)
    refusing = {name.rpartition(".")[2] for name in names if not fits(name, X, np.zeros(12, dtype=int))}
    assert refusing == NEED_TWO_CLASSES


@pytest.mark.filterwarnings("ignore")
def test_the_estimators_that_fail_on_an_empty_column_are_those_that_bin() -> None:
    X = np.abs(np.random.default_rng(0).normal(size=(12, 2)))
    X[:3, 1] = np.nan
    empty = np.column_stack([X[:, 0], np.full(12, np.nan)])
    taking = [n for n in full_names(CLASSIFIERS) | full_names(REGRESSORS) if fits(n, X, np.arange(12) % 2)]
    assert len(taking) > 10
    failing = {name.rpartition(".")[2] for name in taking if not fits(name, empty, np.arange(12) % 2)}
    assert failing == {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}


def test_folds_are_counted_from_1() -> None:
    assert named_folds([1], 5) == "fold 2 of 5"
    assert named_folds([0, 1, 4], 5) == "folds 1, 2 and 5 of 5"
    assert named_folds(range(7), 20) == "7 of 20 folds, the first is fold 1"
