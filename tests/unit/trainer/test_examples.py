"""Every example that brings its data is prepared without a warning, and each of its cells has scores."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from gridfold.api.handoff import Outcome, PreparedRun, PrepareReport, StageInput
from gridfold.domain.grid import cell_count, format_ranges
from gridfold_cli.reading.documents import load_training_job
from gridfold_trainer import cell, prepare
from tests.unit.trainer.data_jobs import context

EXAMPLES = Path(__file__).parents[3] / "examples"
#: Name: rows, columns, cells, best score at least.
JOBS = {
    "wine": (178, 13, 9, 0.95),
    "diabetes": (442, 10, 8, 0.4),
    "digits": (1797, 64, 6, 0.98),
    "machines": (442, 3, 4, 0.8),
    "flats": (400, 4, 4, -70.0),
    "demand": (730, 3, 8, -60.0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that make_data.py lays out."""
    folder = tmp_path_factory.mktemp("examples")
    found: Any = importlib.util.spec_from_file_location("make_data", EXAMPLES / "make_data.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    module.main(folder)
    return folder


def prepared(folder: Path, name: str) -> tuple[StageInput, PrepareReport]:
    """Prepare the data of an example; return the input of its cells, and what prepare has found."""
    spec = load_training_job(folder / f"{name}.yaml").spec
    job = StageInput(namespace="default", name=name, run_digest="0" * 64, spec=spec)
    report = prepare.run(job, context(folder))
    run = PreparedRun(
        digest=report.digest,
        environment=report.environment,
        resolved=report.resolved,
        split_digest=report.dataset.split_digest,
    )
    return job.model_copy(update={"prepared": run, "cells": format_ranges(range(cell_count(spec.search)))}), report


@pytest.mark.parametrize("name", sorted(JOBS))
def test_an_example_runs(folder: Path, name: str) -> None:
    rows, columns, cells, least = JOBS[name]
    job, report = prepared(folder, name)
    assert (report.dataset.rows, report.dataset.columns, report.total) == (rows, columns, cells)
    assert report.warnings == []
    where = replace(context(folder), scratch=folder / "scratch")
    with threadpool_limits(1):  # as the job's execution.threads says
        ends = [cell.run(job, index, where) for index in range(cells)]
    assert {end.outcome for end in ends} == {Outcome.SUCCEEDED}
    objective = report.resolved.objective or ""
    assert max(end.scores[objective][0] or 0 for end in ends) > least


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        ("wine", {"average": "Macro", "objective": "f1"}),
        ("diabetes", {"cross_validation": "KFold", "objective": "r2"}),
        ("machines", {"split": "Grouped", "cross_validation": "StratifiedGrouped", "positive_class": "yes"}),
        ("demand", {"split": "TimeOrdered", "cross_validation": "TimeSeries"}),
    ],
)
def test_an_example_shows_what_it_says(folder: Path, name: str, resolved: dict[str, str]) -> None:
    found = prepared(folder, name)[1].resolved
    assert {field: getattr(found, field) for field in resolved} == resolved


def test_the_readme_names_every_example_and_those_that_bring_data_are_tried_here() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    named = re.findall(r"^\| \[(\S+)\.yaml\]\(\1\.yaml\) \|", readme, re.MULTILINE)
    assert sorted(named) == sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
    assert set(JOBS) == set(named) - {"demo", "minimal", "adult-income"}
