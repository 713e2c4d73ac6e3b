"""A search as scikit-learn's users write it, as a TrainingJob, or all that a TrainingJob cannot say of it."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import KFold, RepeatedKFold, RepeatedStratifiedKFold, StratifiedKFold
from sklearn.utils import get_tags

from gridfold.api.known_estimators import ESTIMATORS, full_name_advice
from gridfold.api.v1alpha1 import API_VERSION, KIND, METRICS
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold_notebook.values import spelled

#: Columns go to the estimator as they are, as in scikit-learn.
NOTHING = {"numeric": {"impute": "None", "scale": "None"}}
#: What cv_results_ calls the only metric.
ONE = "score"

_SHUFFLED = {KFold: "KFold", StratifiedKFold: "Stratified"}
_REPEATED = {RepeatedKFold: "KFold", RepeatedStratifiedKFold: "Stratified"}


def estimator_of(estimator: Any, problems: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return spec.estimator of an estimator: its class, and parameters that are not the class's defaults.

    The second part are parameters that are None, which a job can say in its grid alone.
    """
    kind = type(estimator)
    full_name = ESTIMATORS.get(kind.__name__)
    if full_name is None or not kind.__module__.startswith("sklearn."):
        advice = full_name_advice(kind.__name__) if kind.__module__.startswith("sklearn.") else ""
        problems.append(
            f"estimator is a {kind.__name__}; expected a classifier or regressor of scikit-learn itself, alone or at "
            f"the end of a Pipeline{f' ({advice})' if advice else ''}"
        )
        return {}, {}
    if get_tags(estimator).input_tags.pairwise:
        problems.append(f"{estimator!r} takes distances between rows, which a job cannot divide; expected features")
    parameters: dict[str, Any] = {}
    nones: dict[str, Any] = {}
    defaults = inspect.signature(kind).parameters
    for name, value in estimator.get_params(deep=False).items():
        if _same(value, defaults[name].default):
            continue
        if value is None:
            nones[name] = None
            continue
        try:
            parameters[name] = spelled(value)
        except ValueError as error:
            problems.append(f"estimator has {name}={value!r}: {error}")
    return {"className": full_name, "parameters": parameters}, nones


def folds_of(cv: Any, seed: int, problems: list[str]) -> dict[str, Any]:
    """Return spec.crossValidation of a number of folds, or of a splitter that a job has, too."""
    if cv is None or isinstance(cv, int | np.integer):
        return {"folds": 5 if cv is None else int(cv), "seed": seed}
    if type(cv) in _REPEATED:
        return _drawn(cv, _REPEATED[type(cv)], cv.cvargs["n_splits"], cv.n_repeats, problems)
    if type(cv) in _SHUFFLED and cv.shuffle:
        return _drawn(cv, _SHUFFLED[type(cv)], cv.n_splits, 1, problems)
    problems.append(
        f"cv is {cv!r}; expected a number of folds, or KFold or StratifiedKFold with shuffle=True, RepeatedKFold or "
        "RepeatedStratifiedKFold, each with a random_state: a job draws its folds by a seed from rows that it chooses"
    )
    return {}


def _drawn(cv: Any, method: str, folds: int, repeats: int, problems: list[str]) -> dict[str, Any]:
    seed = cv.random_state
    if not isinstance(seed, int | np.integer):
        problems.append(f"cv has random_state={seed!r}; expected a whole number: every process draws the folds again")
        return {}
    return {"method": method, "folds": int(folds), "repeats": int(repeats), "seed": int(seed)}


def processes_of(n_jobs: Any, problems: list[str]) -> dict[str, Any]:
    """Return spec.execution of n_jobs; None and -1 are as many as there are processors."""
    if n_jobs is None or n_jobs == -1:
        return {}
    if isinstance(n_jobs, int | np.integer) and n_jobs > 0:
        return {"parallelism": int(n_jobs)}
    problems.append(f"n_jobs is {n_jobs!r}; expected a whole number above 0, or None or -1 for all processors")
    return {}


def metrics_of(scoring: Any, *, classifier: bool, problems: list[str]) -> dict[str, str]:
    """Return the metrics by the names that cv_results_ has for them; "score" alone where there is one."""
    if isinstance(scoring, list | tuple | set):
        return {str(name): _metric(name, problems) for name in scoring}
    if isinstance(scoring, Mapping):
        return {str(name): _metric(scorer, problems) for name, scorer in scoring.items()}
    return {ONE: _metric(scoring if scoring is not None else "accuracy" if classifier else "r2", problems)}


def _metric(scorer: Any, problems: list[str]) -> str:
    """Return the name of a metric, or of scikit-learn's scorer that computes it."""
    if isinstance(scorer, str):
        return scorer
    for name in get_scorer_names():
        if name in METRICS and repr(get_scorer(name)) == repr(scorer):
            return str(name)
    problems.append(
        f"scoring has {scorer!r}; expected the name of a metric, or a scorer of scikit-learn that has one: a job "
        "measures in other processes, which do not have your function"
    )
    return ""


def objective_of(refit: Any, metrics: Mapping[str, str], problems: list[str]) -> str:
    """Return the metric that decides."""
    if list(metrics) == [ONE]:
        if refit is not True and refit != metrics[ONE]:
            problems.append(f"refit is {refit!r}; expected True: a job chooses by the metric and fits its winner again")
        return metrics[ONE]
    if not isinstance(refit, str) or refit not in metrics:
        problems.append(
            f"refit is {refit!r}; for multi-metric scoring, the parameter refit must be set to a scorer key: which of "
            f"{', '.join(metrics)} decides"
        )
        return ""
    return metrics[refit]


def checked(spec: Mapping[str, Any], problems: list[str], metadata: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the TrainingJob.

    Raises:
        ValueError: with all problems, those before and those that the job itself has.
    """
    job = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": dict(metadata or {"name": "grid-search"}),
        "spec": dict(spec),
    }
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
