"""Folds side by side: the same numbers as one after the other, and processes that end as one would have ended."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from gridfold.api.handoff import StageInput
from gridfold_trainer import cell
from gridfold_trainer.cells import begun
from gridfold_trainer.learning.evaluate import Evaluation
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Rows
from gridfold_trainer.learning.sharing.plan import Described
from gridfold_trainer.learning.sharing.rules import rule_of
from gridfold_trainer.learning.sharing.side_by_side import evaluate_side_by_side
from gridfold_trainer.learning.sharing.together import Candidate, Task
from tests.unit.trainer.numeric_jobs import World, numbers
from tests.unit.trainer.sharing_cells import alone, candidate, task_of, told, training_rows


class Traced(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says which rows it is fitted on and by whom, and does what it is told on some of them."""

    trace: ClassVar[Path]

    def __init__(self, kind: str = "", on: int = -1) -> None:
        self.kind, self.on = kind, on

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Traced":
        split = self.folds().index(float(X.sum().round(6)))
        with self.trace.open("a") as file:
            file.write(f"{os.getpid()} {split}\n")
        if split == self.on and self.kind == "raises":
            raise ValueError("it does not converge")
        if split == self.on and self.kind == "memory":
            raise MemoryError
        if self.kind == "random":
            with self.trace.open("a") as file:
                file.write(f"drawn {np.random.randint(1 << 30)}\n")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.zeros(len(X), dtype=int)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    @classmethod
    def folds(cls) -> list[float]:
        task = task_of(training_rows(2))
        return [float(task.training.X[train].sum().round(6)) for train, _ in task.splits]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of OpenMP do not survive a fork: a cell's process forks before its split fit, this one has made some."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    Traced.trace = tmp_path / "trace"
    return Traced.trace


def traced(**parameters: Any) -> Candidate:
    made = Traced(**parameters)
    return Candidate(Described("tests.Traced", made.get_params(), "plain"), Pipeline([("estimator", made)]))


def fits(trace: Path) -> list[tuple[str, int]]:
    lines = [line.split() for line in trace.read_text().splitlines()]
    return sorted(((pid, int(split)) for pid, split in lines if pid != "drawn"), key=lambda fit: fit[1])


def side_by_side(cells: list[Candidate], task: Task, processes: int) -> list[Evaluation]:
    found = dict(evaluate_side_by_side(cells, task, processes))
    return [found[number] for number in range(len(cells))]


def families() -> Iterator[tuple[str, int, list[Candidate]]]:
    yield (
        "ensemble.RandomForestClassifier",
        3,
        [
            candidate("ensemble.RandomForestClassifier", {"n_estimators": number, "max_depth": depth})
            for number in (2, 4)
            for depth in (1, 3)
        ],
    )
    yield (
        "ensemble.HistGradientBoostingRegressor",
        0,
        [candidate("ensemble.HistGradientBoostingRegressor", {"max_iter": number}) for number in (5, 2)],
    )
    yield (
        "linear_model.LogisticRegression",
        2,
        [
            candidate("linear_model.LogisticRegression", {"C": 0.1, "max_iter": 1}),
            candidate("linear_model.LogisticRegression", {"C": -1.0}),
        ],
    )
    yield "svm.SVC without probabilities", 2, [candidate("svm.SVC", {"C": 1.0}, "plain")]


@pytest.mark.parametrize("processes", [2, 3, 8])
@pytest.mark.parametrize(
    ("classes", "cells"), [(c, cells) for _, c, cells in families()], ids=[name for name, *_ in families()]
)
def test_all_that_a_cell_has_is_what_it_has_alone(classes: int, cells: list[Candidate], processes: int) -> None:
    task = task_of(training_rows(classes))
    found = side_by_side(cells, task, processes)
    assert list(map(told, found)) == list(map(told, alone(cells, task)))


def test_each_split_is_fitted_once_and_by_as_many_processes_as_asked(trace: Path) -> None:
    side_by_side([traced()], task_of(training_rows(2)), 2)
    done = fits(trace)
    assert [split for _, split in done] == [0, 1, 2]
    assert done[0][0] == done[2][0] != done[1][0]
    assert str(os.getpid()) not in {pid for pid, _ in done}


def test_no_two_processes_draw_the_same_random_numbers(trace: Path) -> None:
    side_by_side([traced(kind="random")], task_of(training_rows(2)), 3)
    drawn = [line for line in trace.read_text().splitlines() if line.startswith("drawn")]
    assert len(set(drawn)) == 3


@pytest.mark.parametrize("on", [0, 1, 2])
def test_a_fit_that_fails_is_told_as_if_there_were_one_process(trace: Path, on: int) -> None:
    cells, task = [traced(kind="raises", on=on), traced()], task_of(training_rows(2))
    assert list(map(told, side_by_side(cells, task, 3))) == list(map(told, alone(cells, task)))


def test_a_lack_of_memory_is_passed_on_and_no_process_stays(trace: Path) -> None:
    with pytest.raises(MemoryError):
        side_by_side([traced(kind="memory", on=1)], task_of(training_rows(2)), 3)
    for pid, _ in fits(trace):
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_whoever_does_not_want_the_rest_leaves_no_process(trace: Path) -> None:
    found = evaluate_side_by_side([traced(), traced(on=2)], task_of(training_rows(2)), 3)
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert len(fits(trace)) == 3


def test_the_time_of_a_cell_begins_once_and_not_with_each_fold(tmp_path: Path) -> None:
    told_by = tmp_path / "begun"

    def begin() -> None:
        with told_by.open("a") as file:
            file.write(f"{os.getpid()}\n")

    side_by_side(
        [candidate("svm.SVC", {"C": 1.0}), candidate("svm.SVC", {"C": 2.0})], task_of(training_rows(2), begin=begin), 3
    )
    assert told_by.read_text().splitlines() == [str(os.getpid())] * 2


def test_the_time_begins_anew_for_a_cell_that_needs_a_fit_of_its_own(tmp_path: Path) -> None:
    told_by = tmp_path / "begun"

    def begin() -> None:
        with told_by.open("a") as file:
            file.write("begun\n")

    forest = "ensemble.RandomForestClassifier"
    cells = [candidate(forest, {"n_estimators": number}) for number in (2, 4, 8)]
    rule = rule_of(f"sklearn.{forest}")
    assert rule is not None
    useless = {f"sklearn.{forest}": replace(rule, cut=lambda *_: None)}
    side_by_side(cells, task_of(training_rows(2), begin=begin, rules=useless), 3)
    assert len(told_by.read_text().splitlines()) == 1 + 2 * 3, "one for all, one for each of two cells on each fold"


def test_who_listens_has_heard_the_same_of_each_split_wherever_it_was_computed() -> None:
    """Of two cells that share their preparation, of one that is alone, and of one whose second fit fails."""

    def hear(truth: np.ndarray, responses: Responses, own: Callable[[], Rows]) -> Any:
        return truth.tolist(), responses.predict().tolist(), len(own()[1]), responses.on(own()[0]).predict().tolist()

    task = task_of(training_rows(2))
    task.scorer = task.scorer.listening(hear)
    trees = [candidate("tree.DecisionTreeClassifier", {"max_depth": depth}) for depth in (1, 3)]
    for cells in (trees, trees[:1]):
        heard = [one.heard for one in side_by_side(cells, task, 3)]
        assert heard == [one.heard for one in side_by_side(cells, task, 1)] == [one.heard for one in alone(cells, task)]
        assert [len(split[1]) for split in heard[0]] == [30, 30, 30]
        for number, one in enumerate(cells):
            train, test = task.splits[0]
            fitted = one.pipeline.fit(task.training.X[train], task.training.y[train])
            assert heard[number][0][1] == fitted.predict(task.training.X[test]).tolist()
            assert heard[number][0][3] == fitted.predict(task.training.X[train]).tolist()


def test_nothing_is_heard_of_a_fit_that_fails(trace: Path) -> None:
    task = task_of(training_rows(2))
    task.scorer = task.scorer.listening(lambda *_: "heard")
    (found,) = side_by_side([traced(kind="raises", on=1)], task, 3)
    assert found.heard == ["heard", None, "heard"]


def test_folds_are_kept_in_their_order_until_the_last() -> None:
    kept: list[tuple[int, int]] = []
    task = task_of(training_rows(2), keep=lambda number, found: kept.append((number, len(found.scores))))
    side_by_side([candidate("svm.SVC", {"C": 1.0}), candidate("svm.SVC", {"C": 2.0})], task, 3)
    assert kept == [(0, 1), (0, 2), (1, 1), (1, 2)]


# ── the stage ────────────────────────────────────────────────────────────────────────────────────────────────────────


def job_of(world: World, folds: int, cells: str = "0;", **more: Any) -> StageInput:
    return world.job(crossValidation={"folds": 5}, execution={"parallelFolds": folds}, **more).model_copy(
        update={"cells": cells}
    )


def test_a_cell_has_the_same_key_and_result_however_many_folds_run_at_once(tmp_path: Path) -> None:
    found = []
    for folds in (1, 3):
        world = World(tmp_path / str(folds))
        job = job_of(world, folds, "0-2;")
        cell.run(job, 0, world.context)
        found.append([numbers(world.result(job, number)) for number in range(3)])
    assert found[0] == found[1]


def test_a_cell_that_was_begun_is_gone_on_with_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begun, "BETWEEN_SECONDS", 0.0)
    monkeypatch.setattr(begun, "MOST_OF_TIME", 1e9)
    world, whole = World(tmp_path / "begun"), World(tmp_path / "whole")
    job = job_of(world, 3)
    kept: list[int] = []
    real = begun.Beginnings.keep

    def keep(self: begun.Beginnings, key: str, recorded: Any, evaluation: Evaluation) -> None:
        real(self, key, recorded, evaluation)
        kept.append(len(evaluation.scores))
        if len(kept) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(begun.Beginnings, "keep", keep)
        with pytest.raises(KeyboardInterrupt):
            cell.run(job, 0, world.context)
    cell.run(job, 0, world.context)
    cell.run(job_of(whole, 1), 0, whole.context)
    assert kept == [1, 2]
    assert numbers(world.result(job)) == numbers(whole.result(job))


ENDS = """
import os, signal, sys
from tests.unit.trainer.sharing_cells import candidate, task_of, training_rows
from gridfold_trainer.learning.sharing.side_by_side import evaluate_side_by_side
from sklearn.svm import SVC
def fit(self, X, y):
    {end}
SVC.fit = fit
list(evaluate_side_by_side([candidate("svm.SVC", {{"C": 1.0}})], task_of(training_rows(2)), 3))
print("went on")
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os._exit(7)", 7),
        ("os._exit(0)", 1),
    ],
)
def test_a_process_that_is_ended_from_within_a_fit_ends_as_if_it_had_made_the_fit_itself(end: str, code: int) -> None:
    program = textwrap.dedent(ENDS.format(end=end))
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, timeout=120)
    assert (done.returncode, done.stdout) == (code, b"")


THREADS = """
from tests.unit.trainer.sharing_cells import alone, candidate, task_of, told, training_rows
from gridfold_trainer.learning.sharing.side_by_side import evaluate_side_by_side
cells = [candidate("ensemble.HistGradientBoostingClassifier", {"max_iter": 3})]
task = task_of(training_rows(2))
found = dict(evaluate_side_by_side(cells, task, 2))
assert list(map(told, found.values())) == list(map(told, alone(cells, task)))
print("equal")
"""


def test_folds_run_side_by_side_with_threads_of_their_own() -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], check=False, capture_output=True, timeout=120, env=environment
    )
    assert (done.returncode, done.stdout) == (0, b"equal\n"), done.stderr.decode()
