"""An installed package of a platform team, with estimators of its own."""

from pathlib import Path

MODELS = '''
import os
from os import system
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


class Stump(DecisionTreeClassifier):
    """A tree with one question; its parameters are checked as scikit-learn's own."""

    def __init__(self, *, random_state=None, criterion="gini"):
        super().__init__(max_depth=1, random_state=random_state, criterion=criterion)


class Locked(DecisionTreeClassifier):
    """A tree that holds what no file can hold."""

    def fit(self, X, y):
        import threading
        self.guard_ = threading.Lock()
        return super().fit(X, y)


class Mean(RegressorMixin, BaseEstimator):
    """Predicts the mean, and declares no rules for its parameters."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y):
        self.mean_ = float(y.mean()) + self.shift
        return self

    def predict(self, X):
        import numpy as np
        return np.full(len(X), self.mean_)


class Scaler(TransformerMixin, BaseEstimator):
    """No estimator that predicts."""


alias = Stump
'''


def install(folder: Path, version: str = "1.2", *, known: bool = True) -> None:
    """Write acme_models and acme_models_other into a folder; `known`: as pip does, with what says its version."""
    for name, code in {"acme_models": MODELS, "acme_models_other": MODELS}.items():
        package = folder / name
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(code, encoding="utf-8")
    (folder / "acme_models/broken.py").write_text("raise RuntimeError('no licence')\n", encoding="utf-8")
    described = folder / "Acme_Models.dist-info"
    if known:
        described.mkdir(exist_ok=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Acme-Models\nVersion: {version}\n")
        (described / "top_level.txt").write_text("acme_models\n")
        (described / "RECORD").write_text("acme_models/__init__.py,,\n")
