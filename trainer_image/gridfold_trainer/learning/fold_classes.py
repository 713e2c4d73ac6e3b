"""Folds and parts in which a class is absent: what cannot be fitted or measured there, and what helps."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidation, CrossValidationMethod
from gridfold.api.validation import show
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.learning.cross_validation import make_cv, make_splits
from gridfold_trainer.learning.findings import Findings, capital, named_folds
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer

Pair = tuple[np.ndarray, np.ndarray]
Label = Any

#: Of RepeatedKFold and its like no more are looked at: each costs a pass over the rows.
MOST_SPLITS = 200
_TWO = 2
#: Tried when another seed is looked for.
_SEEDS = 20
_FEWER_FOLDS = 20
#: scikit-learn's that raise in fit where all rows are of one class (a test fits every allowed classifier so).
NEED_TWO_CLASSES = frozenset(
    {
        "CalibratedClassifierCV",
        "GaussianProcessClassifier",
        "GradientBoostingClassifier",
        "LinearSVC",
        "LogisticRegression",
        "LogisticRegressionCV",
        "NearestCentroid",
        "NuSVC",
        "PassiveAggressiveClassifier",
        "Perceptron",
        "QuadraticDiscriminantAnalysis",
        "SGDClassifier",
        "SVC",
    }
)
_STRATIFIED_TWIN = {
    CrossValidationMethod.K_FOLD: CrossValidationMethod.STRATIFIED,
    CrossValidationMethod.GROUPED: CrossValidationMethod.STRATIFIED_GROUPED,
}


@dataclass(frozen=True)
class Folding:
    """The training part and how it is divided."""

    y: np.ndarray  #: (rows,), codes of classes, or numbers
    classes: Sequence[Label] | None
    cross_validation: CrossValidation
    resolved: Resolved
    scorer: Scorer
    estimator: type
    orders: Orders = field(default_factory=Orders)  #: of these rows

    @property
    def total(self) -> int:
        """Return how many folds are fitted."""
        return self.cross_validation.folds * self.cross_validation.repeats

    def splits(self) -> list[Pair]:
        """Return the folds, of many repeats the first."""
        if self.total <= MOST_SPLITS:
            return make_splits(self.y, self.cross_validation, self.resolved, self.orders)
        cv = make_cv(self.cross_validation, self.resolved)  # repeated: KFold and Stratified, which read no orders
        return list(islice(cv.split(np.zeros(len(self.y)), self.y), MOST_SPLITS))

    @property
    def needs_two_classes(self) -> bool:
        """Tell whether the estimator refuses rows of one class."""
        return any(base.__name__ in NEED_TWO_CLASSES for base in self.estimator.__mro__)


def check_folds(folding: Folding, splits: Sequence[Pair]) -> Findings:
    """Return which folds cannot be fitted or measured for want of a class, or of rows."""
    found = Findings()
    alone = _one_class(folding, splits)
    if alone and folding.needs_two_classes:
        found.problems.append(
            f"spec.crossValidation: {_fitted_on_one(folding, splits, alone)}, and {folding.estimator.__name__} "
            f"cannot be fitted on one class; {_advice(folding)}."
        )
        return found
    if alone:
        found.warnings.append(
            f"{capital(_fitted_on_one(folding, splits, alone))}: a model that knows one class always answers it. "
            f"{capital(_advice(folding))}."
        )
    lost = _unmeasured(folding, splits)
    for metric, folds in lost.items():
        where = f"{metric} has no value on {named_folds(folds, folding.total)}{_why(folding, splits[folds[0]])}"
        objective = metric == folding.resolved.objective
        if objective and len(lost) == len(folding.scorer.metrics):
            found.problems.append(
                f"spec.scoring.objective: {where}, so that no cell would have a score; {_advice(folding)}, "
                f"or another objective."
            )
        elif objective:  # the others are measured: GridSearchCV, too, gives a table without a winner
            found.warnings.append(
                f"Choose another spec.scoring.objective, or no cell can win: {where}. {capital(_advice(folding))}."
            )
        else:
            found.warnings.append(f"{where}, so that no cell has a mean of it. {capital(_advice(folding))}.")
    return found


def unmeasured_metrics(scorer: Scorer, y_fit: np.ndarray, y_part: np.ndarray) -> list[str]:
    """Return the metrics that have no value on a part, whatever a model answers that was fitted on other rows."""
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.pipeline import Pipeline

    guess = DummyClassifier(strategy="stratified", random_state=0) if scorer.classes else DummyRegressor()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        guess.fit(np.zeros((len(y_fit), 1)), y_fit)
        pipeline = Pipeline([("estimator", guess)])
        measured = scorer.measure(y_part, Responses(pipeline, np.zeros((len(y_part), 1))))
    return list(measured.problems)


def _one_class(folding: Folding, splits: Sequence[Pair]) -> list[int]:
    """Return the folds that are fitted on one class."""
    if folding.classes is None:
        return []
    return [number for number, (train, _) in enumerate(splits) if _only_code(folding.y[train]) is not None]


def _only_code(y: np.ndarray) -> int | None:
    return int(y[0]) if len(y) and bool((y == y[0]).all()) else None


def only_class(y: np.ndarray, classes: Sequence[Label] | None) -> Label | None:
    """Return the class that all rows have, None where they have several or are numbers."""
    code = None if classes is None else _only_code(y)
    return None if code is None or classes is None else classes[code]


def _fitted_on_one(folding: Folding, splits: Sequence[Pair], alone: Sequence[int]) -> str:
    train = splits[alone[0]][0]
    rows = f"{len(train)} rows" if len(alone) == 1 else "rows"
    verb = "is" if len(alone) == 1 else "are"
    label = show(only_class(folding.y[train], folding.classes))
    return f"{named_folds(alone, folding.total)} {verb} fitted on {rows} that are all of the class {label}"


def _unmeasured(folding: Folding, splits: Sequence[Pair]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number in _suspicious(folding, splits):
        train, test = splits[number]
        # What a model that knows one class says of the other differs from estimator to estimator: only the rows that
        # it is measured on can tell then.
        known = folding.y[train] if _only_code(folding.y[train]) is None else folding.y
        for metric in unmeasured_metrics(folding.scorer, known, folding.y[test]):
            found.setdefault(metric, []).append(number)
    return found


def _suspicious(folding: Folding, splits: Sequence[Pair]) -> Iterator[int]:
    """Yield the folds that lack a class on a side, or of numbers have a single row to be measured on."""
    if folding.classes is None:
        yield from (number for number, (_, test) in enumerate(splits) if len(test) < _TWO)
        return
    if folding.resolved.cross_validation == CrossValidationMethod.STRATIFIED:
        return  # every class has a row for every fold: cross_validation.check has seen to it
    count = len(folding.classes)
    whole = np.bincount(folding.y, minlength=count) > 0
    for number, pair in enumerate(splits):
        if any((whole & (np.bincount(folding.y[side], minlength=count) == 0)).any() for side in pair):
            yield number


def _why(folding: Folding, split: Pair) -> str:
    """Return what is special about the rows that a fold is measured on."""
    train, test = split
    one = only_class(folding.y[test], folding.classes)
    if one is not None:
        return f", whose {len(test)} test rows are all of the class {show(one)}"
    if folding.classes is None:
        return f", which has {len(test)} test row{'' if len(test) == 1 else 's'}"
    unseen = sorted(set(np.unique(folding.y[test])) - set(np.unique(folding.y[train])))
    if unseen:
        return f", which is measured on the class {show(folding.classes[int(unseen[0])])} without being fitted on it"
    return ", in which a class is absent"


def _advice(folding: Folding) -> str:
    """Return the smallest change of the folds that was tried and helps; else what may."""
    for words, other in _alternatives(folding):
        try:
            tried = other.splits()
        except ValueError:
            continue
        if not _one_class(other, tried) and other.resolved.objective not in _unmeasured(other, tried):
            return words
    if folding.resolved.cross_validation == CrossValidationMethod.TIME_SERIES and folding.classes is not None:
        first = int(np.argmax(folding.y != folding.y[0]))
        label = show(folding.classes[int(folding.y[0])])
        return (
            f"the first {first} of {len(folding.y)} training rows in the order of spec.dataset.timeColumn are all of "
            f"the class {label}: leave most of them out of the data, or use an estimator that can be fitted on one "
            f"class, such as sklearn.tree.DecisionTreeClassifier"
        )
    return "use more rows of the rare class, or an estimator that can be fitted on one class"


def _alternatives(folding: Folding) -> Iterator[tuple[str, Folding]]:
    given, method = folding.cross_validation, CrossValidationMethod(folding.resolved.cross_validation or "KFold")
    twin = _STRATIFIED_TWIN.get(method) if folding.classes is not None else None
    if twin is not None and _smallest(folding.y) >= given.folds:
        resolved = folding.resolved.model_copy(update={"cross_validation": twin.value})
        yield f"use spec.crossValidation.method: {twin}", replace(folding, resolved=resolved)
    if method not in {*_STRATIFIED_TWIN, *_STRATIFIED_TWIN.values(), CrossValidationMethod.TIME_SERIES}:
        return
    for folds in range(given.folds - 1, max(1, given.folds - 1 - _FEWER_FOLDS), -1):
        fewer = given.model_copy(update={"folds": folds})
        yield f"use spec.crossValidation.folds: {folds}", replace(folding, cross_validation=fewer)
    if method is not CrossValidationMethod.TIME_SERIES:
        for seed in (seed for seed in range(_SEEDS) if seed != given.seed):
            other = given.model_copy(update={"seed": seed})
            yield f"use spec.crossValidation.seed: {seed}", replace(folding, cross_validation=other)


def _smallest(y: np.ndarray) -> int:
    return int(np.unique(y, return_counts=True)[1].min())
