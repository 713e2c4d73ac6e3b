"""Estimators beside scikit-learn's: those of packages that the platform allows, and nothing else in them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE
from gridfold_trainer.errors import EstimatorNotAllowedError
from gridfold_trainer.learning import environment
from gridfold_trainer.learning.estimators import ambiguous_number, is_classifier, load_class, parameter_problem
from tests.unit.trainer.platform_package import install


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package is installed, and allowed."""
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv(ESTIMATOR_PREFIXES_VARIABLE, "other_package, acme_models")
    yield tmp_path / "site"
    for name in [name for name in sys.modules if name.startswith("acme_models")]:
        del sys.modules[name]


def test_an_allowed_package_gives_its_classifiers_and_regressors() -> None:
    stump, mean = load_class("acme_models.Stump"), load_class("acme_models.Mean")
    assert (stump.__name__, is_classifier(stump)) == ("Stump", True)
    assert (mean.__name__, is_classifier(mean)) == ("Mean", False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "acme_models.SVC",
            "it has acme_models.Locked, acme_models.Mean, acme_models.Stump",
        ),  # scikit-learn's, only imported there
        ("acme_models.system", "no classifier or regressor of that name"),
        ("acme_models.os", "no classifier or regressor of that name"),
        ("acme_models.alias", "no classifier or regressor of that name"),
        ("acme_models.Scaler", "no classifier or regressor of that name"),
        ("acme_models.BaseEstimator", "no classifier or regressor of that name"),
        ("acme_models.os.system", "acme_models.os cannot be imported"),
        ("acme_models.broken.Stump", r"cannot be imported .* \(RuntimeError: no licence\)"),
        ("acme_models.missing.Stump", r"cannot be imported .* \(ModuleNotFoundError: "),
        ("other_package.Model", "other_package cannot be imported"),
        ("acme_models_other.Stump", "not the full name of a classifier or regressor of scikit-learn"),
        ("os.system", "not the full name of a classifier or regressor of scikit-learn"),
    ],
)
def test_nothing_else_in_it_or_beside_it_can_be_named(name: str, words: str) -> None:
    with pytest.raises(EstimatorNotAllowedError, match=words):
        load_class(name)


def test_without_the_setting_the_package_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ESTIMATOR_PREFIXES_VARIABLE)
    with pytest.raises(EstimatorNotAllowedError, match="scikit-learn"):
        load_class("acme_models.Stump")
    assert "acme_models" not in sys.modules


def test_rules_for_parameters_are_those_that_the_class_declares() -> None:
    stump, mean = load_class("acme_models.Stump"), load_class("acme_models.Mean")
    assert "criterion" in (parameter_problem(stump, {"criterion": "luck"}) or "")
    assert parameter_problem(mean, {"shift": "what it likes"}) is None
    assert ambiguous_number(mean, "shift", 1) is None
    assert "n_jobs may not be set" in (parameter_problem(mean, {"n_jobs": 2}) or "")
    assert "has no parameter" in (parameter_problem(mean, {"shfit": 2}) or "")


def test_the_version_of_its_distribution_is_part_of_the_environment(installed: Path) -> None:
    assert environment.versions("acme_models.Mean")["Acme-Models"] == "1.2"
    assert "Acme-Models" not in environment.versions("sklearn.svm.SVC")
    before = environment.digest("acme_models.Mean")
    assert before != environment.digest("sklearn.svm.SVC")
    install(installed, version="1.3")
    assert environment.digest("acme_models.Mean") != before


def test_a_package_without_a_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "loose", known=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "loose"), *(p for p in sys.path if p != str(tmp_path / "site"))])
    with pytest.raises(EstimatorNotAllowedError, match="belongs to no installed distribution"):
        environment.digest("acme_models.Mean")
