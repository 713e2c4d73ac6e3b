"""The learning curve of refit: scikit-learn's numbers on explicit splits, stored, with gaps where there are none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import cross_validate

from gridfold.api.handoff import RefitReport, StageInput
from gridfold.domain.grid import Grid
from gridfold.domain.results import results_of
from gridfold_trainer import refit
from gridfold_trainer.cells import judging
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.splits import make_parts
from gridfold_trainer.outcome import learning_curve
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import COLUMNS, World, small_data

CURVE = {"fractions": [10, 30, 50, 100]}
FOREST = {"grid": [{"n_estimators": [5], "max_depth": [2, 4]}], "estimator": "ensemble.RandomForestClassifier"}


@pytest.fixture(autouse=True)
def without_last_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two last fits need pandas, and are not what this is about."""
    monkeypatch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {}, {}))


def run(world: World, **job: Any) -> tuple[StageInput, RefitReport, dict[str, Any]]:
    """Run all cells and refit; return the job, the report and status.json."""
    item = world.job(**{"learningCurve": CURVE, **job})
    world.run_cells(item)
    report = refit.run(item, world.context)
    return item, report, status_of(report, world)


def status_of(report: RefitReport, world: World) -> dict[str, Any]:
    folder = world.folder / report.results_uri.removeprefix("file:")
    found: dict[str, Any] = json.loads((folder / "status.json").read_bytes())
    return found


def by_hand(world: World, item: StageInput, best: int, fraction: int) -> dict[str, Any]:
    """Return what cross_validate says of the winner on parts that are chosen here, in the words of the protocol."""
    assert item.prepared is not None
    data, resolved, seed = world.data, item.prepared.resolved, item.spec.cross_validation.seed
    rows = make_parts(data.y, item.spec.split, resolved, orders=data.orders).train
    X, y, orders = np.asfortranarray(data.X[rows]), data.y[rows], data.orders.at(rows)
    splits = []
    for number, (train, test) in enumerate(make_splits(y, item.spec.cross_validation, resolved, orders)):
        random, method = np.random.default_rng([seed, number]), resolved.cross_validation
        if method == "TimeSeries":
            part = train[len(train) - len(train) * fraction // 100 :]
        elif method == "Grouped":
            names = np.unique(orders.groups[train])  # type: ignore[index]
            kept = names[random.permutation(len(names))[: len(names) * fraction // 100]]
            part = train[np.isin(orders.groups[train], kept)]  # type: ignore[index]
        else:
            order = random.permutation(len(train))
            if method == "Stratified":
                place = {}
                for kind in np.unique(y[train]):
                    own = [at for at in order if y[train[at]] == kind]
                    place |= {at: (2 * rank + 1) / (2 * len(own)) for rank, at in enumerate(own)}
                order = sorted(order, key=place.__getitem__)
            part = train[sorted(order[: len(train) * fraction // 100])]
        splits.append((part, test))
    pipeline = make_cells(item, [best])[0].pipeline(data.columns, data.classes, names=False)
    scoring = {"f1": "f1"} if data.classes is not None else {"r2": "r2"}
    found = cross_validate(pipeline, X, y, cv=splits, scoring=scoring, return_train_score=True, error_score=np.nan)
    return {**found, "rows": [len(part) for part, _ in splits]}


def ordered(kind: str, rows: int = 160) -> PreparedData:
    """Return a data set with groups, or times."""
    data = small_data(rows)
    random = np.random.default_rng(1)
    order = {"groups": random.integers(0, 30, rows)} if kind == "groups" else {"time": random.random(rows)}
    return PreparedData("", data.X, data.y, COLUMNS, data.classes, 1, "target", **order)


def numbers(rows: int = 160) -> PreparedData:
    data = small_data(rows)
    y = np.where(np.isnan(data.X[:, 0]), 0.0, data.X[:, 0]) + np.random.default_rng(2).normal(size=rows)
    return PreparedData("", data.X, y, COLUMNS, None, None, "target")


CASES: dict[str, tuple[PreparedData, dict[str, Any]]] = {
    "stratified": (small_data(160), FOREST),
    "repeated": (small_data(160), {**FOREST, "crossValidation": {"repeats": 2, "folds": 3, "seed": 4}}),
    "k-fold": (small_data(160), {**FOREST, "crossValidation": {"method": "KFold", "seed": 9}}),
    "grouped": (
        ordered("groups"),
        {**FOREST, "crossValidation": {"method": "Grouped", "folds": 4}, "split": {"method": "Grouped"}},
    ),
    "by time": (
        ordered("time", 240),
        {**FOREST, "crossValidation": {"method": "TimeSeries", "folds": 4}, "split": {"method": "TimeOrdered"}},
    ),
    "regression": (numbers(), {"grid": [{"max_depth": [2, 5]}], "estimator": "tree.DecisionTreeRegressor"}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")  # small parts lack a category, and scikit-learn says so
def test_every_point_has_the_scores_of_cross_validate_on_explicit_splits_bit_for_bit(name: str, tmp_path: Path) -> None:
    data, job = CASES[name]
    world = World(tmp_path, data)
    item, report, status = run(world, **job)
    assert report.best is not None
    metric, curve = status["objective"], status["learningCurve"]
    assert [point["fraction"] for point in curve["points"]] == CURVE["fractions"]
    for point in curve["points"]:
        found = by_hand(world, item, report.best, point["fraction"])
        assert point["rows"] == found["rows"]
        assert point["scores"] == found[f"test_{metric}"].tolist()
        assert point["trainScores"] == found[f"train_{metric}"].tolist()
        assert point["mean"] == found[f"test_{metric}"].mean()
    stored = json.loads(world.result_path(item, report.best).read_bytes())
    assert curve["points"][-1]["scores"] == stored["scores"][metric]


def test_a_repeated_refit_fits_no_part_again_and_other_fractions_fit_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, fitted = World(tmp_path), []
    _, first, status = run(world)

    def counting(cell: Any, training: Any, splits: Any, scorer: Any) -> Any:
        fitted.append(len(splits[0][0]))
        return judging.evaluate_on(cell, training, splits, scorer)

    monkeypatch.setattr(learning_curve, "evaluate_on", counting)
    _, again, status_again = run(world)
    assert fitted == []
    assert status_again["learningCurve"] == status["learningCurve"]
    assert again.learning_curve == first.learning_curve
    run(world, learningCurve={"fractions": [10, 40, 50, 100]})
    assert len(fitted) == 5  # 40 per cent of five folds
    (path,) = (p for p in (world.folder / "out/cache/curves").iterdir() if '"fraction":30,' in p.read_text())
    path.write_text(path.read_text().replace('"f1":[0.', '"f1":[1.', 1))
    _, _, healed = run(world)
    assert len(fitted) == 10
    assert healed["learningCurve"] == status["learningCurve"]


def test_a_part_that_cannot_be_fitted_is_a_gap_with_its_reason_and_the_job_goes_on(tmp_path: Path) -> None:
    job = {"grid": [{"n_neighbors": [30]}], "estimator": "neighbors.KNeighborsClassifier"}
    _, report, status = run(World(tmp_path), **job)
    ten, _, half, whole = status["learningCurve"]["points"]
    assert (ten["mean"], ten["scores"], ten["trainScores"]) == (None, [None] * 5, [None] * 5)
    assert ten["reason"].startswith("5 of 5 folds: ValueError: Expected n_neighbors <= n_samples_fit")
    assert half["mean"] is not None and whole["reason"] == ""
    shown = results_of(report, "f1", Grid.of(job["grid"]))["learning_curve"]
    assert (shown.points[0].score, shown.points[0].reason) == (None, ten["reason"])
    assert report.best == 0


def test_without_the_field_nothing_is_fitted_and_nothing_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    _, report, status = run(world, learningCurve=None)
    assert "learningCurve" not in status and report.learning_curve is None
    assert not (world.folder / "out/cache/curves").exists()


def test_a_run_without_a_winner_has_no_curve(tmp_path: Path) -> None:
    job = {"grid": [{"n_neighbors": [500]}], "estimator": "neighbors.KNeighborsClassifier"}
    _, report, status = run(World(tmp_path), **job)
    assert report.best is None and "learningCurve" not in status
