"""Estimators beside scikit-learn's: classes of the packages that the platform allows (trainer.estimatorPrefixes)."""

import importlib
import importlib.metadata
import os
import sys
from types import ModuleType

from gridfold.api.estimator_names import is_below, parse_prefixes
from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE
from gridfold.api.validation import show
from gridfold_trainer.advice import here
from gridfold_trainer.errors import EstimatorNotAllowedError
from gridfold_trainer.learning.light_imports import import_scikit_learn

_SHOWN = 10


def is_allowed(class_name: str) -> bool:
    """Tell whether the platform allows classes of this module."""
    return _prefix_of(class_name.rpartition(".")[0]) is not None


def load_class(class_name: str) -> type:
    """Return the estimator of that full name, which `is_allowed`.

    It is found among the classes of the module that it is named in; no name of a spec is ever looked up in one.

    Raises:
        EstimatorNotAllowedError: the module cannot be imported, or has no such classifier or regressor.
    """
    import_scikit_learn()
    module_name = class_name.rpartition(".")[0]
    found = {f"{module_name}.{cls.__name__}": cls for cls in _estimators(_import(module_name, class_name))}
    if class_name in found:
        return found[class_name]
    names = ", ".join(sorted(found)[:_SHOWN])
    raise EstimatorNotAllowedError(
        f"spec.estimator.className is {show(class_name)}, but {module_name} has no classifier or regressor of that "
        f"name; {f'it has {names}' if names else 'it has none at all'}."
    )


def version(class_name: str) -> tuple[str, str]:
    """Return name and version of the distribution that an allowed class comes from; every number depends on it.

    Raises:
        EstimatorNotAllowedError: it belongs to none, so a stored result could never be told from an outdated one.
    """
    package = class_name.partition(".")[0]
    names = importlib.metadata.packages_distributions().get(package, ())
    if not names:
        raise EstimatorNotAllowedError(
            f"spec.estimator.className is {show(class_name)}, but {package} belongs to no installed distribution, so "
            f"its version is not known and results could not be stored under it; install it {_into()} with pip."
        )
    return names[0], importlib.metadata.version(names[0])


def _into() -> str:
    """Return where a package is to be installed."""
    return here(cluster="into the trainer's image", laptop=f"into the environment of {sys.executable}")


def _prefix_of(module_name: str) -> str | None:
    prefixes = parse_prefixes(os.environ.get(ESTIMATOR_PREFIXES_VARIABLE, ""))
    return next((prefix for prefix in prefixes if is_below(module_name, prefix)), None)


def _import(module_name: str, class_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except Exception as error:  # whatever a module of the platform does when it is imported
        raise EstimatorNotAllowedError(
            f"spec.estimator.className is {show(class_name)}, but {module_name} cannot be imported in this trainer's "
            f"environment ({type(error).__name__}: {error}); correct the name, or install the package "
            f"{_into()}."
        ) from error


def _estimators(module: ModuleType) -> list[type]:
    """Return the classifiers and regressors of a module that the platform's packages define themselves."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and _prefix_of(value.__module__)
        and issubclass(value, BaseEstimator)
        and issubclass(value, ClassifierMixin | RegressorMixin)
    ]
