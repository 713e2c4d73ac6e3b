"""report.html as refit writes it and as `gridfold report` makes it anew; nothing hangs on it."""

import hashlib
import html
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridfold.api.handoff import StageInput
from gridfold.api.v1alpha1 import Source
from gridfold_export import export_script
from gridfold_trainer import inspection, refit
from gridfold_trainer.inspection import CopyFailedError
from gridfold_trainer.outcome import page
from gridfold_trainer.outcome.current_run import NoResultsError
from gridfold_trainer.outcome.script import script_of
from gridfold_trainer.outcome.winner import Refitted
from tests.unit.trainer.numeric_jobs import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose cells have run; the last two fits are left out."""
    monkeypatch.setattr(refit, "refit_winner", lambda *_: Refitted(None, {"f1": 0.5}, {"f1": 0.5}))
    return World(tmp_path)


@pytest.fixture
def job(world: World) -> Iterator[StageInput]:
    found = world.job()
    world.run_cells(found)
    yield found


def run_folder(world: World) -> Path:
    (folder,) = (world.folder / "out/runs").iterdir()
    return folder


def test_the_page_that_is_made_anew_has_the_same_bytes(world: World, job: StageInput) -> None:
    refit.run(job, world.context)
    written = run_folder(world) / "report.html"
    found = inspection.report(job, world.folder / "again.html", world.context)
    assert (world.folder / "again.html").read_bytes() == written.read_bytes()
    status = json.loads((run_folder(world) / "status.json").read_bytes())
    assert found.status["summary"] == status["summary"]
    assert status["summary"].startswith("DecisionTreeClassifier reaches f1 0.")
    assert "report.html" not in status["files"]


def test_a_page_that_cannot_be_made_is_a_note_and_all_else_is_written(
    world: World, job: StageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(*_: object) -> bytes:
        raise RuntimeError("<it> broke " + "x" * 1000)

    page.add_frames()
    monkeypatch.setattr("gridfold_report.render", break_)
    assert refit.run(job, world.context).best is not None
    names = {path.name for path in run_folder(world).iterdir()}
    assert names == {"results.csv", "results.parquet", "status.json", "model-card.md", "plots.json"}
    (note,) = json.loads((run_folder(world) / "status.json").read_bytes())["notes"]
    assert note.startswith("report.html could not be made (RuntimeError: <it> broke xxx")
    assert note.endswith("; `gridfold report` tries it again.")
    assert len(note) < 400


def test_the_page_shows_the_script_that_export_prints(world: World, job: StageInput) -> None:
    refit.run(job, world.context)
    script = export_script(job.name, job.spec, inspection.estimator(job))
    assert json.loads((run_folder(world) / "status.json").read_bytes())["script"] == script
    assert script.strip() in html.unescape((run_folder(world) / "report.html").read_text())


def test_the_script_beside_results_keeps_no_secret_of_a_signed_url(world: World, job: StageInput) -> None:
    uri = "https://files.example/rows.csv"
    signed = Source(uri=f"{uri}?X-Signature=abc123", sha256="0" * 64)
    dataset = job.spec.dataset.model_copy(update={"sources": [signed]})
    script = script_of(job.model_copy(update={"spec": job.spec.model_copy(update={"dataset": dataset})}))
    assert uri in script
    assert "abc123" not in script


def test_a_script_that_cannot_be_written_costs_nothing_else(
    world: World, job: StageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(*_: object) -> str:
        raise RuntimeError("it broke")

    monkeypatch.setattr("gridfold_trainer.outcome.script.export_script", break_)
    assert refit.run(job, world.context).best is not None
    assert "<code>gridfold export</code> prints it" in (run_folder(world) / "report.html").read_text()


def test_a_run_without_any_score_has_a_page_too(world: World) -> None:
    job = world.job(grid=[{"max_depth": [-1, -2]}])
    world.run_cells(job)
    refit.run(job, world.context)
    assert "None of the 2 cells has a score" in (run_folder(world) / "report.html").read_text()


def test_what_the_run_has_drawn_is_drawn_again(world: World, job: StageInput) -> None:
    refit.run(job, world.context)
    plots = json.dumps({"pooled": {"recall": [0.0, 1.0], "precision": [1.0, 0.5]}}).encode()
    (run_folder(world) / "plots.json").write_bytes(plots)
    status, latest = run_folder(world) / "status.json", world.folder / "out/latest.json"
    named = json.loads(status.read_bytes())
    named["files"]["plots.json"] = {"sha256": hashlib.sha256(plots).hexdigest()}
    before, content = hashlib.sha256(status.read_bytes()).hexdigest(), json.dumps(named).encode()
    status.write_bytes(content)
    latest.write_text(latest.read_text().replace(before, hashlib.sha256(content).hexdigest()))
    inspection.report(job, world.folder / "x.html", world.context)
    assert "Precision and recall" in (world.folder / "x.html").read_text()


def test_a_page_is_made_of_the_files_that_the_run_has_named_alone(world: World, job: StageInput) -> None:
    refit.run(job, world.context)
    with pytest.raises(CopyFailedError, match=r"report.html cannot be written to .*; name a file in a folder that"):
        inspection.report(job, world.folder / "none/x.html", world.context)
    table = run_folder(world) / "results.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    with pytest.raises(NoResultsError, match=r"results.csv is not the one that status.json names"):
        inspection.report(job, world.folder / "x.html", world.context)
