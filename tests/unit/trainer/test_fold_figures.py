"""What is drawn of the out-of-fold predictions: scikit-learn's numbers, from the fits that check the winner's folds."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, precision_recall_fscore_support
from sklearn.model_selection import cross_val_predict

from gridfold.api.plots import LABEL_CHARACTERS, MOST_CLASSES, MOST_POINTS, Plots
from gridfold_trainer import refit
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.learning.cross_validation import make_cv
from gridfold_trainer.learning.fold_answers import FoldAnswers, answers_of
from gridfold_trainer.learning.splits import make_parts
from gridfold_trainer.outcome.fold_figures import OutOfFold, interval, with_folds
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import World, small_data

BYTES = 300_000


def drawn(world: World, monkeypatch: pytest.MonkeyPatch, **job: Any) -> tuple[Plots, Any, Any, Any]:
    """Return plots.json of a run, and the winner's pipeline, folds and training rows for scikit-learn to judge."""
    monkeypatch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {}, {}))
    item = world.job(**job)
    world.run_cells(item)
    best = refit.run(item, world.context).best
    assert best is not None and item.prepared is not None
    (folder,) = (world.folder / "out/runs").iterdir()
    data, resolved = world.data, item.prepared.resolved
    rows = make_parts(data.y, item.spec.split, resolved).train
    pipeline = make_cells(item, [best])[0].pipeline(data.columns, data.classes, names=False)
    found = Plots.model_validate_json((folder / "plots.json").read_bytes())
    return found, pipeline, make_cv(item.spec.cross_validation, resolved), rows


def test_two_classes_have_the_curves_and_groups_of_cross_val_predict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, small_data(300))
    found, pipeline, cv, rows = drawn(
        world, monkeypatch, grid=[{"C": [1.0]}], estimator="linear_model.LogisticRegression"
    )
    X, y = np.asfortranarray(world.data.X[rows]), world.data.y[rows]
    splits = list(cv.split(X, y))
    score = cross_val_predict(pipeline, X, y, cv=cv, method="predict_proba")[:, 1]
    order = np.concatenate([test for _, test in splits])
    for curve, (_, test) in zip(found.folds, splits, strict=True):
        precision, recall, _ = precision_recall_curve(y[test], score[test])
        assert (curve.precision, curve.recall) == (precision.tolist(), recall.tolist())
    precision, recall, _ = precision_recall_curve(y, score)
    whole = set(zip(recall.tolist(), precision.tolist(), strict=True))
    assert found.pooled is not None and len(precision) > MOST_POINTS > len(found.pooled.recall) > MOST_POINTS / 3
    assert set(zip(found.pooled.recall, found.pooled.precision, strict=True)) <= whole
    assert found.base_rate == y.mean()
    observed, predicted = calibration_curve(y[order], score[order], n_bins=10, strategy="quantile")
    assert [group.observed for group in found.calibration] == pytest.approx(observed.tolist(), rel=1e-14)
    assert [group.predicted for group in found.calibration] == pytest.approx(predicted.tolist(), rel=1e-14)
    assert sum(group.rows for group in found.calibration) == len(rows)
    assert found.part == "outOfFold" and found.thresholds is None


def test_each_class_has_the_scores_of_scikit_learn_and_its_support(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, small_data(200, ("a", "b", "c")))
    found, pipeline, cv, rows = drawn(world, monkeypatch)
    X, y = np.asfortranarray(world.data.X[rows]), world.data.y[rows]
    scores = precision_recall_fscore_support(y, cross_val_predict(pipeline, X, y, cv=cv))
    for one, precision, recall, f1, support in zip(found.classes, *scores, strict=True):
        assert one.precision is not None and one.recall is not None
        assert (one.precision.value, one.recall.value, one.support) == (precision, recall, support)
        assert one.f1 == pytest.approx(f1, rel=1e-15)
    assert [one.label for one in found.classes] == ["a", "b", "c"]
    assert not found.folds and not found.calibration


def test_numbers_have_residuals_and_predicted_against_actual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = small_data(200)
    numbers = type(data)("", data.X, data.X[:, 2] * 3 + data.y, data.columns, None, None, "target")
    numbers.y[np.isnan(numbers.y)] = 0.0
    world = World(tmp_path, numbers)
    found, pipeline, cv, rows = drawn(world, monkeypatch, grid=[{"alpha": [1.0]}], estimator="linear_model.Ridge")
    X, y = np.asfortranarray(world.data.X[rows]), world.data.y[rows]
    predicted = cross_val_predict(pipeline, X, y, cv=cv)
    ends = np.percentile(predicted, [0, 10, 100])
    lowest = predicted <= ends[1]
    first = found.residuals[0]
    assert (first.rows, first.predicted) == (lowest.sum(), np.median(predicted[lowest]))
    assert first.quantiles == np.quantile((y - predicted)[lowest], [0.05, 0.25, 0.5, 0.75, 0.95]).tolist()
    assert sum(group.rows for group in found.residuals) == len(rows)
    assert found.predicted_actual is not None
    edges = found.predicted_actual.edges
    assert (edges[0], edges[-1]) == (min(y.min(), predicted.min()), max(y.max(), predicted.max()))
    assert found.predicted_actual.counts == np.histogram2d(predicted, y, bins=[edges, edges])[0].tolist()


@pytest.mark.parametrize(("hits", "rows"), [(0, 3), (3, 3), (1, 7), (900, 1000)])
def test_the_interval_of_a_share_is_wilsons(hits: int, rows: int) -> None:
    theirs, ours = binomtest(hits, rows).proportion_ci(method="wilson"), interval(hits, rows)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_of_repeats_each_has_its_curve_and_one_is_counted() -> None:
    fold = FoldAnswers(np.array([0, 1]), np.array([0, 1]), np.array([0.2, 0.7]), probability=True)
    found = with_folds(None, OutOfFold(1, [fold] * 6), ("no", "yes"), repeats=3)
    assert found is not None
    assert len(found.folds) == 6
    assert [one.support for one in found.classes] == [2, 2]


def test_a_fold_of_one_class_has_no_curve_and_a_fit_on_one_has_no_score() -> None:
    whole = FoldAnswers(np.array([0, 1]), np.array([0, 1]), np.array([0.2, 0.7]))
    one_class = FoldAnswers(np.array([0, 0]), np.array([0, 1]), np.array([0.2, 0.7]))
    mute = FoldAnswers(np.array([0, 1]), np.array([0, 0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = with_folds(None, OutOfFold(1, [whole, one_class, mute]), ("no", "yes"), repeats=1)
    assert found is not None
    assert (len(found.folds), found.pooled, found.calibration, found.base_rate) == (1, None, [], 1 / 3)


def test_an_estimator_that_raises_leaves_the_fold_out_and_numbers_without_end_leave_all_as_it_is() -> None:
    class Broken:
        def predict(self) -> Any:
            raise RuntimeError("broken")

    assert answers_of(np.array([0, 1]), Broken(), 1) is None
    assert with_folds(None, OutOfFold(1), ("no", "yes"), 1) is None
    before = Plots(base_rate=0.5)
    ends = FoldAnswers(np.array([-1.7e308, 1.7e308]), np.array([1.7e308, -1.7e308]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert with_folds(before, OutOfFold(None, [ends]), None, 1) is before


def test_a_hundred_folds_of_scores_with_every_digit_stay_within_the_bound() -> None:
    random = np.random.default_rng(0)
    folds = [
        FoldAnswers(truth := random.integers(0, 2, 3000), truth, random.random(3000) / 3, probability=True)
        for _ in range(100)
    ]
    found = with_folds(None, OutOfFold(1, folds), ("\x00" * 100_000, "yes"), repeats=1)
    assert found is not None and found.pooled is not None and len(found.folds) == 100
    assert len(found.model_dump_json(by_alias=True).encode()) < BYTES


def test_of_thousands_of_classes_with_hostile_names_the_worst_are_kept_within_the_bound() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 5000, 50_000)
    predicted = np.where(truth < 300, 4999, truth)  # the first 300 classes are never found
    classes = [f"\x01</script>{number}" + "\x00😀" * 500 for number in range(5000)]
    found = with_folds(None, OutOfFold(None, [FoldAnswers(truth, predicted)]), classes, repeats=1)
    assert found is not None
    assert (len(found.classes), found.classes_left_out) == (MOST_CLASSES, 4800)
    assert all(one.f1 == 0.0 and len(one.label) <= LABEL_CHARACTERS for one in found.classes)
    content = found.model_dump_json(by_alias=True)
    assert len(content.encode()) < BYTES
    assert Plots.model_validate(json.loads(content)) == found
