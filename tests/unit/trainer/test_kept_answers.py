"""Refit does not compute what a process of the same run has just computed on this machine, and trusts nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from gridfold.api.handoff import StageInput
from gridfold_trainer import cell, refit
from gridfold_trainer.cells import kept_answers
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.kept_answers import BestAnswers
from gridfold_trainer.cells.results import load_result, result_uri
from gridfold_trainer.errors import CacheMismatchError
from gridfold_trainer.storage.sealed import seal
from tests.unit.trainer.numeric_jobs import CACHE, World

FOLDS, LAST_FITS = 5, 2


@pytest.fixture(autouse=True)
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listen for as long as it takes: on so few rows, one moment in which the machine does other work is 2 %."""
    monkeypatch.setattr(kept_answers, "MOST_OF_TIME", float("inf"))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Give the number of rows of each fit."""
    found: list[int] = []
    real: Callable[..., Any] = DecisionTreeClassifier.fit

    def fit(tree: Any, X: Any, y: Any, **more: Any) -> Any:
        found.append(len(y))
        return real(tree, X, y, **more)

    monkeypatch.setattr(DecisionTreeClassifier, "fit", fit)
    yield found


def job_of(world: World, **spec: Any) -> StageInput:
    spec = {"crossValidation": {"folds": FOLDS}, **spec}
    return world.job([{"max_depth": [1, 2, 3]}], "tree.DecisionTreeClassifier", **spec).model_copy(
        update={"cells": "0-2;"}
    )


def files(world: World) -> list[Path]:
    return [*world.context.scratch.glob("answers/*")]


def run_of(world: World) -> dict[str, Any]:
    (folder,) = (world.folder / "out/runs").iterdir()
    status = json.loads((folder / "status.json").read_text())
    return {
        "status": {**status, "files": None, "summary": None},
        "plots": json.loads((folder / "plots.json").read_text()),
    }


def test_refit_makes_the_last_two_fits_alone_and_writes_what_it_writes_when_it_makes_all(
    tmp_path: Path, fits: list[int]
) -> None:
    here, pod = World(tmp_path / "here"), World(tmp_path / "pod")
    found = []
    for world in (here, pod):
        job = job_of(world)
        cell.run(job, 0, world.context)
        fits.clear()
        context = world.context if world is here else replace(world.context, base_folder=None)
        refit.run(job, context)
        found.append(len(fits))
    assert found == [LAST_FITS, FOLDS + LAST_FITS]
    one, two = run_of(here), run_of(pod)
    different = {name for name in one["status"] if one["status"][name] != two["status"][name]}
    assert different <= {"selection"}, "which tells the fastest of equal cells, by the clock"
    assert one["plots"] == two["plots"]


def test_of_the_cells_of_a_process_the_best_is_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    job = job_of(world)
    cell.run(job, 0, world.context)
    refit.run(job, world.context)
    best = run_of(world)["status"]["best"]["cell"]
    assert [path.stem for path in files(world)] == [make_cells(job, [best])[0].key]


def test_nothing_is_kept_in_a_pod(tmp_path: Path) -> None:
    world = World(tmp_path)
    cell.run(job_of(world), 0, replace(world.context, base_folder=None))
    assert files(world) == []


@pytest.mark.parametrize("spoil", [b"", b"PK\x03\x04 and no more"])
def test_a_damaged_file_is_as_none(tmp_path: Path, fits: list[int], spoil: bytes) -> None:
    world = World(tmp_path)
    job = job_of(world)
    cell.run(job, 0, world.context)
    for path in files(world):
        path.write_bytes(spoil)
    fits.clear()
    refit.run(job, world.context)
    assert len(fits) == FOLDS + LAST_FITS


def test_a_result_that_somebody_has_changed_since_is_found(tmp_path: Path) -> None:
    world = World(tmp_path)
    job = job_of(world)
    cell.run(job, 0, world.context)
    for one in make_cells(job, range(3)):
        result = load_result(world.context, CACHE, one.key)
        assert result is not None
        better = {metric: [1.0] * FOLDS for metric in result.scores}
        world.context.store.put(result_uri(CACHE, one.key), seal(result.model_copy(update={"scores": better})))
    with pytest.raises(CacheMismatchError):
        refit.run(job, world.context)


def test_a_result_of_another_run_is_checked(tmp_path: Path, fits: list[int]) -> None:
    world = World(tmp_path)
    job = job_of(world)
    cell.run(job, 0, world.context)
    (tmp_path / "next").mkdir()
    later = replace(world.context, scratch=tmp_path / "next")
    fits.clear()
    cell.run(job, 0, later)
    assert fits == []
    refit.run(job, later)
    assert len(fits) == FOLDS + LAST_FITS


def test_a_learning_curve_needs_the_fits_themselves(tmp_path: Path, fits: list[int]) -> None:
    world = World(tmp_path)
    job = job_of(world, learningCurve={"fractions": [50, 100]})
    cell.run(job, 0, world.context)
    fits.clear()
    refit.run(job, world.context)
    assert len(fits) == 2 * FOLDS + LAST_FITS


def test_who_listens_stops_where_that_takes_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "MOST_OF_TIME", 0.02)
    world, now = World(tmp_path), [0.0]

    class Slow:
        classes_ = np.array([0, 1])

        def predict(self) -> np.ndarray:
            now[0] += 1.0
            return np.array([0, 1])

    best = BestAnswers(world.context, "f1", None, lambda: now[0])
    now[0] = 40.0
    heard = [best.hear(np.array([0, 1]), Slow(), None) for _ in range(3)]  # type: ignore[arg-type]
    assert [fold is not None for fold in heard] == [True, False, False]
    now[0] += 100
    assert best.hear(np.array([0, 1]), Slow(), None) is not None  # type: ignore[arg-type]


def test_what_would_take_much_room_is_not_listened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    best = BestAnswers(World(tmp_path).context, "f1", 1)
    monkeypatch.setattr(kept_answers, "MOST_BYTES", 24_000)
    assert best.listens(10, 100) and not best.listens(11, 100)
