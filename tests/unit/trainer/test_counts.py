"""What the winner took for what: equal to scikit-learn's counts and sums."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, mean_absolute_error, mean_squared_error, r2_score

from gridfold_trainer import refit
from gridfold_trainer.outcome.counts import MOST_CLASSES, count
from tests.unit.trainer.numeric_jobs import World, small_data


class Answers:
    """What a model says of some rows."""

    def __init__(self, predicted: Any) -> None:
        self.predict = lambda: np.asarray(predicted)


class Silent:
    """A model that cannot predict."""

    def predict(self) -> np.ndarray:
        raise RuntimeError("no")


def test_counts_are_those_of_scikit_learn_with_classes_that_a_part_lacks() -> None:
    truth, predicted = np.array([0, 2, 2, 0, 2]), np.array([0, 2, 0, 1, 2])
    found = count({"test": (truth, Answers(predicted))}, ("a", "<b>", 3))
    assert found["confusion"] == {
        "classes": ["a", "<b>", 3],
        "test": confusion_matrix(truth, predicted, labels=[0, 1, 2]).tolist(),
    }


def test_sums_of_errors_give_the_metrics_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=50)
    predicted = truth + random.normal(size=50)
    found = count({"test": (truth, Answers(predicted))}, None)["errors"]["test"]
    assert found["rows"] == 50
    assert found["absolute"] / 50 == pytest.approx(mean_absolute_error(truth, predicted))
    assert found["squared"] / 50 == pytest.approx(mean_squared_error(truth, predicted))
    spread = found["actualSquared"] - found["actual"] ** 2 / 50
    assert 1 - found["squared"] / spread == pytest.approx(r2_score(truth, predicted))
    assert found["error"] == pytest.approx((predicted - truth).sum())


def test_sums_that_are_no_finite_numbers_are_null() -> None:
    found = count({"test": (np.array([1e200, 1.0]), Answers([-1e200, 1.0]))}, None)["errors"]["test"]
    assert found["squared"] is None and found["absolute"] == 2e200
    json.dumps(found, allow_nan=False)


def test_nothing_is_told_of_a_model_that_cannot_predict_or_of_more_classes_than_anybody_reads() -> None:
    truth = np.array([0, 1])
    assert count({"test": (truth, Silent())}, ("a", "b")) == {}
    assert count({"test": (truth, Answers(truth))}, tuple(range(MOST_CLASSES + 1))) == {}


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize("measured", [True, False], ids=["predictions measured", "probabilities alone"])
def test_the_counts_of_validation_and_test_stand_in_status_json_and_are_drawn(tmp_path: Path, measured: bool) -> None:
    world = World(tmp_path, small_data(classes=("no", "yes")))
    job = world.job(scoring={"metrics": ["roc_auc", "accuracy"]} if measured else {"metrics": ["roc_auc"]})
    world.run_cells(job)
    refit.run(job, world.context)
    (folder,) = (tmp_path / "out/runs").iterdir()
    status = json.loads((folder / "status.json").read_bytes())
    sizes = {part: sum(map(sum, status["confusion"][part])) for part in ("validation", "test")}
    assert sizes == {part: status["dataset"]["parts"][part] for part in sizes}
    hits = sum(status["confusion"]["test"][code][code] for code in range(2))
    assert hits / sizes["test"] == status["test"]["scores"].get("accuracy", hits / sizes["test"])
    assert "What it takes for what" in (folder / "report.html").read_text()
