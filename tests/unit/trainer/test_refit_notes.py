"""What a reader of the scores must know stands in status.json, in the report and in the model card."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import RefitReport
from gridfold_trainer import refit
from tests.unit.trainer.numeric_jobs import World, small_data

pytestmark = pytest.mark.usefixtures("frames")


def run(folder: Path, world: World, **spec: Any) -> tuple[RefitReport, dict[str, Any], str]:
    job = world.job(**spec)
    resolved = job.prepared.resolved.model_copy(update={"positive_class": "yes"}) if job.prepared else None
    job = job.model_copy(update={"prepared": job.prepared and job.prepared.model_copy(update={"resolved": resolved})})
    world.run_cells(job)
    report = refit.run(job, world.context)
    (run_folder,) = (folder / "out/runs").iterdir()
    return report, json.loads((run_folder / "status.json").read_bytes()), (run_folder / "model-card.md").read_text()


def test_a_winner_that_never_finds_the_rare_class_is_told_in_every_place(tmp_path: Path) -> None:
    data = small_data()
    y = (np.arange(len(data.y)) % 12 == 0).astype(np.int64)  # "yes" is rare, and the columns do not tell it
    report, status, card = run(tmp_path, World(tmp_path, replace(data, y=y)), grid=[{"max_depth": [1]}])
    told = (
        "precision, recall and f1 are 0 on every fold",
        'the winner is no better than always answering "no": on the validation part it is right for 15 of 18 rows',
    )
    for words in told:
        assert any(note.startswith(words) for note in status["notes"]), status["notes"]
        assert words in report.message
        assert words in card.replace("\\", "")
    assert status["headline"] is None


def test_columns_and_the_frequent_class_are_told_again_with_the_scores(tmp_path: Path) -> None:
    data = small_data()
    X = np.asfortranarray(data.X)
    y = (np.arange(len(data.y)) % 10 != 0).astype(np.int64)
    X[:, 0], X[:, 2] = np.arange(len(y)), y * 3
    report, status, _ = run(tmp_path, World(tmp_path, replace(data, X=X, y=y)), grid=[{"max_depth": [1, -1, -2]}])
    notes = "\n".join(status["notes"])
    assert 'Write dataset.positiveClass: "no" if that is what you look for: precision, recall and f1 are about' in notes
    assert 'Exclude it, unless it is meant: dataset.excludeColumns: ["size"]. The column size looks like a row' in notes
    assert 'dataset.excludeColumns: ["weight"]. The column weight looks like a copy of the target target' in notes
    assert "0 on every fold" not in notes
    assert report.message.startswith("2 of 3 cells are infeasible for one reason: The 'max_depth' parameter")
    assert "; Write dataset.positiveClass" in report.message


def test_many_infeasible_cells_come_first(tmp_path: Path) -> None:
    report, status, card = run(
        tmp_path, World(tmp_path), grid=[{"max_depth": [2, -1], "criterion": ["gini", "entropy"]}]
    )
    words = "2 of 4 cells are infeasible for one reason: The 'max_depth' parameter"
    assert status["headline"].startswith(words)
    assert report.message.startswith(words)
    assert words in card.replace("\\", "")
