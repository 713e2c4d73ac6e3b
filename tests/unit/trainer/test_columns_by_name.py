"""Every estimator that is told of columns learns from names what plain scikit-learn learns from positions."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, REGRESSORS, full_names
from gridfold_trainer.learning.column_parameters import parameter_of
from gridfold_trainer.learning.estimators import is_classifier, load_class
from gridfold_trainer.learning.pipelines import build_pipeline

NUMBER, TEXT = ColumnType.NUMERIC, ColumnType.CATEGORICAL
COLUMNS = (
    Column("colour", TEXT, ("blue", "green", "red")),
    Column("size", NUMBER),
    Column("gone", NUMBER),
    Column("shape", TEXT, ("ball", "cube")),
    Column("age", NUMBER),
)
#: Of the matrix: size, age, then blue, green, red, ball, cube, or colour and shape; `gone` has no value.
RIGHT: dict[str, tuple[str, Any, Any]] = {
    "monotonic_cst": ("OneHot", {"age": 1, "gone": 1, "size": -1}, [-1, 1, 0, 0, 0, 0, 0]),
    "interaction_cst": ("OneHot", [["age", "colour"], ["size", "shape"]], [[1, 2, 3, 4], [0, 5, 6]]),
    "categorical_features": ("Ordinal", ["shape", "colour"], [2, 3]),
    "min_categories": ("Ordinal", {"colour": 9}, [0, 0, 9, 0]),
    "alpha": ("OneHot", {"colour": 7.5}, [1.0, 1.0, 7.5, 7.5, 7.5, 1.0, 1.0]),
    "metric_params": ("OneHot", {"w": {"colour": 30, "size": 0}}, {"w": [0.0, 1.0, 30.0, 30.0, 30.0, 1.0, 1.0]}),
}
QUICK = {"n_estimators": 3, "max_iter": 4, "max_depth": 3, "random_state": 0, "min_samples_leaf": 4, "radius": 0.6}
PAIRS = [
    (name, parameter)
    for name in sorted(full_names(CLASSIFIERS) | full_names(REGRESSORS))
    for parameter in RIGHT
    if parameter in load_class(name)._get_param_names() and parameter_of(load_class(name), parameter)  # type: ignore[attr-defined]
]


def rows(*, classes: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    X = np.asfortranarray(random.normal(size=(90, 5)))
    X[:, 0], X[:, 3], X[:, 2] = random.integers(0, 3, 90), random.integers(0, 2, 90), np.nan
    score = np.sin(3 * X[:, 1]) + X[:, 4] + (X[:, 0] == 1) * 2.0 + random.normal(size=90)
    return X, (score > 0.5).astype(np.int64) if classes else score


def answers(cls: Any, encode: str, given: dict[str, Any], *, plain: bool) -> bytes:
    """Return what a pipeline says of its rows: one that is told names, or scikit-learn's own, told positions."""
    known = cls._get_param_names()
    estimator = cls(**{name: value for name, value in QUICK.items() if name in known}, **given)
    choices = {
        "numeric": {"impute": "Median", "scale": "MinMax"},
        "categorical": {"impute": "MostFrequent", "encode": encode},
    }
    X, y = rows(classes=is_classifier(cls))
    if cls.__name__ == "CategoricalNB":
        X[:, [1, 4]] = X[:, [1, 4]] > 0
    pipeline = build_pipeline(estimator if not plain else cls(), COLUMNS, choices, names=False)
    if plain:
        from sklearn.pipeline import Pipeline

        pipeline = Pipeline([*pipeline.steps[:-1], ("estimator", estimator)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the column without a value
        fitted = clone(pipeline).fit(X, y)
        found: np.ndarray = fitted.predict_proba(X) if hasattr(fitted, "predict_proba") else fitted.predict(X)
    return found.tobytes()


@pytest.mark.parametrize(("name", "parameter"), PAIRS)
def test_names_teach_what_positions_teach(name: str, parameter: str) -> None:
    cls, (encode, named, positions) = load_class(name), RIGHT[parameter]
    ours = answers(cls, encode, {parameter: named}, plain=False)
    assert ours == answers(cls, encode, {parameter: positions}, plain=True)
    if parameter != "min_categories":  # which makes room for categories that these rows do not have
        assert ours != answers(cls, encode, {}, plain=True)


def test_these_are_all_of_them() -> None:
    counts = {parameter: sum(other == parameter for _, other in PAIRS) for parameter in RIGHT}
    assert counts == {
        "monotonic_cst": 10,
        "interaction_cst": 2,
        "categorical_features": 2,
        "min_categories": 1,
        "alpha": 2,
        "metric_params": 4,
    }
