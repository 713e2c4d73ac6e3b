"""A model that was fitted on codes says labels; the oracle suite has every classifier of scikit-learn."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegressionCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.semi_supervised import LabelSpreading

from gridfold_trainer.outcome.speaking import speak_labels

LABELS = np.array(["no", "perhaps", "yes"], dtype=object)


class OwnWords(ClassifierMixin, BaseEstimator):
    """It keeps its classes where only it knows, as the estimators of other packages do."""

    def fit(self, X: Any, y: Any) -> "OwnWords":
        self.inner_ = GaussianNB().fit(X, y)
        return self

    @property
    def classes_(self) -> Any:
        return self.inner_.classes_

    def predict_proba(self, X: Any) -> Any:
        return self.inner_.predict_proba(X)

    def predict(self, X: Any) -> Any:
        return self.inner_.predict(X)


class Decided(ClassifierMixin, BaseEstimator):
    """It has no probabilities, so that nobody can vote for it."""

    def fit(self, X: Any, y: Any) -> "Decided":
        self.seen_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return self.seen_[(X[:, 0] > 0).astype(int)]


class Careful(OwnWords):
    """What it predicts is not its most probable class."""

    def predict(self, X: Any) -> Any:
        return self.classes_[(self.predict_proba(X)[:, 0] < 0.99).astype(int)]


def fitted(estimator: Any, codes: tuple[int, ...] = (0, 1, 2)) -> tuple[Any, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 2))
    y = np.array(codes)[np.clip(X[:, 0] + 1, 0, len(codes) - 1).astype(int)]
    return Pipeline([("estimator", estimator)]).fit(X, y), y, random.normal(size=(40, 2))


@pytest.mark.parametrize(("estimator", "kind"), [(GaussianNB(), Pipeline), (OwnWords(), VotingClassifier)])
@pytest.mark.parametrize("codes", [(0, 1, 2), (0, 2)])
def test_it_says_the_labels_of_its_codes_with_the_same_probabilities(
    estimator: Any, kind: type, codes: tuple[int, ...]
) -> None:
    model, _, rows = fitted(estimator, codes)
    expected, probabilities = LABELS[model.predict(rows)].tolist(), model.predict_proba(rows)
    spoken = speak_labels(model, LABELS, {}, rows)
    assert type(spoken.model) is kind
    assert spoken.model.predict(rows).tolist() == expected
    assert np.array_equal(spoken.model.predict_proba(rows), probabilities)
    assert spoken.model.classes_.tolist() == LABELS[list(codes)].tolist()
    assert spoken.note == ""


@pytest.mark.parametrize("estimator", [Decided(), Careful()])
def test_one_that_cannot_say_labels_stays_as_it_is_and_the_codes_are_told(estimator: Any) -> None:
    model, _, rows = fitted(estimator, (0, 1))
    expected = model.predict(rows).tolist()
    spoken = speak_labels(model, LABELS[:2], {}, rows)
    assert spoken.model is model
    assert spoken.model.predict(rows).tolist() == expected
    assert spoken.note == (
        f"{type(estimator).__name__} cannot be made to say labels, so model.skops says codes: 0 is no, 1 is perhaps."
    )


def test_what_else_holds_classes_says_labels_too() -> None:
    model, y, rows = fitted(LabelSpreading())
    assert speak_labels(model, LABELS, {}, rows).model[-1].transduction_.tolist() == LABELS[y].tolist()
    legacy = LogisticRegressionCV(Cs=2, cv=2, use_legacy_attributes=True, scoring="accuracy", l1_ratios=(0.0,))
    model, _, rows = fitted(legacy)
    assert list(speak_labels(model, LABELS, {}, rows).model[-1].scores_) == LABELS.tolist()


def test_parameters_that_name_classes_name_them_by_label_and_a_fit_on_labels_gives_the_same_model() -> None:
    from sklearn.base import clone
    from sklearn.tree import DecisionTreeClassifier

    weights = {0: 1, 1: 1, 2: 9}
    model, y, rows = fitted(DecisionTreeClassifier(max_depth=2, class_weight=weights, random_state=0))
    by_label = {LABELS[code]: weight for code, weight in weights.items()}
    spoken = speak_labels(model, LABELS, {"class_weight": by_label}, rows).model
    assert spoken[-1].class_weight == by_label
    X = np.random.default_rng(0).normal(size=(60, 2))
    assert np.array_equal(clone(spoken).fit(X, LABELS[y]).predict(rows), spoken.predict(rows))
