"""A process with several cells: one after the other, each stored and told at once, none taking others with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.handoff import (
    ESTIMATOR_PREFIXES_VARIABLE,
    CellReport,
    FailureReport,
    GroupReport,
    Outcome,
    StageInput,
    decode_report,
)
from gridfold_trainer import cell, kept_log, termination
from gridfold_trainer.cells.telling import tell
from gridfold_trainer.errors import DataError, StorageUnreachableError
from gridfold_trainer.learning import environment
from tests.unit.trainer.numeric_jobs import World
from tests.unit.trainer.platform_package import install
from tests.unit.trainer.test_data_command import run as run_process

SECONDS = 60
KILLED = FailureReport(reason="Killed", message="by a test")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("GRIDFOLD_TERMINATION_LOG", str(tmp_path / "message"))
    return World(tmp_path)


def in_one(job: StageInput, cells: str = "0-2;") -> StageInput:
    return job.model_copy(update={"cells": cells})


def said(world: World) -> GroupReport:
    report = decode_report((world.folder / "message").read_text())
    assert isinstance(report, GroupReport)
    return report


# ── the stage ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_group_computes_what_its_cells_would_have_computed_alone(world: World) -> None:
    job, begun = world.job(), []
    alone = {report.cell: report for report in world.run_cells(job)}
    paths = [world.result_path(job, number) for number in range(3)]
    for path in (paths[0], paths[2]):
        path.unlink()
    report = cell.run(in_one(job), 0, world.context, lambda: begun.append(list(world.folder.glob("message"))))
    assert isinstance(report, GroupReport)
    assert (report.ends, report.outcome, said(world).ends) == ("srs", Outcome.SUCCEEDED, "sr.")
    assert (begun[0], bool(begun[-1])) == ([], True), "what is there is told before the next begins"
    assert [path.exists() for path in paths] == [True] * 3
    told = {one.cell: one.model_copy(update={"fit_seconds": 0.0, "reused": False}) for one in report.cells}
    assert told == {number: one.model_copy(update={"fit_seconds": 0.0}) for number, one in alone.items()}


def test_a_completion_index_is_a_position_among_the_groups(world: World) -> None:
    job = in_one(world.job(), "0,2;1;")
    first, second = cell.run(job, 0, world.context), cell.run(job, 1, world.context)
    assert isinstance(first, GroupReport)
    assert isinstance(second, CellReport), "of one cell everything is told"
    assert (sorted(one.cell for one in first.cells), second.cell) == ([0, 2], 1)


@pytest.mark.parametrize("cells", ["0;0;", "0-1000;"])
def test_groups_that_are_none_are_an_error_in_words(world: World, cells: str) -> None:
    with pytest.raises(DataError, match=r"job\.json has the cells .*; start the wave anew"):
        cell.run(in_one(world.job(), cells), 0, world.context)


def test_cells_that_are_infeasible_or_fail_keep_their_results_and_stop_nobody(world: World) -> None:
    grid = [{"n_neighbors": [500, 5], "weights": ["uniform", "mean"]}]
    job = world.job(grid, "neighbors.KNeighborsClassifier")
    report = cell.run(in_one(job, "0-3;"), 0, world.context)
    assert isinstance(report, GroupReport)
    assert (report.ends, report.outcome) == ("iisi", Outcome.INFEASIBLE)
    assert all(world.result_path(job, number).exists() for number in range(4))


@pytest.mark.parametrize("error", [RuntimeError("a defect"), MemoryError(), OSError(28, "no space")])
def test_whatever_a_cell_raises_the_others_are_computed_before_it_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    judge = cell.judge

    def judged(job: StageInput, cells: list[Any], *rest: Any) -> Any:
        if cells[0].index == 0:
            raise error
        return judge(job, cells, *rest)

    monkeypatch.setattr(cell, "judge", judged)
    job = world.job()
    with pytest.raises(type(error)):
        cell.run(in_one(job), 0, world.context)
    assert said(world).ends == ".ss"
    assert not world.result_path(job, 0).exists()


def test_storage_that_is_away_ends_a_group_at_once_with_what_it_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, uris = world.context.store.put, []

    def once(uri: str, content: bytes) -> None:
        uris.append(uri)
        if len(uris) > 1:
            raise StorageUnreachableError("away")
        put(uri, content)

    monkeypatch.setattr(world.context.store, "put", once)
    with pytest.raises(StorageUnreachableError):
        cell.run(in_one(world.job()), 0, world.context)
    assert said(world).ends == "s.."


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def report_of(number: int, score: float | None, outcome: Outcome = Outcome.SUCCEEDED) -> CellReport:
    return CellReport(cell=number, key="k" * 64, outcome=outcome, scores={"f1": (score, 0.1)}, message="m" * 900)


def test_of_many_cells_the_first_that_failed_and_the_best_are_told_whole() -> None:
    reports = {number: report_of(number, number / 100) for number in range(40)}
    reports |= {number: report_of(number, None, Outcome.FAILED) for number in (17, 30)}
    told = tell(range(41), reports, "f1")
    assert isinstance(told, GroupReport)
    assert told.ends == "s" * 17 + "f" + "s" * 12 + "f" + "s" * 9 + "."
    assert [one.cell for one in told.cells[:5]] == [17, 39, 38, 37, 36]


def test_a_failure_is_told_beside_the_cells_and_may_be_taken_back(world: World) -> None:
    note = GroupReport(ends="s.")
    termination.leave_note(note)
    termination.leave_note(KILLED)
    assert said(world) == GroupReport(ends="s.", failure=KILLED)
    termination.leave_note(None)
    assert said(world) == note
    termination.write_report(KILLED)
    assert said(world).failure == KILLED


@pytest.mark.parametrize(
    ("report", "all_said"),
    [
        (GroupReport(ends="s."), False),
        (GroupReport(ends="ss"), True),
        (GroupReport(ends="s.", failure=KILLED), True),
        (KILLED, True),
        (None, False),
    ],
)
def test_a_process_has_said_all_when_each_cell_is_told_or_why_not(
    world: World, report: GroupReport | FailureReport | None, all_said: bool
) -> None:
    termination.leave_note(report)
    assert termination.has_said_all() is all_said


def test_the_log_of_a_group_is_named_after_the_first_cell_that_did_not_end_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_BASE_FOLDER", str(world.folder))
    job = in_one(world.job())
    (world.folder / "job.json").write_text(json.dumps(job.document()))
    termination.leave_note(GroupReport(ends="r.f", cells=[report_of(2, None, Outcome.FAILED)], failure=KILLED))
    kept_log.keep(kept_log.Stage.CELL, world.folder / "job.json", 0, b"text")
    (path,) = world.folder.glob("out/runs/*/logs/*")
    assert path.name == f"{world.result_path(job, 1).stem}-1.txt"
    assert path.read_text().endswith(f"failed: {'m' * 900}\n\nKilled: by a test\n")
    assert said(world).log == f"file:{path.relative_to(world.folder)}"


# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────

PATIENT = """
import os, time
from pathlib import Path
from sklearn.tree import DecisionTreeClassifier


class Patient(DecisionTreeClassifier):
    def fit(self, X, y):
        with open(os.environ["FITS"], "a") as fits:
            fits.write(f"{self.max_depth}\\n")
        while self.max_depth == 2 and not Path(os.environ["GATE"]).exists():
            time.sleep(0.01)
        return super().fit(X, y)
"""


@pytest.fixture
def patient(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Have a job of one group whose second cell waits for a gate; return the environment of its process."""
    install(world.folder / "site")
    (world.folder / "site/acme_models/patient.py").write_text(PATIENT)
    monkeypatch.syspath_prepend(world.folder / "site")
    monkeypatch.setenv(ESTIMATOR_PREFIXES_VARIABLE, "acme_models")
    document = world.job().document()
    document["spec"]["estimator"] = {"className": "acme_models.patient.Patient"}
    document["prepared"]["environment"] = environment.digest("acme_models.patient.Patient")
    (world.folder / "job.json").write_text(json.dumps({**document, "cells": "0-2;"}))
    files = {name: str(world.folder / name) for name in ("FITS", "GATE")}
    return {ESTIMATOR_PREFIXES_VARIABLE: "acme_models", "PYTHONPATH": str(world.folder / "site"), **files}


def fits(world: World) -> Counter[str]:
    return Counter((world.folder / "FITS").read_text().split())


def test_a_group_that_is_killed_in_the_middle_and_started_again_fits_no_finished_cell_twice(
    world: World, patient: dict[str, str]
) -> None:
    path = os.pathsep.join(filter(None, (patient["PYTHONPATH"], os.environ.get("PYTHONPATH"))))
    surroundings = {**os.environ, **patient, "PYTHONPATH": path, "GRIDFOLD_BASE_FOLDER": "."}
    command = [sys.executable, "-m", "gridfold_trainer", "cell", "--job", "job.json"]
    with subprocess.Popen(command, cwd=world.folder, env=surroundings, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + SECONDS
        while not (world.folder / "FITS").exists() or "2" not in fits(world):
            assert time.monotonic() < deadline
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
    assert (said(world).ends, said(world).failure) == ("s..", None), "whoever kills leaves no time to say why"
    (world.folder / "GATE").touch()
    done = run_process(world.folder, "cell", "--job", "job.json", **patient)
    assert (done.returncode, said(world).ends) == (0, "rss"), done.stdout
    assert fits(world) == {"1": 5, "2": 6, "3": 5}


def test_a_cell_that_takes_too_long_is_told_by_what_is_not_finished(world: World, patient: dict[str, str]) -> None:
    document = json.loads((world.folder / "job.json").read_text())
    document["spec"]["execution"] = {"cellTimeoutSeconds": 12}
    (world.folder / "job.json").write_text(json.dumps(document))
    done = run_process(world.folder, "cell", "--job", "job.json", **patient)
    report = said(world)
    assert (done.returncode, report.ends) == (15, "s.."), done.stdout
    assert report.failure is not None
    assert report.failure.reason == "CellTimeout"
    assert "The cell took longer than spec.execution.cellTimeoutSeconds (12 s)" in report.failure.message
    assert report.log.endswith("-1.txt")
