"""class_weight by label, from the document to the estimator's parameters."""

from typing import Any

import pytest

from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold.domain.grid import Grid, plain_value


def document(weights: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "weights"},
        "spec": {
            "dataset": {"sources": [{"uri": "s3://b/k.csv"}], "target": "y"},
            "estimator": {"className": "sklearn.svm.SVC", "parameters": {"class_weight": weights}},
            "search": {"grid": [{"class_weight": [weights, None, "balanced"]}]},
            "output": {"uri": "s3://b/out/"},
        },
    }


def test_weights_by_label_are_a_valid_value_of_class_weight() -> None:
    job = parse_training_job(document({"yes": 2, "no": {"float": 1}}))
    assert plain_value(job.spec.estimator.parameters["class_weight"]) == {"yes": 2, "no": 1.0}
    (cell, *_) = Grid.of(job.spec.search.grid)
    assert repr(cell["class_weight"]) == "{'yes': 2, 'no': 1.0}"


def test_a_weight_that_is_a_map_of_its_own_is_refused_with_its_path() -> None:
    with pytest.raises(InvalidTrainingJobError, match=r"class_weight\.yes is .*must be a plain value") as caught:
        parse_training_job(document({"yes": {"a": 1, "b": 2}}))
    assert [problem.path for problem in caught.value.problems] == [
        "spec.estimator.parameters.class_weight.yes",
        "spec.search.grid[0].class_weight[0].yes",
    ]
