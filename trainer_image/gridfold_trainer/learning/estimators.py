"""Which estimators a job may name, and what their own rules say about its parameters. Nothing here fits."""

import difflib
import inspect
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gridfold.api.validation import REFUSED_PARAMETERS, show
from gridfold_trainer.errors import EstimatorNotAllowedError
from gridfold_trainer.learning import boosters, column_parameters, platform_estimators
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, EXCLUDED, REGRESSORS, full_names
from gridfold_trainer.learning.label_parameters import by_code, label_problems
from gridfold_trainer.learning.light_imports import import_scikit_learn

RANDOM_STATE = "random_state"
#: A parameter that nobody gives.
ABSENT = object()


def load_class(class_name: str) -> type:
    """Return the estimator of that full name; only its own subpackage is imported.

    Raises:
        EstimatorNotAllowedError: it is not a classifier or regressor of scikit-learn; the message names similar ones.
    """
    if class_name in EXCLUDED:
        raise EstimatorNotAllowedError(
            f"spec.estimator.className is {show(class_name)}, which a job cannot name: {EXCLUDED[class_name]}."
        )
    if platform_estimators.is_allowed(class_name):
        return platform_estimators.load_class(class_name)
    names = full_names(CLASSIFIERS) | full_names(REGRESSORS)
    for name in names:
        if name == class_name:
            package, _, short = name.rpartition(".")
            import_scikit_learn(package)
            found: type = getattr(sys.modules[package], short)
            return found
    raise EstimatorNotAllowedError(
        f"spec.estimator.className is {show(class_name)}, which is not the full name of a classifier or regressor of "
        f"scikit-learn; {_suggestion(class_name, names)}",
    )


def is_classifier(cls: type) -> bool:
    """Tell whether an allowed estimator predicts classes; the others predict numbers."""
    from sklearn.base import ClassifierMixin

    return issubclass(cls, ClassifierMixin)


def takes_random_state(cls: type) -> bool:
    """Tell whether the estimator has a random_state."""
    return RANDOM_STATE in _parameter_names(cls)


def unknown_parameters(cls: type, names: Iterable[str]) -> list[str]:
    """Return those of the names that the estimator does not have, each with a suggestion."""
    known = _parameter_names(cls)
    by_lower = {parameter.lower(): parameter for parameter in known}
    problems = []
    for name in names:
        reason = boosters.withheld(cls, name)
        if reason is not None:
            problems.append(f"{name} may not be set: {reason}.")
        elif name not in known:
            near = difflib.get_close_matches(name.lower(), by_lower, n=1)
            own = boosters.own_name(cls, name) or (by_lower[near[0]] if near else None)
            hint = f"did you mean {own}?" if own else f"it has {', '.join(sorted(known)) or 'none'}."
            problems.append(f"{cls.__name__} has no parameter {show(name)}; {hint}")
    return problems


def parameter_problem(cls: type, parameters: Mapping[str, Any], classes: Sequence[Any] | None = None) -> str | None:
    """Return why the estimator refuses these plain parameters, or None if it takes them.

    Only what shows before any data is seen; the rest shows in fit. Labels of class_weight are looked at only where
    the classes are given.
    """
    problems = [f"{name} may not be set: {why}." for name, why in REFUSED_PARAMETERS.items() if name in parameters]
    problems += unknown_parameters(cls, (name for name in parameters if name not in REFUSED_PARAMETERS))
    if RANDOM_STATE in parameters and parameters[RANDOM_STATE] is None:
        problems.append("random_state is null, so that no number could be found again; write a whole number.")
    problems += label_problems(cls, parameters, classes)
    return " ".join(problems) or _constraint_problem(cls, parameters, classes)


def ambiguous_number(cls: type, name: str, value: Any) -> str | None:
    """Return why a number as written in the spec has two meanings for the estimator, or None.

    JSON has one kind of number, and Kubernetes turns 1.0 into 1; max_features: 1 is one column, max_features: 1.0
    all of them. {int: 1} and {float: 1} are not ambiguous, so hand in the value before `plain_value`.
    """
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        return None
    as_int, as_float = _accepting(cls, name, int(value)), _accepting(cls, name, float(value))
    if not as_int or not as_float or as_int == as_float:
        return None
    return (
        f"{name} is {int(value)}, which {cls.__name__} reads in one way as a whole number and in another as a "
        f"fraction; write {{int: {int(value)}}} or {{float: {int(value)}}}."
    )


def same_value(cls: Any, name: str, *values: Any) -> bool:
    """Tell whether two values of a parameter, or none and one, mean the same.

    None given is the constructor's own default. 1 and 1.0 are the same where the estimator has one use for both, and so
    are a list and a tuple.
    """
    default = inspect.signature(cls.__init__).parameters.get(name)
    one, other = (default and default.default if value is ABSENT else value for value in values)
    one, other = (list(value) if isinstance(value, tuple) else value for value in (one, other))
    if type(one) is type(other):
        return bool(one == other)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return numbers and one == other and ambiguous_number(cls, name, one) is None


def declares(cls: type, name: str) -> bool:
    """Tell whether the estimator says itself what a parameter may be."""
    return not isinstance(_constraints(cls).get(name, ""), str)


def accepts(cls: type, name: str, value: Any) -> bool:
    """Tell whether the estimator's own constraint takes a value, a list as the tuple or list that it wants."""
    return bool(_accepting(cls, name, _sequence(cls, name, value)))


def constructor_values(cls: type, parameters: Mapping[str, Any], classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return plain parameters as the estimator's constructor wants them for a fit on codes.

    What names a class by its label names it by its code; a list becomes a tuple where it takes tuples but no lists.
    """
    values = {name: _sequence(cls, name, value) for name, value in parameters.items()}
    return by_code(cls, values, classes)


def build(cls: Any, values: Mapping[str, Any]) -> Any:
    """Return the unfitted estimator. What scikit-learn warns of here, such as its removal, it says again in fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls(**values)


def _suggestion(class_name: str, names: Iterable[str]) -> str:
    """Return what might have been meant: the same class elsewhere first, then similar spellings."""
    by_class = {name.rpartition(".")[2].lower(): name for name in sorted(names)}
    short = class_name.rpartition(".")[2].lower()
    near = [by_class[short]] if short in by_class else []
    near = near or [by_class[match] for match in difflib.get_close_matches(short, by_class, n=3)]
    return f"did you mean {' or '.join(near)}?" if near else "for example sklearn.linear_model.LogisticRegression"


def _parameter_names(cls: Any) -> list[str]:
    return list(boosters.parameter_names(cls))


def _constraint_problem(cls: Any, parameters: Mapping[str, Any], classes: Sequence[Any] | None) -> str | None:
    """Return the estimator's own message, with a hint where only the spelling of the number is wrong."""
    from sklearn.utils._param_validation import InvalidParameterError

    named = column_parameters.by_name(cls, parameters)  # these are translated when a fold is fitted
    parameters = {name: value for name, value in parameters.items() if name not in named}
    try:
        estimator = build(cls, constructor_values(cls, parameters, classes))
        if _constraints(cls):
            estimator._validate_params()
    except InvalidParameterError as error:
        return f"{error}{_float_hint(cls, parameters)}"
    except TypeError as error:  # a parameter without a default, such as `estimator` of a meta-estimator
        return f"{cls.__name__} cannot be built from plain values: {error}"
    return None


def _constraints(cls: Any) -> Mapping[str, Any]:
    """Return what scikit-learn's own estimators declare of their parameters; others need not, and raise in fit."""
    found: Mapping[str, Any] = getattr(cls, "_parameter_constraints", {})
    return found


def _float_hint(cls: type, parameters: Mapping[str, Any]) -> str:
    for name, value in parameters.items():
        plain_int = isinstance(value, int) and not isinstance(value, bool)
        if plain_int and not _accepting(cls, name, value) and _accepting(cls, name, float(value)):
            return f" If {value}.0 is meant, write {{float: {value}}}."
    return ""


def _sequence(cls: Any, name: str, value: Any) -> Any:
    """Return a list as a tuple where only a tuple is taken."""
    if isinstance(value, list) and not _accepting(cls, name, value) and _accepting(cls, name, tuple(value)):
        return tuple(value)
    return value


def _accepting(cls: Any, name: str, value: Any) -> frozenset[int]:
    """Return the numbers of those of the estimator's constraints on a parameter that a value satisfies."""
    from sklearn.utils._param_validation import make_constraint

    constraints = _constraints(cls).get(name, ())
    if isinstance(constraints, str):  # "no_validation"
        return frozenset()
    return frozenset(
        number for number, constraint in enumerate(constraints) if make_constraint(constraint).is_satisfied_by(value)
    )
