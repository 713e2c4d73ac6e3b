"""Dummies and the estimator's defaults beside the winner: scikit-learn's numbers on the same folds, never ranked."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import cross_validate

from gridfold.api.handoff import StageInput
from gridfold_trainer import refit
from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.splits import make_parts
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import World, small_data
from tests.unit.trainer.test_learning_curve import numbers, ordered, status_of

TREE = {"grid": [{"max_depth": [1, 3]}]}


@pytest.fixture(autouse=True)
def without_last_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two last fits need pandas, and are not what this is about."""
    monkeypatch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {}, {}))


def run(world: World, **job: Any) -> tuple[StageInput, dict[str, Any]]:
    """Run all cells and refit; return the job and status.json."""
    item = world.job(**job)
    world.run_cells(item)
    return item, status_of(refit.run(item, world.context), world)


def by_hand(world: World, item: StageInput, model: Any, metrics: list[str]) -> dict[str, np.ndarray]:
    """Return what cross_validate says of a model on the job's splits."""
    assert item.prepared is not None
    resolved, data = item.prepared.resolved, world.data
    rows = make_parts(data.y, item.spec.split, resolved, orders=data.orders).train
    splits = make_splits(data.y[rows], item.spec.cross_validation, resolved, data.orders.at(rows))
    found = cross_validate(model, data.X[rows], data.y[rows], cv=splits, scoring=metrics)
    return {metric: found[f"test_{metric}"] for metric in metrics}


PRIOR = DummyClassifier(strategy="prior")
CASES: dict[str, tuple[Any, dict[str, Any], Any, str]] = {
    # always answering "yes" finds all of them
    "f1": (small_data(160), TREE, DummyClassifier(strategy="constant", constant=1), '"yes"'),
    "accuracy": (small_data(160), {**TREE, "scoring": {"objective": "accuracy"}}, PRIOR, '"no"'),
    "a probability": (
        small_data(160),
        {**TREE, "scoring": {"objective": "neg_log_loss", "metrics": ["neg_log_loss", "roc_auc"]}},
        PRIOR,
        '"no"',
    ),
    "three classes": (
        small_data(240, ("a", "b", "c")),
        {**TREE, "scoring": {"objective": "balanced_accuracy", "metrics": ["balanced_accuracy", "accuracy"]}},
        PRIOR,
        '"a"',
    ),
    "grouped": (
        ordered("groups"),
        {**TREE, "crossValidation": {"method": "Grouped", "folds": 4}, "split": {"method": "Grouped"}},
        DummyClassifier(strategy="constant", constant=1),
        '"yes"',
    ),
    "squares": (
        numbers(),
        {"grid": [{"max_depth": [2, 5]}], "estimator": "tree.DecisionTreeRegressor"},
        DummyRegressor(strategy="mean"),
        "the mean of the target",
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")  # a dummy never says some classes, and scikit-learn says so
def test_the_dummy_has_the_scores_of_cross_validate_bit_for_bit(name: str, tmp_path: Path) -> None:
    data, job, dummy, answer = CASES[name]
    world = World(tmp_path, data)
    item, status = run(world, **job)
    found, objective = status["selection"]["dummy"], status["objective"]
    metrics = status["resolved"]["metrics"]
    expected = by_hand(world, item, dummy, metrics)
    assert found["answer"] == answer
    assert found["folds"] == expected[objective].tolist()
    assert {metric: one["mean"] for metric, one in found["scores"].items()} == {
        metric: scores.mean() for metric, scores in expected.items()
    }
    assert found["mean"] == expected[objective].mean()


def test_a_better_dummy_than_the_mean_is_found_where_the_median_is(tmp_path: Path) -> None:
    data = numbers()
    data.y[:9] = 1e3
    scoring = {"objective": "neg_mean_absolute_error", "metrics": ["neg_mean_absolute_error"]}
    world = World(tmp_path, data)
    grid = {"grid": [{"max_depth": [2, 5]}], "estimator": "tree.DecisionTreeRegressor"}
    item, status = run(world, **grid, scoring=scoring)
    found = status["selection"]["dummy"]
    assert found["answer"] == "the median of the target"
    expected = by_hand(world, item, DummyRegressor(strategy="median"), ["neg_mean_absolute_error"])
    assert found["folds"] == expected["neg_mean_absolute_error"].tolist()


def test_what_the_winner_has_more_is_the_paired_interval_of_nadeau_and_bengio(tmp_path: Path) -> None:
    world = World(tmp_path)
    item, status = run(world, **TREE)
    found, best = status["selection"]["dummy"], status["best"]["cell"]
    more = np.array(world.result(item, best).scores["f1"]) - np.array(found["folds"])
    half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + status["selection"]["testShare"]) * more.var(ddof=1))
    assert found["gain"]["value"] == pytest.approx(more.mean())
    assert found["gain"]["interval"] == pytest.approx([more.mean() - half, more.mean() + half])


@pytest.mark.filterwarnings("error")
def test_nothing_is_warned_of_dummies(tmp_path: Path) -> None:
    scoring = {"objective": "balanced_accuracy", "metrics": ["balanced_accuracy", "jaccard", "matthews_corrcoef"]}
    _, status = run(World(tmp_path, small_data(240, ("a", "b", "c"))), **TREE, scoring=scoring)
    assert status["selection"]["dummy"]["mean"] == pytest.approx(1 / 3)


def test_the_defaults_are_the_cell_of_the_grid_that_has_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    grid = [{"max_depth": [1, 3], "min_samples_leaf": [1, 9]}, {"min_samples_leaf": [{"float": 1}, 1]}]
    item, status = run(world, grid=grid)
    found = status["selection"]["defaults"]
    assert found["cell"] == 5, "min_samples_leaf of 1.0 is all rows, not 1"
    assert found["folds"] == world.result(item, 5).scores["f1"]
    assert world.result(item, 4).scores != world.result(item, 5).scores


def test_without_such_a_cell_they_are_another_jobs_or_not_known(tmp_path: Path) -> None:
    world = World(tmp_path)
    _, status = run(world, **TREE)
    assert status["selection"]["defaults"] is None
    other, _ = run(world, grid=[{}])
    _, status = run(world, **TREE)
    assert status["selection"]["defaults"]["cell"] is None
    assert status["selection"]["defaults"]["folds"] == world.result(other).scores["f1"]
    fixed = {"parameters": {"criterion": "entropy"}}
    _, status = run(world, **TREE, estimating=fixed)
    assert status["selection"]["defaults"] is None, "of another estimator"
    assert len(status["leaderboard"]) == 2, "what others have computed is not ranked"


def test_other_preprocessing_is_no_default_and_a_cell_without_scores_tells_nothing(tmp_path: Path) -> None:
    scaled = {"preprocessing.numeric.scale": ["MinMax"]}
    assert run(World(tmp_path), grid=[scaled])[1]["selection"]["defaults"] is None
    near = {"estimator": "neighbors.KNeighborsClassifier"}
    _, status = run(
        World(tmp_path / "few", small_data(60)), **near, grid=[{"n_neighbors": [3]}, {"n_neighbors": [500]}]
    )
    assert status["selection"]["defaults"] is None


@pytest.mark.parametrize(
    ("estimator", "name", "values", "same"),
    [
        ("linear_model.LogisticRegression", "C", (1, 1.0), True),
        ("linear_model.LogisticRegression", "C", (1, estimators.ABSENT), True),
        ("linear_model.LogisticRegression", "C", (True, 1), False),
        ("linear_model.LogisticRegression", "C", (0.1, 1.0), False),
        ("ensemble.RandomForestClassifier", "max_features", (1, 1.0), False),
        ("ensemble.RandomForestClassifier", "max_features", ("sqrt", estimators.ABSENT), True),
        ("neural_network.MLPClassifier", "hidden_layer_sizes", ([100], estimators.ABSENT), True),
        ("tree.DecisionTreeClassifier", "max_depth", (None, estimators.ABSENT), True),
        ("tree.DecisionTreeClassifier", "max_depth", (None, 0), False),
    ],
)
def test_two_values_are_the_same_where_the_estimator_makes_no_difference(
    estimator: str, name: str, values: tuple[Any, Any], same: bool
) -> None:
    cls = estimators.load_class(f"sklearn.{estimator}")
    assert estimators.same_value(cls, name, *values) is same
    assert estimators.same_value(cls, name, *reversed(values)) is same


def test_a_fold_without_the_positive_class_has_no_score_of_the_constant(tmp_path: Path) -> None:
    data = ordered("time", 240)
    data.y[np.argsort(data.time)[:150]] = 0  # type: ignore[arg-type]
    world = World(tmp_path, data)
    scoring = {"objective": "accuracy", "metrics": ["accuracy"]}
    folds = {"crossValidation": {"method": "TimeSeries", "folds": 4}, "split": {"method": "TimeOrdered"}}
    item, status = run(world, **TREE, **folds, scoring=scoring)
    expected = by_hand(world, item, PRIOR, ["accuracy"])
    assert status["selection"]["dummy"]["folds"] == expected["accuracy"].tolist()
