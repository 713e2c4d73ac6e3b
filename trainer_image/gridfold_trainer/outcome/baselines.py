"""What the winner is compared with on its own folds, and what is never ranked: dummies, and the estimator's defaults.

The dummies are scikit-learn's, which look at no feature: all of their fits take milliseconds. The defaults are not
fitted for this: refit would fit the estimator once more for each fold, about as much as it does altogether. They are
told where they cost nothing: where a cell of the grid has them (`{}` among the grids adds it), or where another job
has computed them with the same cache.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gridfold.api.handoff import Outcome, StageInput
from gridfold.api.validation import show
from gridfold.domain.baselines import Baseline
from gridfold.domain.keys import CellKeys, cell_parameters, cell_preprocessing
from gridfold.domain.numbers.choosing import BEST
from gridfold.domain.numbers.judged import NONE, JudgedCell
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.cells.results import load_result
from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.evaluate import Splits
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer, Values, by_metric, make_scorer
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome.collect import Record, is_complete
from gridfold_trainer.storage.context import Context


def best_dummy(job: StageInput, record: Record, training: TrainingRows, splits: Splits) -> Baseline | None:
    """Return the dummy with the highest mean of the objective, the first of equal ones; None where none has a mean.

    Each is fitted and scored on the splits as `cross_validate` does it: `DummyClassifier` with the strategy prior and,
    of two classes, with the positive one as a constant (which finds all of its rows); `DummyRegressor` with the mean
    and with the median.
    """
    scorer = make_scorer(prepared_run(job).resolved, training.classes, training.positive)
    found = [Baseline(_scores(dummy, training, splits, scorer), answer) for answer, dummy in _dummies(training)]
    columns = [[NONE if one is None else one for one in dummy.scores[record.objective]] for dummy in found]
    best = BEST.of([JudgedCell({}, column) for column in columns])
    return None if best is None else found[best]


def defaults(job: StageInput, record: Record, context: Context) -> Baseline | None:
    """Return the estimator with what all cells have in common and its defaults, where its scores are known."""
    prepared = prepared_run(job)
    wanted = cell_parameters(job.spec, prepared, {}), cell_preprocessing(job.spec, {})
    cls: Any = estimators.load_class(job.spec.estimator.class_name)
    for row in record.rows:
        same = row.cell.preprocessing == wanted[1] and _same(cls, row.cell.parameters, wanted[0])
        if same and row.result and row.outcome is Outcome.SUCCEEDED:
            return Baseline(row.result.scores, cell=row.cell.index)
    stored = load_result(context, job.spec.cache_uri, CellKeys(job.spec, prepared).key({}))
    if stored is None or stored.outcome_for(record.objective) is not Outcome.SUCCEEDED:
        return None
    return Baseline(stored.scores) if is_complete(stored, record.metrics, record.splits, train=record.train) else None


def _dummies(training: TrainingRows) -> Iterator[tuple[str, Any]]:
    """Yield what each says of every row, and the unfitted dummy."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if training.classes is None:
        yield "the mean of the target", DummyRegressor(strategy="mean")
        yield "the median of the target", DummyRegressor(strategy="median")
        return
    commonest = int(np.bincount(training.y.astype(np.int64)).argmax())
    yield show(training.classes[commonest]), DummyClassifier(strategy="prior")
    if training.positive is not None and training.positive != commonest:
        answer = show(training.classes[training.positive])
        yield answer, DummyClassifier(strategy="constant", constant=training.positive)


def _scores(dummy: Any, training: TrainingRows, splits: Splits, scorer: Scorer) -> Mapping[str, Sequence[float | None]]:
    """Return the scores of a dummy by metric, one of each split, None where there is none."""
    from sklearn.base import clone

    scores: list[Values | None] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it never says cannot be measured, which is its nature
        for train, test in splits:
            try:
                fitted = clone(dummy).fit(training.X[train], training.y[train])
                answers = Responses.of_transformed(fitted, training.X[test])
                scores.append(scorer.measure(training.y[test], answers).values)
            except ValueError:  # the constant is no class of the fold
                scores.append(None)
    return by_metric(scores, scorer.metrics)


def _same(cls: Any, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether an estimator is the same with both, where a parameter that is absent has its default."""
    return all(
        estimators.same_value(cls, name, *(given.get(name, estimators.ABSENT) for given in (one, other)))
        for name in {*one, *other}
    )
