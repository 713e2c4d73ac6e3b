"""The winner's two last fits: which rows, in which order, scored on which others."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import TimeSeriesSplit

from gridfold.api.handoff import StageInput
from gridfold_trainer.after_prepare import load_parts
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.errors import FitFailedError
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome.collect import collect
from gridfold_trainer.outcome.selection import selection
from gridfold_trainer.outcome.winner import Refitted, refit_winner
from tests.unit.trainer.numeric_jobs import World, small_data

pytestmark = pytest.mark.usefixtures("frames")

FOREST = "ensemble.RandomForestClassifier"  # its bootstrap makes it depend on the order of the rows
PLAIN = {"numeric": {"impute": "None", "scale": "None"}, "categorical": {"impute": "None", "encode": "Ordinal"}}
SPLIT = {"train": 60, "validation": 15, "test": 25, "seed": 3}


def refitted(world: World, grid: Any) -> tuple[Refitted, StageInput, PreparedData, Parts]:
    estimating = {"parameters": {"n_estimators": 7}, "preprocessing": PLAIN}
    job = world.job(grid, FOREST, estimating=estimating, split=SPLIT)
    world.run_cells(job)
    data, parts = load_parts(job, world.context)
    record = collect(job, data, world.context)
    return refit_winner(job, record.rows[record.winner or 0], data, parts), job, data, parts


@pytest.mark.parametrize("classes", [("no", "yes"), pytest.param((3, 7), marks=pytest.mark.long)], ids=str)
def test_validation_is_scored_by_a_fit_on_training_and_test_by_a_fit_on_both_in_that_order(
    tmp_path: Path, classes: tuple[Any, Any]
) -> None:
    found, _, data, parts = refitted(World(tmp_path, small_data(classes=classes)), [{"min_samples_leaf": [{"int": 4}]}])
    X = np.array(data.X)[:, [0, 2, 1]]  # numeric group first

    def scores(fitted: np.ndarray, scored: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        model = RandomForestClassifier(n_estimators=7, min_samples_leaf=4, random_state=0)
        predicted = model.fit(np.asfortranarray(X[fitted]), data.y[fitted]).predict(X[scored])
        truth = data.y[scored]
        return predicted, {"accuracy": accuracy_score(truth, predicted), "f1": f1_score(truth, predicted)}

    both = np.concatenate([parts.train, parts.validation])
    predicted, expected = scores(both, parts.test)
    assert {name: found.validation[name] for name in expected} == scores(parts.train, parts.validation)[1]
    assert {name: found.test[name] for name in expected} == expected
    assert {name: found.training[name] for name in expected} == scores(parts.train, parts.train)[1]
    assert scores(both[::-1], parts.test)[1] != expected  # so the order of the rows matters
    truth, ends = data.y[parts.test], {}
    for seed in (0, 3):
        draws = np.random.default_rng(seed).integers(0, len(truth), (1000, len(truth)))
        ends[seed] = tuple(np.percentile([f1_score(truth[rows], predicted[rows]) for rows in draws], (2.5, 97.5)))
    assert found.intervals["f1"] == ends[3] != ends[0]
    assert found.model.classes_.tolist() == list(classes)


def test_the_test_for_cells_that_do_not_differ_knows_how_large_the_folds_are(tmp_path: Path) -> None:
    world = World(tmp_path, replace(small_data(), time=np.arange(120.0)))
    job = world.job(split={"method": "TimeOrdered"}, crossValidation={"folds": 4, "method": "TimeSeries"})
    world.run_cells(job)
    data, parts = load_parts(job, world.context)
    training = TrainingRows.of(data, parts.train)
    found = selection(job, collect(job, data, world.context), training, world.context)
    folds = list(TimeSeriesSplit(4).split(np.zeros(84)))  # of 120 rows, 70 %
    assert found is not None
    assert found["testShare"] == sum(len(test) for _, test in folds) / sum(len(train) for train, _ in folds)


def test_a_winner_that_cannot_be_fitted_on_more_rows_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = RandomForestClassifier.fit

    def fails_on_more(self: Any, X: Any, y: Any) -> Any:
        if len(y) >= 72:
            raise ValueError("no more than\nthat")
        return fit(self, X, y)

    monkeypatch.setattr(RandomForestClassifier, "fit", fails_on_more)
    with pytest.raises(FitFailedError) as caught:
        refitted(World(tmp_path), [{"max_depth": [2]}])
    assert str(caught.value) == (
        "cell 0 won the cross-validation, but cannot be fitted on 72 rows: ValueError: no more than that. Fix what the "
        "message names, or take this combination out of spec.search.grid."
    )
