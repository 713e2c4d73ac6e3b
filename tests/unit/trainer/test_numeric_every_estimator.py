"""Every classifier and regressor of scikit-learn through a tiny job, or a written reason why it cannot be named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import Outcome
from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.data.prepared import Column, PreparedData
from gridfold_trainer.errors import EstimatorNotAllowedError
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, EXCLUDED, REGRESSORS, full_names
from gridfold_trainer.learning.estimators import is_classifier, load_class, takes_random_state
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome.model_file import load_model, save_model, trusted_types
from tests.unit.trainer.numeric_jobs import World, small_data

POSITIVE = {"preprocessing": {"numeric": {"scale": "MinMax"}}}
#: What an estimator needs to be quick, or to take these rows at all: parameters, more of the job.
NEEDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "CCA": ({"n_components": 1}, {}),
    "CategoricalNB": (
        {"min_categories": 3},
        {"data": "codes", "preprocessing": {"categorical": {"encode": "Ordinal"}}},
    ),
    "ComplementNB": ({}, POSITIVE),
    "GammaRegressor": ({}, {}),
    "IsotonicRegression": ({"out_of_bounds": "clip"}, {"data": "column"}),
    "MultinomialNB": ({}, POSITIVE),
    "NuSVC": ({"nu": 0.2}, {}),
    "PLSCanonical": ({"n_components": 1}, {}),
    "QuadraticDiscriminantAnalysis": ({"reg_param": 0.1}, {}),
    "RadiusNeighborsClassifier": ({"radius": {"float": 100}}, {}),
    "RadiusNeighborsRegressor": ({"radius": {"float": 100}}, {}),
    "TheilSenRegressor": ({"max_subpopulation": 50}, {}),
}
#: Fewer trees and iterations, where the estimator has the parameter.
QUICK = {"n_estimators": 3, "max_iter": 30, "n_restarts_optimizer": 0}
#: max_iter means another thing to these, or 30 are too few for them to have a result.
OWN_ITERATIONS = ("LinearSVC", "LinearSVR", "SVC", "SVR", "NuSVC", "NuSVR", "OrthogonalMatchingPursuitCV")


def rows_for(kind: str, *, classes: bool) -> PreparedData:
    """Return small data of two classes, or with a positive number to predict."""
    data = small_data()
    y = data.y if classes else 1.0 + np.abs(np.nan_to_num(data.X[:, 0])) + data.y
    columns, X = data.columns, data.X
    if kind == "codes":
        columns, X = (Column("colour", ColumnType.CATEGORICAL, ("blue", "green", "red")),), X[:, 1:2]
    if kind == "column":
        columns, X = columns[:1], X[:, :1]
    known = data.classes if classes else None
    return PreparedData("", np.asfortranarray(X), y, columns, known, data.positive if classes else None, "target")


def parameters_for(cls: Any) -> dict[str, Any]:
    names = cls._get_param_names()
    chosen = {name: value for name, value in QUICK.items() if name in names}
    if cls.__name__ in OWN_ITERATIONS:
        chosen.pop("max_iter", None)
    return {**chosen, **NEEDS.get(cls.__name__, ({}, {}))[0]}


@pytest.mark.filterwarnings("ignore")  # of scikit-learn: not converged, to be removed …
@pytest.mark.parametrize("name", sorted(full_names(CLASSIFIERS) | full_names(REGRESSORS)))
def test_it_is_fitted_scored_stored_and_read_back(name: str, tmp_path: Path) -> None:
    cls = load_class(name)
    more = dict(NEEDS.get(cls.__name__, ({}, {}))[1])
    data = rows_for(more.pop("data", ""), classes=is_classifier(cls))
    world = World(tmp_path, data)
    estimating = {"parameters": parameters_for(cls), **more}
    job = world.job([{}], name.removeprefix("sklearn."), estimating=estimating, crossValidation={"folds": 2})
    (report,) = world.run_cells(job)
    assert report.outcome is Outcome.SUCCEEDED, report.message
    assert (job.prepared is not None and job.prepared.resolved.random_state == 0) == takes_random_state(cls)

    rows = TrainingRows.of(data, np.arange(len(data.y)))
    model = make_cells(job, [0])[0].pipeline(data.columns, data.classes, names=False).fit(rows.X, rows.y)
    content = save_model(model)
    trusted = trusted_types(content)
    again = load_model(content, trusted)
    assert all(found.startswith(("numpy.", "sklearn.")) for found in trusted)
    assert np.array_equal(again.predict(rows.X), model.predict(rows.X))


@pytest.mark.parametrize("name", sorted(EXCLUDED))
def test_one_that_cannot_be_named_says_why_and_what_to_do(name: str) -> None:
    with pytest.raises(EstimatorNotAllowedError) as caught:
        load_class(name)
    assert f"{name}, which a job cannot name: " in str(caught.value).replace('"', "")
    assert EXCLUDED[name] in str(caught.value)


def test_the_documentation_has_every_excluded_estimator_with_its_reason() -> None:
    page = (Path(__file__).parents[3] / "docs" / "estimators.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` | {reason} |" in page for name, reason in EXCLUDED.items())
    assert page.count("| `sklearn.") == len(EXCLUDED)
