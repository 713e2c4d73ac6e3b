"""XGBoost and LightGBM through estimatorPrefixes: constructors that take **kwargs, as small packages of that shape."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE
from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.cells.cell import Cell
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning.boosters import fixed_values, parameter_names
from gridfold_trainer.learning.estimators import load_class, takes_random_state, unknown_parameters

#: Where the parameters are, as in xgboost.sklearn and lightgbm.sklearn: with the base, behind **kwargs; or nowhere.
XGBOOST = """
from sklearn.base import BaseEstimator, ClassifierMixin

class XGBModel(BaseEstimator):
    def __init__(self, max_depth=None, monotone_constraints=None, interaction_constraints=None, feature_types=None,
                 enable_categorical=False, random_state=None, n_jobs=None, verbosity=None, device=None, **kwargs):
        for name, value in {**locals(), **kwargs}.items():
            if name not in ("self", "kwargs", "__class__"):
                setattr(self, name, value)

    def get_params(self, deep=True):
        return dict(vars(self))

    def set_params(self, **values):
        vars(self).update(values)
        return self

    def fit(self, X, y):
        self.fitted_ = (X, y)
        return self

class XGBClassifier(ClassifierMixin, XGBModel):
    def __init__(self, *, objective="binary:logistic", **kwargs):
        super().__init__(**kwargs)
        self.objective = objective
"""
LIGHTGBM = """
from sklearn.base import BaseEstimator, RegressorMixin

class LGBMRegressor(RegressorMixin, BaseEstimator):
    def __init__(self, num_leaves=31, learning_rate=0.1, subsample=1.0, random_state=None, n_jobs=None, **kwargs):
        self.num_leaves, self.learning_rate, self.subsample = num_leaves, learning_rate, subsample
        self.random_state, self.n_jobs, self.others = random_state, n_jobs, {}
        self.set_params(**kwargs)

    def get_params(self, deep=True):
        return super().get_params(deep) | self.others

    def set_params(self, **values):
        for name, value in values.items():
            setattr(self, name, value)
            if name not in self._get_param_names():
                self.others[name] = value
        return self

    def fit(self, X, y, categorical_feature="auto"):
        self.categories_ = categorical_feature
        return self
"""
COLUMNS = (
    Column("colour", ColumnType.CATEGORICAL, ("blue", "red")),
    Column("age", ColumnType.NUMERIC),
    Column("size", ColumnType.NUMERIC),
)


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both packages, re-exported from their top as the real ones are."""
    for name, code, cls in (("xgboost", XGBOOST, "XGBClassifier"), ("lightgbm", LIGHTGBM, "LGBMRegressor")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sklearn.py").write_text(code, encoding="utf-8")
        (tmp_path / name / "__init__.py").write_text(f"from {name}.sklearn import {cls}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(ESTIMATOR_PREFIXES_VARIABLE, "lightgbm, xgboost")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in {"xgboost", "lightgbm"}]:
        del sys.modules[name]
    parameter_names.cache_clear()


def fitted(name: str, parameters: dict[str, Any], encode: str = "Native") -> Any:
    choices = {"numeric": {"impute": "Median", "scale": "None"}, "categorical": {"impute": "None", "encode": encode}}
    cell = Cell(0, 0, "", name, parameters, choices, threads=2)
    X = np.asfortranarray([[0.0, 1, 2], [1, 3, 4], [1, 5, 6], [0, 7, 8]])
    return cell.pipeline(COLUMNS, ("no", "yes"), names=False).fit(X, np.array([0, 1, 0, 1]))[-1]


@pytest.mark.parametrize("name", ["xgboost.XGBClassifier", "xgboost.sklearn.XGBClassifier", "lightgbm.LGBMRegressor"])
def test_a_class_can_be_named_where_its_package_shows_it_and_where_it_is_defined(name: str) -> None:
    cls = load_class(name)
    assert cls.__module__.endswith(".sklearn")
    assert takes_random_state(cls)


@pytest.mark.parametrize(
    ("name", "parameter", "words"),
    [
        ("xgboost.XGBClassifier", "max_depth", None),
        ("xgboost.XGBClassifier", "objective", None),
        ("xgboost.XGBClassifier", "rate_drop", None),  # only ever in **kwargs
        ("xgboost.XGBClassifier", "max_dept", "has no parameter .* did you mean max_depth"),
        ("xgboost.XGBClassifier", "seed", "did you mean random_state"),
        ("xgboost.XGBClassifier", "verbosity", "may not be set: a cell has nobody to talk to"),
        ("xgboost.XGBClassifier", "nthread", "may not be set: threads of a cell come from spec.execution.threads"),
        ("xgboost.XGBClassifier", "device", "may not be set: a cell computes on its own processor"),
        ("xgboost.XGBClassifier", "feature_types", "may not be set: write preprocessing.categorical.encode: Native"),
        ("lightgbm.LGBMRegressor", "num_leaves", None),
        ("lightgbm.LGBMRegressor", "extra_trees", None),
        ("lightgbm.LGBMRegressor", "eta", "did you mean learning_rate"),
        ("lightgbm.LGBMRegressor", "bagging_fraction", "did you mean subsample"),
        ("lightgbm.LGBMRegressor", "forcedsplits_filename", "has no parameter"),
        ("lightgbm.LGBMRegressor", "machines", "has no parameter"),
    ],
)
def test_what_kwargs_take_is_known_and_nothing_else_is_passed_over(
    name: str, parameter: str, words: str | None
) -> None:
    problems = unknown_parameters(load_class(name), [parameter])
    assert problems == [] if words is None else re.search(words, "".join(problems))


def test_threads_are_those_of_the_cell_and_standard_output_stays_empty() -> None:
    assert fitted("xgboost.XGBClassifier", {}).get_params()["n_jobs"] == 2
    assert fitted("lightgbm.LGBMRegressor", {}).get_params()["verbosity"] == -1
    assert fixed_values(load_class("sklearn.ensemble.RandomForestClassifier"), 2) == {}


def test_xgboost_is_told_of_columns_in_its_own_spelling() -> None:
    told = {"monotone_constraints": {"age": 1}, "interaction_constraints": [["age", "colour"]]}
    found = fitted("xgboost.XGBClassifier", told).get_params()
    assert found["monotone_constraints"] == (1, 0, 0)
    assert found["interaction_constraints"] == "[[0, 2]]"
    assert (found["feature_types"], found["enable_categorical"]) == (["q", "q", "c"], True)


def test_lightgbm_is_told_of_columns_in_its_own_spelling() -> None:
    found = fitted("lightgbm.LGBMRegressor", {"monotone_constraints": {"size": -1}})
    assert found.get_params()["monotone_constraints"] == [0, -1, 0]
    assert found.categories_ == [2]
    assert fitted("lightgbm.LGBMRegressor", {}, "OneHot").categories_ == "auto"
