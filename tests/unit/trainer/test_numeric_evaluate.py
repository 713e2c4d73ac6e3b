"""Cross-validation of a list of pipelines: what fits and scores see, and how failures become values."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import cross_validate
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import InvalidParameterError

from gridfold.api.handoff import Outcome
from gridfold.api.v1alpha1 import Average
from gridfold_trainer.learning.evaluate import Evaluation, Splits
from gridfold_trainer.learning.scorers import Scorer
from gridfold_trainer.learning.sharing.plan import Described
from gridfold_trainer.learning.sharing.together import Candidate, Task, evaluate_together
from gridfold_trainer.learning.training import TrainingRows
from tests.unit.trainer.numeric_jobs import small_data

SCORER = Scorer(("accuracy", "f1"), Average.BINARY, 1, 2)


class Recorder(ClassifierMixin, BaseEstimator):
    """A classifier that calls a hook with what it is given, and predicts one class."""

    calls: ClassVar[list[tuple[str, np.ndarray]]] = []

    def __init__(self, hook: Callable[[int, np.ndarray], None] | None = None) -> None:
        self.hook = hook

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Recorder":
        fits = sum(call == "fit" for call, _ in self.calls)
        self.calls.append(("fit", X))
        if self.hook:
            self.hook(fits, X)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        self.calls.append(("predict", X))
        return np.ones(len(X), dtype=np.int64)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    Recorder.calls.clear()


def run(*hooks: Callable[[int, np.ndarray], None] | None, folds: int = 3) -> list[Evaluation]:
    data = small_data(60)
    training = TrainingRows.of(data, np.arange(59, -1, -1))
    rows = np.arange(60)
    splits = [(rows[rows % folds != fold], rows[rows % folds == fold]) for fold in range(folds)]
    return evaluate([Pipeline([("estimator", Recorder(hook))]) for hook in hooks], training, splits)


def evaluate(pipelines: list[Pipeline], training: TrainingRows, splits: Splits) -> list[Evaluation]:
    """Return the evaluation of each pipeline; several have the same preparation."""
    cells = [Candidate(Described("tests.Recorder", {}, "none"), pipeline) for pipeline in pipelines]
    found = dict(evaluate_together(cells, Task(training, splits, SCORER)))
    return [found[number] for number in range(len(cells))]


def raising(make: Callable[[int], Exception], when: Callable[[int], bool] = lambda _: True) -> Any:
    def hook(number: int, X: np.ndarray) -> None:
        if when(number):
            raise make(number)

    return hook


def test_every_fit_and_every_prediction_gets_its_rows_in_fortran_order() -> None:
    (evaluation,) = run(None)
    assert evaluation.outcome is Outcome.SUCCEEDED
    assert [call for call, _ in Recorder.calls] == ["fit", "predict"] * 3
    assert all(X.flags.f_contiguous and not X.flags.c_contiguous for _, X in Recorder.calls)


def test_all_metrics_of_a_fold_are_served_by_one_prediction() -> None:
    (evaluation,) = run(None)
    assert [set(scores) for scores in evaluation.scores] == [{"accuracy", "f1"}] * 3
    assert sum(call == "predict" for call, _ in Recorder.calls) == 3


def test_an_estimator_that_writes_into_its_rows_does_not_harm_the_next_cell() -> None:
    def spoil(_: int, X: np.ndarray) -> None:
        X[:] = 0.0

    run(None)
    clean = [X.copy() for _, X in Recorder.calls]
    Recorder.calls.clear()
    run(spoil, None)
    seen = [X for _, X in Recorder.calls][len(clean) :]
    assert all(np.array_equal(X, expected, equal_nan=True) for X, expected in zip(seen, clean, strict=True))


def test_each_fold_is_fitted_anew_as_in_cross_validate() -> None:
    data, rows = small_data(80), np.arange(80)
    X, y = np.asfortranarray(np.nan_to_num(data.X)), data.y
    splits = [(rows[rows % 4 != fold], rows[rows % 4 == fold]) for fold in range(4)]
    warm = SGDClassifier(max_iter=1, tol=None, warm_start=True, random_state=0)  # goes on from the fold before, if let
    training = TrainingRows(X, y, data.columns, data.classes, 1)
    (evaluation,) = evaluate([Pipeline([("estimator", warm)])], training, splits)
    theirs = cross_validate(warm, X, y, cv=splits, scoring="accuracy")["test_score"].tolist()
    assert [fold["accuracy"] for fold in evaluation.scores if fold] == theirs
    for train, _ in splits:
        warm.fit(X[train], y[train])
    last = splits[-1][1]
    assert warm.score(X[last], y[last]) != theirs[-1]  # so it would be seen


# Where cells share their preparation, a fit that raises is repeated alone, for the words of its own traceback.
def test_a_fit_that_raises_in_one_fold_fails_the_cell_and_spares_the_others() -> None:
    broken, sound = run(raising(lambda _: RuntimeError("bad\nluck"), lambda number: number in {1, 2}), None)
    assert (broken.outcome, sound.outcome) == (Outcome.FAILED, Outcome.SUCCEEDED)
    assert [scores is None for scores in broken.scores] == [False, True, False]
    assert [seconds is None for seconds in broken.fit_seconds] == [False, True, False]
    assert broken.message.startswith("1 of 3 fits failed: RuntimeError: bad luck\n")


def test_the_same_value_error_in_all_folds_is_infeasible_even_if_its_numbers_differ() -> None:
    (evaluation,) = run(raising(lambda number: ValueError(f"only {number + 10} rows")))
    assert evaluation.outcome is Outcome.INFEASIBLE
    assert evaluation.message == "only 10 rows"


@pytest.mark.parametrize(
    "hook",
    [
        raising(lambda number: ValueError("abc"[number])),
        raising(lambda number: ValueError("same") if number else UnicodeError("same")),
        raising(lambda _: ValueError("same"), lambda number: number > 0),
        raising(lambda _: KeyError("same")),
        raising(lambda _: OSError("disk")),
        raising(lambda _: RecursionError("deep")),
    ],
)
def test_any_other_failure_is_a_failure(hook: Any) -> None:
    (evaluation,) = run(hook)
    assert evaluation.outcome is Outcome.FAILED


def test_after_an_invalid_parameter_no_other_fold_is_fitted() -> None:
    (evaluation,) = run(raising(lambda _: InvalidParameterError("C must be positive")))
    assert evaluation.outcome is Outcome.INFEASIBLE
    assert (evaluation.message, len(evaluation.scores)) == ("C must be positive", 3)
    assert len(Recorder.calls) == 1


def test_a_memory_error_is_no_property_of_the_cell() -> None:
    with pytest.raises(MemoryError, match="too large"):
        run(raising(lambda _: MemoryError("too large")))


def test_scores_of_which_none_is_finite_fail_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scorer, "counted", lambda *_: {"accuracy": float("inf"), "f1": float("nan")})
    (evaluation,) = run(None)
    assert evaluation.outcome is Outcome.FAILED
    assert "the score of accuracy is not a finite number" in evaluation.message


def test_a_metric_without_a_value_spares_the_others_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scorer, "counted", lambda *_: {"accuracy": 1.0, "f1": float("nan")})
    (evaluation,) = run(None)
    assert evaluation.outcome is Outcome.SUCCEEDED
    assert evaluation.scores == [{"accuracy": 1.0, "f1": None}] * 3
    assert evaluation.message == (
        "f1 has no value on 3 of 3 splits: ArithmeticError: the score of f1 is not a finite number"
    )


def test_a_huge_message_is_cut() -> None:
    (evaluation,) = run(raising(lambda number: RuntimeError(f"{number}" + "x" * 100_000)))
    assert len(evaluation.message) < 8192


def test_warnings_are_kept_once_each_and_no_more_than_ten() -> None:
    def warn(number: int, X: np.ndarray) -> None:
        for kind in range(20):
            warnings.warn(f"kind {kind}", UserWarning, stacklevel=1)

    (evaluation,) = run(warn)
    assert evaluation.outcome is Outcome.SUCCEEDED
    assert evaluation.warnings == [f"UserWarning: kind {kind}" for kind in range(10)]


# ── on the rows of the fits ──────────────────────────────────────────────────────────────────────────────────────────


class Particular(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answers all rows but those named, writes into its own, and warns."""

    def __init__(self, refused: float = 0.0) -> None:
        self.refused = refused

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Particular":
        self.seen_, self.classes_ = X.copy(), np.unique(y)
        self.labels_ = y.copy()
        X[:] = -1.0
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        warnings.warn("so many rows", stacklevel=1)
        if len(X) == self.refused:
            raise RuntimeError("not these")
        same = len(X) == len(self.seen_) and np.array_equal(X, self.seen_, equal_nan=True)
        return self.labels_ if same else np.zeros(len(X), dtype=np.int64)


@pytest.mark.parametrize("count", [1, 2], ids=["alone", "together"])
@pytest.mark.parametrize("held_back_only", [True, False])
def test_a_fit_is_scored_on_its_own_rows_as_they_were_also_where_others_have_no_score(
    count: int, held_back_only: bool
) -> None:
    data, rows = small_data(60), np.arange(60)
    training = TrainingRows.of(data, rows)
    splits = [(rows[rows % 4 != fold], rows[rows % 4 == fold]) for fold in range(4)]
    pipeline = Pipeline([("estimator", Particular(15 if held_back_only else 45))])
    cells = [Candidate(Described("tests.Particular", {}, "none"), pipeline)] * count
    found = dict(evaluate_together(cells, Task(training, splits, replace(SCORER, train=True))))
    for evaluation in found.values():
        known = dict.fromkeys(SCORER.metrics, 1.0 if held_back_only else None)
        assert evaluation.train_scores == [known] * 4
        assert evaluation.outcome is (Outcome.FAILED if held_back_only else Outcome.SUCCEEDED)
        assert evaluation.warnings == ["UserWarning: so many rows"]
    assert dict(evaluate_together(cells, Task(training, splits, SCORER)))[0].train_scores == [None] * 4


def test_no_room_on_the_rows_of_a_fit_is_no_property_of_the_cell() -> None:
    class Large(Particular):
        def predict(self, X: np.ndarray) -> np.ndarray:
            if len(X) == len(self.seen_):
                raise MemoryError
            return super().predict(X)

    data, rows = small_data(60), np.arange(60)
    cell = Candidate(Described("tests.Large", {}, "none"), Pipeline([("estimator", Large())]))
    task = Task(TrainingRows.of(data, rows), [(rows[:40], rows[40:])], replace(SCORER, train=True))
    with pytest.raises(MemoryError):
        dict(evaluate_together([cell], task))
