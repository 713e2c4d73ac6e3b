"""`gridfold results` on the trainer's side: what it copies, and what it cannot."""

import re
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import Scoring
from gridfold_trainer import inspection, refit
from gridfold_trainer.errors import DataError
from gridfold_trainer.inspection import CopyFailedError
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with a finished run; its last two fits are left out."""
    monkeypatch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {"f1": 0.5}, {"f1": 0.5}))
    return World(tmp_path)


@pytest.mark.parametrize("place", ["no folder/x.csv", "x.csv/y.csv"])
def test_a_copy_that_cannot_be_written_is_told_with_its_path(world: World, place: str) -> None:
    job: Any = world.job()
    world.run_cells(job)
    refit.run(job, world.context)
    assert inspection.results(job, {"results.csv": world.folder / "x.csv"}, world.context).status["objective"] == "f1"
    assert (world.folder / "x.csv").read_text().startswith("index,")
    with pytest.raises(CopyFailedError, match="results.csv cannot be written to .*; name a file in a folder that"):
        inspection.results(job, {"results.csv": world.folder / place}, world.context)


@pytest.mark.parametrize(
    ("estimator", "scoring", "words"),
    [
        ("linear_model.Ridge", {"metrics": ["accuracy"]}, "metrics is accuracy, which are about classes"),
        ("linear_model.LogisticRegression", {"objective": "r2"}, "metrics is r2, which are about numbers"),
        ("linear_model.LogisticRegression", {"targets": {"roc_auc": "0.9"}}, "add it to spec.scoring.metrics"),
    ],
)
def test_metrics_that_do_not_suit_the_estimator_are_told_without_data(
    tmp_path: Path, estimator: str, scoring: dict[str, Any], words: str
) -> None:
    job: Any = World(tmp_path).job(grid=[{"tol": [0.01]}], estimator=estimator)
    changed = job.spec.model_copy(update={"scoring": Scoring.model_validate(scoring)})
    with pytest.raises(DataError, match=re.escape(words)):
        inspection.estimator(job.model_copy(update={"spec": changed}))
    assert inspection.estimator(job)
