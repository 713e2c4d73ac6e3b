"""A winner whose scores are no success is told, one that is better than a guess is not."""

from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from gridfold.api.status import Resolved
from gridfold.domain.positive import about, metrics_of_one_class, yaml_text
from gridfold_trainer.learning import frequent_class
from gridfold_trainer.learning.findings import headline
from gridfold_trainer.outcome.doubts import of_predictions
from tests.unit.trainer.data_jobs import stage_input


class Answers:
    """A model that gives these answers."""

    def __init__(self, answers: Any) -> None:
        self._answers = np.asarray(answers)

    def predict(self) -> np.ndarray:
        return self._answers


TRUTH = np.array([0] * 6 + [1] * 3)
NUMBERS = np.array([1.0, 2, 3, 4])
DOUBTS: list[tuple[str, Any, Any, Any, str]] = [
    ("one class", TRUTH, [0] * 9, ("ok", "fraud"), 'the winner answers "ok" for every row of the validation part'),
    ("the rare class", TRUTH, [1] * 9, ("ok", "fraud"), 'the winner answers "fraud" for every row'),
    ("classes that are numbers", TRUTH, [1] * 9, (10, 20), "the winner answers 20 for every row"),
    (
        "worse than the frequent class",
        TRUTH,
        [1, 0, 0, 0, 0, 0, 0, 0, 0],
        ("ok", "fraud"),
        'no better than always answering "ok": on the validation part it is right for 5 of 9 rows, that would be for',
    ),
    ("finds the rare class at a price", TRUTH, [1, 1, 1, 0, 0, 0, 1, 1, 1], ("ok", "fraud"), ""),
    ("good", TRUTH, [0, 0, 0, 0, 0, 0, 1, 1, 0], ("ok", "fraud"), ""),
    ("one number", NUMBERS, [2.5] * 4, None, "the winner answers 2.5 for every row"),
    ("no better than the mean", NUMBERS, [4, 3, 2, 1], None, "no better than always answering the mean"),
    ("a good number", NUMBERS, [1.1, 2, 3, 4], None, ""),
]


@pytest.mark.parametrize(("truth", "answers", "classes", "words"), [c[1:] for c in DOUBTS], ids=[c[0] for c in DOUBTS])
def test_answers_that_a_constant_could_give_are_told(truth: Any, answers: Any, classes: Any, words: str) -> None:
    found = of_predictions(truth, Answers(answers), classes)
    assert len(found) == bool(words)
    assert words in "".join(found)


def test_a_model_that_cannot_answer_is_somebody_elses_to_tell() -> None:
    class Broken:
        def predict(self) -> np.ndarray:
            raise ValueError("no")

    assert of_predictions(TRUTH, Broken(), ("a", "b")) == []


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("load", ["iris", "breast_cancer", "wine", "digits", "diabetes"])
def test_ordinary_models_of_ordinary_data_raise_no_doubt_and_dummies_do(load: str) -> None:
    bunch: Any = getattr(datasets, f"load_{load}")()
    X, y = bunch.data, bunch.target
    order = np.random.default_rng(0).permutation(len(y))
    train, part = order[: len(y) * 7 // 10], order[len(y) * 7 // 10 :]
    classes = None if load == "diabetes" else tuple(range(len(bunch.target_names)))
    model: Any = Ridge() if classes is None else LogisticRegression(max_iter=50)
    assert of_predictions(y[part], Answers(model.fit(X[train], y[train]).predict(X[part])), classes) == []
    dummy = DummyClassifier().fit(X[train], y[train] > np.median(y)).predict(X[part])
    assert of_predictions((y[part] > np.median(y)).astype(int), Answers(dummy.astype(int)), ("a", "b"))


RESOLVED = Resolved(
    metrics=["accuracy", "precision", "recall", "f1", "average_precision"], average="Binary", positive_class="ok"
)
FREQUENT: list[tuple[tuple[Any, Any], float, dict[str, Any], str]] = [
    (("fraud", "ok"), 0.95, {}, "Write dataset.positiveClass: fraud if that is what you look for: precision, "),
    (("ill", "no"), 0.9, {}, "dataset.positiveClass: ill if"),
    (("no", "ok"), 0.6, {}, 'dataset.positiveClass: "no" if'),
    ((1, 2), 0.9, {}, 'dataset.positiveClass: "1" if'),
    ((0, 1), 0.9, {}, 'dataset.positiveClass: "0" if'),
    ((-1, 1), 0.9, {}, 'dataset.positiveClass: "-1" if'),
    ((0, 1), 0.63, {}, ""),  # the share of benign ones in breast_cancer
    (("no", "yes"), 0.6, {}, ""),
    (("fraud", "ok"), 0.5, {}, ""),
    (("fraud", "ok"), 0.05, {}, ""),
    (("fraud", "ok"), 0.95, {"positiveClass": "ok"}, ""),
]


@pytest.mark.parametrize(("classes", "share", "dataset", "words"), FREQUENT)
def test_a_frequent_class_that_nobody_chose_to_be_positive_is_told_with_the_words_to_write(
    classes: tuple[Any, Any], share: float, dataset: dict[str, Any], words: str
) -> None:
    y = (np.arange(1000) < 1000 * share).astype(int)
    resolved = RESOLVED.model_copy(update={"positive_class": str(classes[1])})
    found = frequent_class.warning(stage_input(dataset=dataset).spec, resolved, y, classes, 1)
    assert (found is not None) == bool(words)
    assert words in (found or "")
    if found:
        assert f'are about the class "{classes[1]}", {100 * share:.0f} % of the training rows.' in found


def test_the_class_is_named_with_the_metrics_that_are_about_it() -> None:
    assert about(RESOLVED) == 'precision, recall, f1 and average_precision are about the class "ok"'
    assert about(RESOLVED.model_copy(update={"metrics": ["f2", "accuracy"]})) == 'f2 is about the class "ok"'
    assert about(RESOLVED.model_copy(update={"metrics": ["accuracy"]})) == ""
    assert metrics_of_one_class(RESOLVED.model_copy(update={"average": "Macro"})) == ["average_precision"]
    assert about(RESOLVED.model_copy(update={"positive_class": None})) == ""


@pytest.mark.parametrize(
    "label", ["fraud", "not ok", "no", "Yes", "1", "-1", "1.5", ">50K", "null", "a: b", "~", "'x'", ""]
)
def test_a_label_is_written_so_that_yaml_reads_it_as_that_text(label: str) -> None:
    from gridfold_cli.reading.kubectl_yaml import read_documents

    assert next(iter(read_documents(f"positiveClass: {yaml_text(label)}"))).value == {"positiveClass": label}


def test_a_third_of_the_cells_with_one_cause_is_a_headline() -> None:
    assert headline({"a": 2, "b": 1}, 6) == "2 of 6 cells are infeasible for one reason: a"
    assert headline({"a": 1, "b": 1}, 6) is None
    assert headline({}, 6) is None
    values = {f"C must be above 0. Got {value} instead.": 1 for value in (-1, -2.5, "'x'")}
    assert headline(values, 9) == "3 of 9 cells are infeasible for one reason: C must be above 0. Got -1 instead."
    assert headline({"a": 1}, 1) == "the only cell is infeasible for one reason: a"
