"""A search as scikit-learn's users write it, as a TrainingJob, or all that a TrainingJob cannot say of it."""

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gridfold.api.known_estimators import ESTIMATORS, full_name_advice
from gridfold.api.v1alpha1 import API_VERSION, KIND
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job

#: Columns go to the estimator as they are, as in scikit-learn.
NOTHING = {"numeric": {"impute": "None", "scale": "None"}}


class _CannotSayError(ValueError):
    pass


def estimator_of(estimator: Any, problems: list[str]) -> dict[str, Any]:
    """Return spec.estimator of an estimator: its class, and parameters that are not the class's defaults."""
    kind = type(estimator)
    full_name = ESTIMATORS.get(kind.__name__)
    if full_name is None or not kind.__module__.startswith("sklearn."):
        advice = full_name_advice(kind.__name__) if kind.__module__.startswith("sklearn.") else ""
        problems.append(
            f"estimator is a {kind.__name__}; expected a classifier or regressor of scikit-learn itself, without a "
            f"Pipeline around it: what comes before it is said by preprocessing=…{f' ({advice})' if advice else ''}"
        )
        return {}
    parameters: dict[str, Any] = {}
    defaults = inspect.signature(kind).parameters
    for name, value in estimator.get_params(deep=False).items():
        if _same(value, defaults[name].default):
            continue
        if value is None:
            problems.append(
                f"estimator has {name}=None, which a job says in its grid: add {name!r}: [None] to param_grid"
            )
            continue
        try:
            parameters[name] = spelled(value)
        except _CannotSayError as error:
            problems.append(f"estimator has {name}={value!r}: {error}")
    return {"className": full_name, "parameters": parameters}


def grid_of(param_grid: Any, problems: list[str]) -> list[dict[str, Any]]:
    """Return spec.search.grid of a param_grid: a dict of lists, or a list of such dicts."""
    grids = [param_grid] if isinstance(param_grid, Mapping) else param_grid
    if not isinstance(grids, Sequence) or not all(isinstance(grid, Mapping) for grid in grids):
        problems.append(
            f"param_grid is a {type(param_grid).__name__}; expected a dict of lists, or a list of such dicts"
        )
        return []
    found: list[dict[str, Any]] = []
    for grid in grids:
        found.append({})
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
                problems.append(f"param_grid has {name!r}: {values!r}; expected a list of values")
                continue
            try:
                found[-1][name] = [spelled(value) for value in values]
            except _CannotSayError as error:
                problems.append(f"param_grid has {name!r}: {error}")
    return found


def spelled(value: Any) -> Any:
    """Return a parameter's value as a job writes it, so that 1 stays a whole number and 1.0 does not become one."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return {"int": value}
    if isinstance(value, float) and math.isfinite(value):
        return {"float": int(value)} if value.is_integer() else value
    if isinstance(value, list | tuple):
        return [spelled(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): spelled(one) for key, one in value.items()}
    raise _CannotSayError(
        f"{value!r} is a {type(value).__name__}, which a job cannot say; expected finite numbers, texts, True, False, "
        "None, and lists or dicts of them"
    )


def checked(spec: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Return the TrainingJob.

    Raises:
        ValueError: with all problems, those before and those that the job itself has.
    """
    job = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "grid-search"}, "spec": dict(spec)}
    if not problems:
        try:
            parse_training_job(job)
        except InvalidTrainingJobError as error:
            problems = [str(problem) for problem in error.problems]
    if problems:
        raise ValueError("GridSearch cannot run this:\n" + "\n".join(f"- {problem}" for problem in problems))
    return job


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))
