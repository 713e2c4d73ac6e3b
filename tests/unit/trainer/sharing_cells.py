"""Small data and cells for the tests of shared work."""

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from gridfold.api.v1alpha1 import Average
from gridfold_trainer.learning.evaluate import Evaluation
from gridfold_trainer.learning.scorers import Scorer
from gridfold_trainer.learning.sharing.plan import Described
from gridfold_trainer.learning.sharing.together import Candidate, Task, evaluate_together
from gridfold_trainer.learning.training import TrainingRows

ROWS, COLUMNS = 90, 5
PREPARATIONS = {"scaled": StandardScaler, "plain": None}


def training_rows(classes: int, seed: int = 0) -> TrainingRows:
    """Return rows of so many classes (0: numbers), which no estimator can tell apart without error."""
    random = np.random.default_rng(seed)
    X = np.asfortranarray(random.normal(size=(ROWS, COLUMNS)))
    signal = X[:, 0] + X[:, 1] ** 2 + random.normal(size=ROWS)
    if not classes:
        return TrainingRows(X, signal, (), None, None)
    y = np.searchsorted(np.quantile(signal, np.arange(1, classes) / classes), signal)
    return TrainingRows(X, y, (), tuple("abc"[:classes]), classes - 1)


def task_of(training: TrainingRows, **more: Any) -> Task:
    """Return a task of three splits, whose fits are scored on their own rows, too.

    Its metrics are of predictions and of probabilities.
    """
    count = len(training.classes or ())
    if not count:
        scorer = Scorer(("r2", "neg_mean_absolute_error"), Average.MACRO, 0, 0, train=True)
    else:
        metrics = ("accuracy", "f1", "neg_log_loss") if count > 2 else ("accuracy", "f1", "roc_auc")
        scorer = Scorer(metrics, Average.MACRO, count - 1, count, train=True)
    splits = list(KFold(3, shuffle=True, random_state=0).split(training.X))
    return Task(training, splits, scorer, **more)


def candidate(estimator: str, parameters: dict[str, Any], preparation: str = "scaled") -> Candidate:
    """Return a cell of an estimator of scikit-learn."""
    module, _, name = f"sklearn.{estimator}".rpartition(".")
    cls: Any = getattr(importlib.import_module(module), name)
    seed = {"random_state": 3} if "random_state" in cls().get_params() else {}
    made, before = cls(**seed, **parameters), PREPARATIONS[preparation]
    pipeline = Pipeline([*([("preprocessing", before())] if before else []), ("estimator", made)])
    return Candidate(Described(f"sklearn.{estimator}", made.get_params(deep=False), preparation), pipeline)


def together(cells: Sequence[Candidate], task: Task) -> list[Evaluation]:
    """Return the evaluations of cells that share what they can."""
    found = dict(evaluate_together(cells, task))
    return [found[number] for number in range(len(cells))]


def alone(cells: Iterable[Candidate], task: Task) -> list[Evaluation]:
    """Return the evaluations of cells of which none knows of another."""
    return [evaluation for cell in cells for evaluation in together([cell], replace(task))]


def told(evaluation: Evaluation) -> tuple[Any, ...]:
    """Return all of an evaluation that does not depend on the clock or on what was shared."""
    timed = [seconds is None for seconds in (*evaluation.fit_seconds, *evaluation.score_seconds)]
    return (
        evaluation.scores,
        evaluation.train_scores,
        evaluation.outcome,
        evaluation.message,
        evaluation.errors,
        evaluation.warnings,
        evaluation.unmeasured,
        timed,
    )
