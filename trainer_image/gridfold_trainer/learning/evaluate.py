"""Cross-validation of a list of cells over the same splits. A fit that fails is a value, never an exception."""

import re
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold.api.handoff import Outcome
from gridfold_trainer.learning.plain_messages import plain_message
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer, Scores
from gridfold_trainer.learning.training import TrainingRows

TRACEBACK_LINES = 10
LINE_CHARACTERS = 256
WARNINGS_KEPT = 10

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class FitError:
    """Why a cell has no scores on a split."""

    kind: str  #: name of the exception's class
    message: str
    text: str  #: the last lines of the traceback
    refused: bool  #: the estimator does not accept its parameters at all
    value_error: bool


@dataclass
class Evaluation:
    """A cell's numbers, one entry per split; None where there is none."""

    classes: Sequence[Any] | None = None  #: labels by code, for messages
    scores: list[dict[str, float | None] | None] = field(default_factory=list)
    fit_seconds: list[float | None] = field(default_factory=list)
    score_seconds: list[float | None] = field(default_factory=list)
    errors: list[FitError] = field(default_factory=list)
    unmeasured: dict[str, list[str]] = field(default_factory=dict)  #: metric: why, of each split on which it has none
    warnings: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Return infeasible where the combination itself is refused, failed where any split has no score."""
        if not self.errors:
            return Outcome.SUCCEEDED
        return Outcome.INFEASIBLE if self.refused or self._same_value_error else Outcome.FAILED

    @property
    def refused(self) -> bool:
        """Tell whether the estimator does not accept its parameters, so that further fits are pointless."""
        return any(error.refused for error in self.errors)

    @property
    def message(self) -> str:
        """Return why the cell lacks scores, "" if it has all."""
        if not self.errors:
            return "; ".join(
                f"{metric} has no value on {len(causes)} of {len(self.scores)} splits: {causes[0][:LINE_CHARACTERS]}"
                for metric, causes in self.unmeasured.items()
            )
        first = self.errors[0]
        if self.outcome == Outcome.INFEASIBLE:
            return first.message
        return f"{len(self.errors)} of {len(self.scores)} fits failed: {first.kind}: {first.message}\n{first.text}"

    @property
    def _same_value_error(self) -> bool:
        """Tell whether every split ended with the same ValueError; numbers in it, such as row counts, may differ."""
        whole = len(self.errors) == len(self.scores) and all(error.value_error for error in self.errors)
        return whole and len({(error.kind, re.sub(r"\d+", "#", error.message)) for error in self.errors}) == 1


def evaluate(pipelines: Sequence[Any], training: TrainingRows, splits: Splits, scorer: Scorer) -> list[Evaluation]:
    """Return the evaluation of each unfitted pipeline: per split one fit, one transform, each response once.

    Raises:
        MemoryError: passed on; more memory can help, so it is no property of the cell.
    """
    evaluations = [Evaluation(training.classes) for _ in pipelines]
    for train, test in splits:
        # A plain X[rows] is in C order, and many estimators then differ in the last bits.
        X_train, X_test = np.asfortranarray(training.X[train]), np.asfortranarray(training.X[test])
        y_train, y_test = training.y[train], training.y[test]
        for pipeline, evaluation in zip(pipelines, evaluations, strict=True):
            if evaluation.refused:
                _add_failure(evaluation, evaluation.errors[0])
                continue
            # An estimator that is told copy_X=False may write into its rows; the next cell needs them as they were.
            own = X_train.copy(order="F") if len(pipelines) > 1 and len(pipeline.steps) == 1 else X_train
            _add_split(evaluation, pipeline, (own, y_train), (X_test, y_test), scorer)
    return evaluations


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """Return what an action returns, and its seconds."""
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def fit_error(error: BaseException, classes: Sequence[Any] | None = None) -> FitError:
    """Return an exception of fit or predict, of a model of codes of these classes, as a value of bounded size."""
    from sklearn.utils._param_validation import InvalidParameterError

    lines = [line for line in "".join(traceback.format_exception(error)).splitlines() if line.strip(" ^~")]
    lines = [re.sub(r'File ".*/site-packages/', 'File "', line) for line in lines[-TRACEBACK_LINES:]]
    return FitError(
        kind=type(error).__name__,
        message=plain_message(str(error), classes)[: 4 * LINE_CHARACTERS],
        text="\n".join(line[:LINE_CHARACTERS] for line in lines),
        refused=isinstance(error, InvalidParameterError),
        value_error=isinstance(error, ValueError),
    )


def _add_split(
    evaluation: Evaluation,
    pipeline: Any,
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    scorer: Scorer,
) -> None:
    from sklearn.base import clone

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted, fit_seconds = timed(lambda: clone(pipeline).fit(*train))
            scores, score_seconds = timed(lambda: scorer.scores(test[1], Responses(fitted, test[0])))
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # an estimator may raise anything; it is the cell's result
            _add_failure(evaluation, fit_error(error, evaluation.classes))
        else:
            _add_scores(evaluation, scores)
            evaluation.fit_seconds.append(fit_seconds)
            evaluation.score_seconds.append(score_seconds)
    _add_warnings(evaluation, caught)


def _add_scores(evaluation: Evaluation, scores: Scores) -> None:
    evaluation.scores.append(scores.values)
    for metric, cause in scores.problems.items():
        evaluation.unmeasured.setdefault(metric, []).append(plain_message(cause, evaluation.classes))


def _add_failure(evaluation: Evaluation, error: FitError) -> None:
    evaluation.errors.append(error)
    evaluation.scores.append(None)
    evaluation.fit_seconds.append(None)
    evaluation.score_seconds.append(None)


def _add_warnings(evaluation: Evaluation, caught: Sequence[warnings.WarningMessage]) -> None:
    for warning in caught:
        text = f"{warning.category.__name__}: {plain_message(str(warning.message), evaluation.classes)}"[
            :LINE_CHARACTERS
        ]
        if text not in evaluation.warnings and len(evaluation.warnings) < WARNINGS_KEPT:
            evaluation.warnings.append(text)
