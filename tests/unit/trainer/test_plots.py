"""What is drawn of the validation part: the points of scikit-learn's curve, bounded."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score, precision_score, recall_score
from sklearn.pipeline import make_pipeline

from gridfold.api.plots import MOST_POINTS, Plots
from gridfold_trainer import refit
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.outcome.plots import plots_of
from tests.unit.trainer.numeric_jobs import World, small_data


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("estimator", [LogisticRegression(), RidgeClassifier()])
def test_each_threshold_gives_what_scikit_learn_scores_there(estimator: Any, positive: int) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 2))
    y = (X[:, 0] + random.normal(size=600) > 0).astype(int)
    responses = Responses(make_pipeline(estimator).fit(X, y), X)
    plots = plots_of(y, responses, positive)
    assert plots is not None
    found = plots.thresholds
    assert found is not None
    assert len(found.threshold) == MOST_POINTS and found.part == "validation"
    proba = hasattr(estimator, "predict_proba")
    score = responses.predict_proba()[:, positive] if proba else responses.decision_function() * (2 * positive - 1)
    for number in (0, 50, 120, MOST_POINTS - 1):
        said = score >= found.threshold[number]
        assert found.precision[number] == precision_score(y == positive, said)
        assert found.recall[number] == recall_score(y == positive, said)
        assert found.f1[number] == pytest.approx(f1_score(y == positive, said))
    assert found.used == (0.5 if proba else 0.0)


def test_nothing_is_drawn_of_one_class_many_classes_or_an_estimator_that_raises() -> None:
    y = np.array([0, 1, 1])
    assert plots_of(y, object(), 1) is None
    assert plots_of(y, object(), None) is None
    assert plots_of(np.ones(3, int), object(), 1) is None


@pytest.mark.usefixtures("frames")
def test_plots_json_stands_beside_the_results_of_two_classes_and_is_drawn(tmp_path: Path) -> None:
    world = World(tmp_path, small_data(classes=("no", "yes")))
    job = world.job()
    world.run_cells(job)
    refit.run(job, world.context)
    (folder,) = (tmp_path / "out/runs").iterdir()
    found = Plots.model_validate_json((folder / "plots.json").read_bytes())
    assert found.thresholds is not None
    assert "plots.json" in json.loads((folder / "status.json").read_bytes())["files"]
    assert "Where to put the threshold" in (folder / "report.html").read_text()
