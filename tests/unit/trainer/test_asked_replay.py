"""A cell is computed again and compared with its stored result, digit by digit."""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.answers import ReplayAnswer
from gridfold.api.handoff import StageInput
from gridfold_trainer import refit
from gridfold_trainer.asked import replay
from gridfold_trainer.cells.results import CellResult, load
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import environment
from gridfold_trainer.outcome.current_run import NoResultsError
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world for finished runs; their last two fits are left out."""
    monkeypatch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {"f1": 0.5}, {"f1": 0.5}))
    return World(tmp_path)


def finished(world: World, **job: Any) -> StageInput:
    made = world.job(**job)
    world.run_cells(made)
    refit.run(made, world.context)
    return made.model_copy(update={"prepared": None, "cells": ""})  # as the command line knows it


def ask(world: World, job: StageInput, cell: int) -> ReplayAnswer:
    return replay.answer(argparse.Namespace(cell=cell), job, world.context)


def change(world: World, job: StageInput, cell: int, edit: Callable[[CellResult], CellResult]) -> None:
    """Store another result of a cell, whole and valid."""
    path = world.result_path(job, cell)
    result = load(path.read_bytes(), path.stem)
    assert result is not None
    path.write_bytes(edit(result).to_bytes())


def files(world: World) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (world.folder / "out").rglob("*") if path.is_file()}


def test_an_untouched_cell_is_equal_and_nothing_is_written(world: World) -> None:
    job = finished(world)
    before = files(world)
    answer = ask(world, job, 1)
    assert answer.differences == []
    assert (answer.outcomes, answer.surroundings) == (("succeeded", "succeeded"), {})
    assert (answer.parameters, answer.folds) == ({"max_depth": 2}, 5)
    assert "f1" in answer.metrics
    assert files(world) == before


def test_a_score_that_is_one_bit_off_is_named_with_its_fold(world: World) -> None:
    job = finished(world)
    made = world.job()
    off: list[float] = []

    def edit(result: CellResult) -> CellResult:
        folds = list(result.scores["f1"])
        assert folds[3] is not None
        off.extend([math.nextafter(folds[3], 0), folds[3]])
        folds[3] = off[0]
        return result.model_copy(update={"scores": {**result.scores, "f1": folds}})

    change(world, made, 2, edit)
    (found,) = ask(world, job, 2).differences
    assert (found.metric, found.fold, [found.stored, found.computed]) == ("f1", 3, off)


def test_a_training_score_that_differs_is_named(world: World) -> None:
    wanted = {"trainScores": True}
    job = finished(world, scoring=wanted)

    def edit(result: CellResult) -> CellResult:
        return result.model_copy(update={"train_scores": {**result.train_scores, "f1": [0.5] * 5}})

    assert "train_f1" in ask(world, job, 2).metrics
    change(world, world.job(scoring=wanted), 2, edit)
    differences = ask(world, job, 2).differences
    assert {found.metric for found in differences} == {"train_f1"} and len(differences) == 5


def test_what_is_recorded_and_differs_is_named(world: World) -> None:
    job = finished(world)

    def edit(result: CellResult) -> CellResult:
        blas = {**result.recorded.blas, "architecture": "Other"}
        return result.model_copy(update={"recorded": result.recorded.model_copy(update={"blas": blas})})

    change(world, world.job(), 0, edit)
    here = environment.blas()["architecture"]
    assert ask(world, job, 0).surroundings == {"BLAS architecture": ("Other", here)}


def test_the_run_of_other_versions_is_found_by_what_it_has_kept_of_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = environment.versions
    with monkeypatch.context() as patch:
        patch.setattr(environment, "versions", lambda name: {**versions(name), "scipy": "0.1"})
        job = finished(world)
    answer = ask(world, job, 0)
    assert answer.differences == []
    assert answer.surroundings["scipy"] == ("0.1", versions("")["scipy"])


def test_an_infeasible_cell_is_infeasible_again(world: World) -> None:
    job = finished(world, grid=[{"max_depth": [2, -1]}])
    answer = ask(world, job, 1)
    assert (answer.outcomes, answer.folds, answer.differences) == (("infeasible", "infeasible"), 0, [])


def test_an_edited_job_is_replayed_as_the_run_was(world: World) -> None:
    job = finished(world)
    document = json.loads(job.model_dump_json(by_alias=True))
    document["spec"]["search"]["grid"] = [{"max_depth": [9]}]
    answer = ask(world, StageInput.model_validate(document), 2)
    assert (answer.parameters, answer.differences) == ({"max_depth": 3}, [])


@pytest.mark.parametrize(
    ("cell", "words"),
    [(3, "has the cells 0 to 2; 3 is none of them"), (-1, "-1 is none"), (1, "of cell 1, is not there")],
)
def test_what_cannot_be_compared_is_told(world: World, cell: int, words: str) -> None:
    job = finished(world)
    world.result_path(world.job(), 1).write_bytes(b"{}")
    with pytest.raises(DataError, match=words):
        ask(world, job, cell)


def test_a_run_that_kept_no_spec_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = finished(world)
    found, content = replay.current_run(job, world.context)
    status = {name: value for name, value in found.status.items() if name != "spec"}
    old = found.model_copy(update={"status": status})
    monkeypatch.setattr(replay, "current_run", lambda *_: (old, content))
    with pytest.raises(NoResultsError, match="is of a Gridfold that kept less"):
        ask(world, job, 0)
