"""Estimators and stored objects that real life and bad will put before a cell, each in a process of its own."""

import json
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gridfold.api.handoff import (
    ESTIMATOR_PREFIXES_VARIABLE,
    CellReport,
    FailureReport,
    Outcome,
    StageInput,
    decode_report,
)
from gridfold_trainer.cells.results import load_result
from gridfold_trainer.learning import environment
from tests.unit.trainer.numeric_jobs import World
from tests.unit.trainer.platform_package import install
from tests.unit.trainer.test_data_command import run

HOSTILE = """
import time
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class _Base(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), np.nan)

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Raises(_Base):
    def fit(self, X, y):
        raise RuntimeError("no licence left")


class Endless(_Base):
    def fit(self, X, y):
        while True:
            sorted(range(10**7))


class NotANumber(_Base):
    pass


class Leaves(_Base):
    def fit(self, X, y):
        raise SystemExit(3)
"""


class Hostile(NamedTuple):
    name: str
    code: int
    words: str
    metrics: tuple[str, ...] = ("accuracy",)


ESTIMATORS = [
    Hostile("Raises", 12, "5 of 5 fits failed: RuntimeError: no licence left"),
    Hostile("NotANumber", 12, "ArithmeticError: predict_proba of NotANumber gives 34 of 34 values", ("neg_log_loss",)),
    Hostile("Endless", 15, "longer than spec.execution.cellTimeoutSeconds (5 s)"),
    Hostile("Leaves", 12, "5 of 5 fits failed: SystemExit: 3"),
]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A prepared data set, and an installed package of the platform's with hostile estimators."""
    install(tmp_path / "site")
    (tmp_path / "site/acme_models/hostile.py").write_text(HOSTILE)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv(ESTIMATOR_PREFIXES_VARIABLE, "acme_models")
    return World(tmp_path)


def start(world: World, job: StageInput) -> tuple[int, Any, str]:
    """Run the first cell; return the exit code, the report, and all that was said."""
    (world.folder / "job.json").write_text(json.dumps(job.document()))
    kept = {ESTIMATOR_PREFIXES_VARIABLE: "acme_models", "PYTHONPATH": str(world.folder / "site")}
    done = run(world.folder, "cell", "--job", "job.json", "--index", "0", **kept)
    return done.returncode, decode_report((world.folder / "message").read_text()), done.stdout + done.stderr


def with_estimator(job: StageInput, case: Hostile) -> StageInput:
    """Return the job with a hostile estimator in place of its own, as prepare would have left it."""
    assert job.prepared is not None
    name = f"acme_models.hostile.{case.name}"
    document = job.document()
    document["spec"]["estimator"] = {"className": name}
    document["spec"]["search"] = {"grid": [{}]}
    document["spec"]["execution"] = {"cellTimeoutSeconds": 5 if case.name == "Endless" else 60}
    document["prepared"]["environment"] = environment.digest(name)
    document["prepared"]["resolved"] |= {
        "metrics": list(case.metrics),
        "objective": case.metrics[0],
        "randomState": None,
    }
    document["cells"] = "0"
    return StageInput.model_validate(document)


@pytest.mark.parametrize("case", ESTIMATORS, ids=[case.name for case in ESTIMATORS])
def test_a_hostile_estimator_fails_its_cell_and_no_other(world: World, case: Hostile) -> None:
    code, report, said = start(world, with_estimator(world.job(), case))
    assert code == case.code, said
    assert isinstance(report, CellReport | FailureReport)
    assert case.words in report.message
    if isinstance(report, CellReport):
        assert (report.outcome, report.scores) == (Outcome.FAILED, {case.metrics[0]: (None, None)})
    assert bool(list(world.folder.glob("out/cache/cells/*"))) == isinstance(report, CellReport)
    assert start(world, world.job())[0] == 0


def test_a_forged_result_of_a_cell_is_computed_again(world: World) -> None:
    job = world.job()
    honest = start(world, job)[1]
    path = world.result_path(job, 0)
    forged = json.loads(path.read_text())
    forged["scores"]["accuracy"] = [1.0] * 4  # a fold is missing
    for content in (json.dumps(forged).encode(), pickle.dumps(forged), b"[" * 10**6):
        path.write_bytes(content)
        code, report, said = start(world, job)
        assert (code, report.scores, report.reused) == (0, honest.scores, False), said
        assert load_result(world.context, "file:out/cache/", path.stem) is not None


def test_a_pickle_in_place_of_the_prepared_array_is_never_read(world: World) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return exec, (f"open({str(world.folder / 'executed')!r}, 'w').close()",)

    (path,) = world.folder.glob("out/cache/prepared/*/X.npy")
    path.write_bytes(pickle.dumps(Bomb()))
    code, report, _ = start(world, world.job())
    assert (code, report.reason) == (10, "PreparedCorrupt")
    assert not (world.folder / "executed").exists()
    assert list(world.folder.glob("out/cache/cells/*")) == []
