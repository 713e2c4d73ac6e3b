"""The model's file: what is stored says the same when it is read, and what cannot be stored takes nothing with it."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE, StageInput, decode_cells
from gridfold_trainer import refit
from gridfold_trainer.after_prepare import load_parts
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import estimators
from gridfold_trainer.outcome.collect import Row
from gridfold_trainer.outcome.model_file import load_model, store_model
from gridfold_trainer.outcome.storability import storage_warnings
from gridfold_trainer.outcome.winner import refit_winner
from tests.unit.trainer.data_jobs import run_prepare
from tests.unit.trainer.numeric_jobs import World, small_data
from tests.unit.trainer.platform_package import install

BOOSTERS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


class Locked(GaussianNB):
    """It holds what no file can hold."""

    def __init__(self, *, lock: bool = True, n_estimators: int = 1) -> None:
        super().__init__()
        self.lock, self.n_estimators = lock, n_estimators

    def fit(self, X: Any, y: Any) -> "Locked":
        fits.append((self.lock, self.n_estimators, len(X)))
        super().fit(X, y)
        self.guard_ = threading.Lock() if self.lock else None
        return self


class Forgetful(GaussianNB):
    """It forgets, when it is stored, what it has learned."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "theta_": np.zeros_like(self.theta_)}


fits: list[tuple[bool, int, int]] = []  #: lock, n_estimators, rows


def rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    X = random.normal(size=(80, 3))
    return X, (X[:, 0] + random.normal(size=80) > 0).astype(np.int64)


@pytest.mark.parametrize("cls", BOOSTERS)
@pytest.mark.parametrize("scoring", ["loss", None, "f1", "neg_log_loss", "r2"])
@pytest.mark.parametrize("categories", [None, [1]])
def test_boosting_is_stored_whatever_ended_it_early(cls: Any, scoring: str | None, categories: Any) -> None:
    X, y = rows()
    if scoring in {"f1", "neg_log_loss"} and cls is HistGradientBoostingRegressor:
        scoring = "neg_mean_squared_error"
    X[:, 1] = np.floor(X[:, 1]).clip(0, 3)
    boosting = cls(max_iter=4, early_stopping=True, scoring=scoring, categorical_features=categories, random_state=0)
    model = Pipeline([("estimator", boosting)]).fit(X, y)
    fresh = rows()[0][::-1]
    expected = model.predict(fresh).tolist()
    stored = store_model(model, fresh)
    assert stored.content is not None, stored.note
    assert model.predict(fresh).tolist() == load_model(stored.content, list(stored.trusted)).predict(fresh).tolist()
    assert model.predict(fresh).tolist() == expected
    assert all(name.startswith(("numpy.", "sklearn.")) for name in stored.trusted)


@pytest.mark.parametrize(
    ("estimator", "cause"),
    [(Locked(), "'_thread' has no attribute 'lock'"), (Forgetful(), "read back, it has other values of predict.")],
)
def test_a_model_that_cannot_be_stored_is_no_error_but_a_note(estimator: Any, cause: str) -> None:
    X, y = rows()
    stored = store_model(Pipeline([("estimator", estimator)]).fit(X, y), X)
    assert stored.content is None
    assert stored.note.startswith("skops cannot store this model, so there is no model.skops: ")
    assert cause in stored.note


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[World, StageInput]:
    """A job whose GaussianNB holds a lock; its cells have been run."""
    monkeypatch.setattr(estimators, "load_class", lambda name: Locked)
    world = World(tmp_path, small_data())
    estimating = {"preprocessing": {"categorical": {"encode": "Ordinal"}}}
    job = world.job(
        [{"n_estimators": [500, 1000], "lock": [True, False]}], "naive_bayes.GaussianNB", estimating=estimating
    )
    world.run_cells(job)
    return world, job


@pytest.mark.usefixtures("frames")
def test_without_a_model_file_everything_else_is_written_and_the_card_and_the_report_say_why(
    locked: tuple[World, StageInput],
) -> None:
    world, job = locked
    report = refit.run(job, world.context)  # cell 0, which holds a lock, is the first of four equal ones
    (folder,) = (world.folder / "out/runs").iterdir()
    status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    assert sorted(path.name for path in folder.iterdir()) == [
        "model-card.md", "plots.json", "report.html", "results.csv", "results.parquet", "status.json"
    ]  # fmt: skip
    assert sorted(status["files"]) == ["model-card.md", "plots.json", "results.csv", "results.parquet"]
    assert report.best == 0
    assert set(report.validation) == set(report.test) == {"accuracy", "precision", "recall", "f1"}
    assert status["test"]["scores"] == report.test
    assert report.no_model.startswith("skops cannot store this model, so there is no model.skops: ")
    assert report.no_model in status["notes"]
    card = (folder / "model-card.md").read_text(encoding="utf-8")
    assert "skops cannot store this model" in card
    assert 'load("model.skops"' not in card


def test_it_is_known_before_any_cell_runs_from_one_short_fit_on_few_rows_of_each_kind_of_cell(
    locked: tuple[World, StageInput],
) -> None:
    world, job = locked
    fits.clear()
    (warning,) = storage_warnings(job, set(), world.context)
    assert warning.startswith("if a cell like 0 wins: skops cannot store this model, so there is no model.skops: ")
    assert fits == [(True, 2, 20), (False, 2, 20)]
    assert storage_warnings(job, {0, 1}, world.context) == []


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(("name", "found"), [("Locked", 1), ("Stump", 0)])
def test_prepare_tries_the_estimators_of_a_platform(
    name: str, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv(ESTIMATOR_PREFIXES_VARIABLE, "acme_models")
    monkeypatch.delitem(sys.modules, "acme_models", raising=False)
    grid = [{"preprocessing.numeric.scale": ["Standard", "None"]}]
    report = run_prepare(tmp_path, estimator={"className": f"acme_models.{name}"}, search={"grid": grid})
    assert len(report.warnings) == found
    assert all("wins: skops cannot store this model" in warning for warning in report.warnings)
    del sys.modules["acme_models"]


@pytest.mark.usefixtures("frames")
def test_prepare_refuses_a_label_that_the_data_does_not_have_before_any_cell_runs(tmp_path: Path) -> None:
    dummy = {"className": "sklearn.dummy.DummyClassifier", "parameters": {"strategy": "constant"}}
    words = 'constant is the class "maybe"; the target has ["no", "yes"].'
    report = run_prepare(tmp_path, estimator=dummy, search={"grid": [{"constant": ["maybe", "yes"]}]})
    assert decode_cells(report.infeasible, 2) == {0}
    assert [warning.endswith(words) for warning in report.warnings] == [True]
    with pytest.raises(DataError, match="refuses every cell of spec.search.grid: constant is the class"):
        run_prepare(tmp_path, estimator=dummy, search={"grid": [{"constant": ["maybe"]}]})


@pytest.mark.usefixtures("frames")
def test_a_model_that_says_nothing_of_the_test_part_is_stored_and_says_labels(tmp_path: Path) -> None:
    world = World(tmp_path, small_data())
    job = world.job([{"radius": [{"float": 1e-9}]}], "neighbors.RadiusNeighborsClassifier")
    data, parts = load_parts(job, world.context)
    (item,) = make_cells(job, [0])
    found = refit_winner(job, Row(item, "f1", {}, None, None), data, parts)
    assert set(found.test.values()) == {None}
    assert found.stored.content is not None
    assert found.model.classes_.tolist() == ["no", "yes"]
    assert all("has no value on the" in note for note in found.warnings)
