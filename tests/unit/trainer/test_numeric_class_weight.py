"""class_weight by label, from the document to the estimator's parameters."""

from typing import Any

import numpy as np
import pytest

from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold.domain.grid import Grid, plain_value
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, full_names
from gridfold_trainer.learning.estimators import constructor_values, load_class, takes_random_state


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


WEIGHED = [name for name in sorted(full_names(CLASSIFIERS)) if "class_weight" in load_class(name)._get_param_names()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("labels", [("ja", "nein"), (3, 7)], ids=str)
@pytest.mark.parametrize("name", WEIGHED)
@pytest.mark.filterwarnings("ignore")  # that an estimator is to be removed, or has not converged
def test_every_estimator_weighs_labels_as_it_weighs_their_codes(name: str, labels: tuple[Any, Any]) -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 3))
    y = (X[:, 0] + generator.normal(size=120) > 0).astype(np.int64)
    cls: Any = load_class(name)
    given = {"class_weight": {str(labels[0]): 1, str(labels[1]): 5}}
    given |= {"random_state": 0} if takes_random_state(cls) else {}
    by_code, by_label = (cls(**constructor_values(cls, given, labels, codes=codes)) for codes in (True, False))
    unseen = generator.normal(size=(300, 3))
    expected = by_code.fit(X, y).predict(unseen)
    found = by_label.fit(X, np.array(labels, dtype=object if labels[0] == "ja" else None)[y]).predict(unseen)
    assert [labels.index(label) for label in found.tolist()] == expected.tolist()
