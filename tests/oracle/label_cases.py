"""Classifiers and the ways in which a target can spell its classes, for the sweep of their pairs."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, full_names

#: In the order of their codes: numbers in numeric order, texts by code point.
SPELLINGS: tuple[tuple[Any, ...], ...] = (
    (0, 1),
    (1, 2),
    (-1, 1),
    (10, 20),
    ("no", "yes"),
    ("Z", "a"),
    ("False", "True"),
    ("10", "2"),
    (-1, 0, 1),
    (1, 2, 10),
    ("b", "most_frequent", "é"),
)
#: 1 is the first class, -1 a class, texts are no numbers, texts look like numbers, three classes.
TELLING = ((1, 2), (-1, 1), ("Z", "a"), ("10", "2"), (1, 2, 10), ("b", "most_frequent", "é"))
#: Tried in every run, all others in the long ones: a negative class, texts in an order unlike that of words, and three
#: classes of which one is named like an option.
FEW = ((-1, 1), ("Z", "a"), ("b", "most_frequent", "é"))
QUICK = {"n_estimators": 2, "max_iter": 20, "Cs": 3, "cv": 2, "hidden_layer_sizes": [4], "n_restarts_optimizer": 0}
#: They mean another thing by max_iter, or would take too few steps.
OWN_ITERATIONS = ("LinearSVC", "NuSVC", "SVC")
NEEDS: dict[str, dict[str, Any]] = {
    "CategoricalNB": {"min_categories": 4},
    "NuSVC": {"nu": 0.1},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
    "RadiusNeighborsClassifier": {"radius": 100.0},
}


@dataclass(frozen=True)
class LabelCase:
    """A classifier; `named` are parameters that name classes, here by their codes (-1 is the last one)."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    named: dict[str, Any] = field(default_factory=dict)
    classes: tuple[int, ...] = (2, 3)

    @property
    def spellings(self) -> list[tuple[Any, ...]]:
        """Return the spellings to try: all for the estimator as it is, the telling ones with parameters."""
        some = SPELLINGS if not self.parameters and not self.named else TELLING
        return [labels for labels in some if len(labels) in self.classes]

    def __str__(self) -> str:
        """Return the id of the test."""
        return f"{self.name.rpartition('.')[2]}-{'-'.join(map(str, [*self.parameters.values(), *self.named]))}"


def _more() -> list[LabelCase]:
    boosting = {"early_stopping": True, "validation_fraction": 0.4}
    weights = {"class_weight": {0: 1, -1: 4}}
    return [
        LabelCase("calibration.CalibratedClassifierCV", {"method": "temperature"}),
        LabelCase("calibration.CalibratedClassifierCV", {"method": "isotonic", "ensemble": False}),
        LabelCase("dummy.DummyClassifier", {"strategy": "constant"}, {"constant": 0}),
        LabelCase("dummy.DummyClassifier", {"strategy": "constant"}, {"constant": [-1]}),
        LabelCase("dummy.DummyClassifier", {"strategy": "stratified"}),
        LabelCase("ensemble.BaggingClassifier", {"oob_score": True}),
        LabelCase("ensemble.HistGradientBoostingClassifier", {**boosting, "scoring": "f1"}, classes=(2,)),
        LabelCase("ensemble.HistGradientBoostingClassifier", {**boosting, "scoring": "f1_macro"}, weights),
        LabelCase("ensemble.HistGradientBoostingClassifier", {**boosting, "scoring": None}),
        LabelCase("ensemble.RandomForestClassifier", {"oob_score": True}, weights),
        LabelCase("ensemble.ExtraTreesClassifier", {"class_weight": "balanced"}),
        LabelCase("gaussian_process.GaussianProcessClassifier", {"multi_class": "one_vs_one"}),
        LabelCase("linear_model.LogisticRegressionCV", {"scoring": "average_precision"}, weights, classes=(2,)),
        LabelCase(
            "linear_model.LogisticRegressionCV", {"scoring": "balanced_accuracy", "use_legacy_attributes": False}
        ),
        LabelCase("linear_model.RidgeClassifierCV", {"scoring": "f1_macro"}, weights),
        LabelCase("linear_model.SGDClassifier", {"early_stopping": True}, weights),
        LabelCase("neighbors.RadiusNeighborsClassifier", {"radius": 0.3}, {"outlier_label": -1}),
        LabelCase("neighbors.RadiusNeighborsClassifier", {"radius": 0.3, "outlier_label": "most_frequent"}),
        LabelCase("neural_network.MLPClassifier", {"early_stopping": True}),
        LabelCase("semi_supervised.LabelSpreading", {"kernel": "knn"}),
        LabelCase("svm.SVC", {"probability": True, "decision_function_shape": "ovo"}, weights),
        LabelCase("tree.DecisionTreeClassifier", {}, weights),
    ]


CASES = [*(LabelCase(name.removeprefix("sklearn.")) for name in sorted(full_names(CLASSIFIERS))), *_more()]


def rows(name: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return X (72, 2), without a negative number, and y: codes that X only half explains."""
    random = np.random.default_rng(classes)
    X = np.abs(random.normal(size=(72, 2)))
    y = np.clip(X[:, 0] * 1.2 + random.normal(size=72) * 0.4, 0, classes - 1).astype(np.int64)
    y[: 8 * classes] = np.tile(np.arange(classes), 8)
    if name.endswith("CategoricalNB"):
        X = np.floor(X).clip(0, 3)
    return np.asfortranarray(X), y
