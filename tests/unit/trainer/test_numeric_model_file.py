"""The model as a file, for every classifier that a job can use."""

import warnings
from typing import Any

import numpy as np
import pytest

from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, full_names
from gridfold_trainer.learning.estimators import build, load_class, parameter_problem, takes_random_state
from gridfold_trainer.learning.pipelines import build_pipeline
from gridfold_trainer.outcome.model_file import load_model, save_model, trusted_types
from tests.unit.trainer.numeric_jobs import COLUMNS, small_data

PREPROCESSING = {
    "numeric": {"impute": "Median", "scale": "MinMax"},  # no negative numbers, for the naive Bayes estimators
    "categorical": {"impute": "MostFrequent", "encode": "OneHot"},
}
USABLE = sorted(name for name in full_names(CLASSIFIERS) if parameter_problem(load_class(name), {}) is None)
#: Where the defaults cannot be fitted on the small data.
PARAMETERS: dict[str, dict[str, Any]] = {
    "sklearn.neighbors.RadiusNeighborsClassifier": {"radius": 9.0},
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
}


@pytest.mark.parametrize("name", USABLE)
def test_a_stored_model_predicts_the_same_labels_after_it_was_read(name: str) -> None:
    data = small_data(90)
    cls: Any = load_class(name)
    seed = {"random_state": 0} if takes_random_state(cls) else {}
    pipeline = build_pipeline(build(cls, {**seed, **PARAMETERS.get(name, {})}), COLUMNS, PREPROCESSING, names=False)
    targets = np.array(data.classes, dtype=object)[data.y]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pipeline.fit(data.X, targets)
        content = save_model(model)
        read = load_model(content, trusted_types(content))
        assert read.predict(data.X).tolist() == model.predict(data.X).tolist()
    assert all(kind.startswith(("numpy.", "sklearn.", "scipy.")) for kind in trusted_types(content))
    assert content[:2] == b"PK"
