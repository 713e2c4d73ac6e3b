"""Which cells one fit serves: an entry for each kind of estimator, with the reason why it is exact.

What has no entry here is fitted cell by cell. Each entry is proven by tests/unit/trainer/test_sharing_rules.py, which
compares every response of a cut model with that of a model fitted alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Parameters = Mapping[str, Any]

#: Of scikit-learn, for which the entries are proven. With another the first cut of every fit is compared again.
PROVEN = frozenset({"1.9.1"})


@dataclass(frozen=True)
class Cut:
    """A model that was not fitted itself."""

    model: Any
    charged: float  #: of the seconds of the fit that it was cut from


@dataclass(frozen=True)
class Rule:
    """What one fit serves."""

    axes: tuple[str, ...]  #: parameters in which the cells may differ that it serves
    why: str  #: why it is exact
    exact: Callable[[Parameters], bool]  #: the condition under which it is, on all parameters of a cell
    length: Callable[[Parameters], float]  #: the longest of its cells is fitted
    cut: Callable[[Any, Parameters], Cut | None]  #: model of the longest, parameters of another; None: fit that alone


def rule_of(estimator: str) -> Rule | None:
    """Return the entry of an estimator by its full name, None where it has none."""
    return _RULES.get(estimator)


def estimators() -> tuple[str, ...]:
    """Return the full names of all estimators that have an entry."""
    return tuple(_RULES)


def _copied(model: Any, values: Mapping[str, Any]) -> Any:
    """Return a model with some attributes changed; all others are the other's own.

    A method among them would answer for the other: early stopping by a metric leaves one in its place.
    """
    made = object.__new__(type(model))
    kept = {name: value for name, value in model.__dict__.items() if getattr(value, "__self__", None) is not model}
    made.__dict__.update(kept | dict(values))
    return made


def _whole(parameters: Parameters, axis: str) -> bool:
    value = parameters.get(axis)
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _reproducible(parameters: Parameters) -> bool:
    """Tell whether a fit starts anew, from a seed, in one thread, and looks at no row that only some members left out.

    Scores of the rows left out (oob_score) change no prediction, but they warn of members that are too few.
    """
    seed = parameters.get("random_state")
    return (
        isinstance(seed, int)
        and parameters.get("n_jobs") is None
        and not parameters.get("warm_start")
        and not parameters.get("oob_score")
    )


def _prefix(axis: str, members: str, *beside: str, count: str | None = None, why: str) -> Rule:
    """Return the entry of an ensemble whose first n members are those of a fit with n.

    `beside` are lists with an entry for each member; `count` is the attribute with the number of members.
    """

    def cut(model: Any, parameters: Parameters) -> Cut | None:
        every = getattr(model, members, None)
        if every is None or not len(every):
            return None
        first = parameters[axis]
        values = {name: getattr(model, name)[:first] for name in (members, *beside) if hasattr(model, name)}
        if count is not None:
            values[count] = min(first, len(every))
        return Cut(_copied(model, {**values, axis: first}), len(values[members]) / len(every))

    return Rule(
        (axis,),
        why,
        lambda parameters: _whole(parameters, axis) and _reproducible(parameters),
        lambda parameters: float(parameters[axis]),
        cut,
    )


def _neighbors(parameters: Parameters) -> bool:
    return _whole(parameters, "n_neighbors") and parameters.get("weights") in ("uniform", "distance")


def _cut_neighbors(model: Any, parameters: Parameters) -> Cut | None:
    """Return the model with the other parameters, unless the fit chooses its algorithm by their number."""
    half = model.n_samples_fit_ // 2
    if model.algorithm == "auto" and (model.n_neighbors >= half) != (parameters["n_neighbors"] >= half):
        return None
    return Cut(_copied(model, {axis: parameters[axis] for axis in ("n_neighbors", "weights")}), 1.0)


_FOREST = _prefix(
    "n_estimators",
    "estimators_",
    why="The seeds of the trees are drawn one after the other, and a tree knows of no other.",
)
_BAGGING = _prefix(
    "n_estimators",
    "estimators_",
    "estimators_features_",
    why="The seeds of the members are drawn one after the other, and a member knows of no other.",
)
_ADABOOST = _prefix(
    "n_estimators",
    "estimators_",
    "estimator_weights_",
    "estimator_errors_",
    why="A member is fitted on weights that come from those before it.",
)
_GRADIENT = _prefix(
    "n_estimators",
    "estimators_",
    "train_score_",
    count="n_estimators_",
    why="A stage is fitted on what those before it have left; early stopping looks back, too.",
)
_HISTOGRAM = _prefix(
    "max_iter",
    "_predictors",
    why="A stage is fitted on what those before it have left; early stopping looks back, too.",
)
_NEIGHBORS = Rule(
    ("n_neighbors", "weights"),
    "A fit keeps the rows, in a tree or as they are; these parameters are read when it predicts.",
    _neighbors,
    lambda parameters: float(parameters["n_neighbors"]),
    _cut_neighbors,
)

_KINDS = ("Classifier", "Regressor")
_RULES: Mapping[str, Rule] = {
    f"sklearn.{family}{kind}": rule
    for family, rule in (
        ("ensemble.RandomForest", _FOREST),
        ("ensemble.ExtraTrees", _FOREST),
        ("ensemble.Bagging", _BAGGING),
        ("ensemble.AdaBoost", _ADABOOST),
        ("ensemble.GradientBoosting", _GRADIENT),
        ("ensemble.HistGradientBoosting", _HISTOGRAM),
        ("neighbors.KNeighbors", _NEIGHBORS),
    )
    for kind in _KINDS
}
