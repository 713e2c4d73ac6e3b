"""What a cell has on its splits, and one split of a cell. A fit that fails is a value, never an exception."""

import re
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from gridfold.api.handoff import Outcome
from gridfold_trainer.learning.plain_messages import plain_message
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Rows, Scorer, Scores, Values

TRACEBACK_LINES = 10
LINE_CHARACTERS = 256
WARNINGS_KEPT = 10

Splits = Sequence[tuple[np.ndarray, np.ndarray]]
Warned = Sequence[warnings.WarningMessage]


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
    scores: list[Values | None] = field(default_factory=list)
    fit_seconds: list[float | None] = field(default_factory=list)
    score_seconds: list[float | None] = field(default_factory=list)
    errors: list[FitError] = field(default_factory=list)
    unmeasured: dict[str, list[str]] = field(default_factory=dict)  #: metric: why, of each split on which it has none
    warnings: list[str] = field(default_factory=list)

    shared: tuple[str, ...] = ()  #: what of its work served other cells, too
    train_scores: list[Values | None] = field(default_factory=list)  #: where the scorer wants any
    heard: list[Any] = field(default_factory=list)  #: what a listener has made of each split; it is kept nowhere

    def add_scores(
        self, scores: Scores, fit_seconds: float, score_seconds: float, train: Values | None = None, heard: Any = None
    ) -> None:
        """Add the numbers of a split, those on the rows of its fit, and what a listener has made of it."""
        self.scores.append(scores.values)
        self.train_scores.append(train)
        self.fit_seconds.append(fit_seconds)
        self.score_seconds.append(score_seconds)
        self.heard.append(heard)
        for metric, cause in scores.problems.items():
            self.unmeasured.setdefault(metric, []).append(plain_message(cause, self.classes))

    def add_failure(self, error: FitError, train: Values | None = None) -> None:
        """Add a split that has no numbers, or those alone on the rows of its fit."""
        self.errors.append(error)
        self.scores.append(None)
        self.train_scores.append(train)
        self.fit_seconds.append(None)
        self.score_seconds.append(None)
        self.heard.append(None)

    def add_warnings(self, caught: Warned) -> None:
        """Add what was warned of, once each."""
        for warning in caught:
            text = f"{warning.category.__name__}: {plain_message(str(warning.message), self.classes)}"[:LINE_CHARACTERS]
            if text not in self.warnings and len(self.warnings) < WARNINGS_KEPT:
                self.warnings.append(text)

    def extend(self, split: "Evaluation") -> None:
        """Add the splits of another evaluation of the same cell, as if they had come after its own."""
        if self.refused:
            self.add_failure(self.errors[0])
            return
        self.scores += split.scores
        self.train_scores += split.train_scores
        self.fit_seconds += split.fit_seconds
        self.score_seconds += split.score_seconds
        self.heard += split.heard
        self.errors += split.errors
        for metric, causes in split.unmeasured.items():
            self.unmeasured.setdefault(metric, []).extend(causes)
        self.warnings += [text for text in split.warnings if text not in self.warnings]
        del self.warnings[WARNINGS_KEPT:]
        self.shared = tuple(dict.fromkeys((*self.shared, *split.shared)))

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


def add_split(
    evaluation: Evaluation,
    pipeline: Any,
    own: Callable[[], Rows],
    test: Rows,
    scorer: Scorer,
) -> None:
    """Add a split to a cell's evaluation: one fit of a clone of its pipeline, and its scores.

    `own` gives the rows to fit on, each time anew: a fit may write into them.
    """
    fitted: Any = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted, fit_seconds = _fit(pipeline, own())
            asked, transform_seconds = timed(lambda: Responses(fitted, test[0]))
            scores, score_seconds = timed(lambda: scorer.scores(test[1], asked))
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # an estimator may raise anything; it is the cell's result
            asks = scorer.train and fitted is not None
            known = scorer.train_scores(partial(Responses, fitted), own) if asks else None
            evaluation.add_failure(fit_error(error, evaluation.classes), known)
        else:
            known = scorer.train_scores(asked.on, own) if scorer.train else None
            heard = scorer.heard(test[1], asked, own) if scorer.heard else None
            evaluation.add_scores(scores, fit_seconds, transform_seconds + score_seconds, known, heard)
    evaluation.add_warnings(caught)


def _fit(pipeline: Any, rows: Rows) -> tuple[Any, float]:
    """Return a fitted clone and its seconds; the rows are left alone when it returns."""
    from sklearn.base import clone

    return timed(lambda: clone(pipeline).fit(*rows))
