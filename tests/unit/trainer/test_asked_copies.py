"""The files of a run as the command line is given them: all that status.json names, and nothing that was changed."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.answers import CopiesAnswer
from gridfold_trainer import refit
from gridfold_trainer.asked import copies
from gridfold_trainer.outcome.current_run import NoResultsError
from gridfold_trainer.outcome.ownership import LATEST
from tests.unit.trainer.numeric_jobs import World

pytestmark = pytest.mark.frames
MODEL_FILES = {"MLmodel", "model.skops", "requirements.txt", "python_env.yaml"}


class Stored:
    """A finished run, and what is copied of it."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.job: Any = self.world.job()
        self.world.run_cells(self.job)
        refit.run(self.job, self.world.context)
        self.latest = next(folder.rglob(LATEST))
        (self.run,) = (path for path in (self.latest.parent / "runs").iterdir())
        self.copies = folder / "copies"
        self.copies.mkdir()

    def copy(self) -> CopiesAnswer:
        return copies.answer(argparse.Namespace(folder=self.copies), self.job, self.world.context)

    def change(self, **parts: Any) -> None:
        """Have another status.json, which latest.json names."""
        status = json.loads((self.run / "status.json").read_text())
        for name in [name for name, value in parts.items() if value is None]:
            del status[name]
        content = json.dumps({**status, **{name: value for name, value in parts.items() if value is not None}}).encode()
        (self.run / "status.json").write_bytes(content)
        named = json.loads(self.latest.read_text())
        self.latest.write_text(json.dumps({**named, "status_sha256": hashlib.sha256(content).hexdigest()}))


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path)


def test_all_files_are_copied_byte_by_byte_and_the_page_is_made_anew(stored: Stored) -> None:
    (stored.run / "report.html").write_text("of another version")
    found = stored.copy()
    for path in stored.run.iterdir():
        if path.name != "report.html":
            assert (stored.copies / path.name).read_bytes() == path.read_bytes()
    assert {path.name for path in stored.copies.iterdir()} >= MODEL_FILES
    assert "<!doctype html>" in (stored.copies / "report.html").read_text().lower()
    assert found.status_sha256 == hashlib.sha256((stored.run / "status.json").read_bytes()).hexdigest()
    assert (found.status["objective"], found.summary != "") == ("f1", True)


def test_what_makes_the_model_of_an_older_run_one_of_mlflow_is_made_anew(stored: Stored) -> None:
    known = json.loads((stored.run / "status.json").read_text())["files"]
    made = {name: (stored.run / name).read_bytes() for name in MODEL_FILES}
    for name in MODEL_FILES - {"model.skops"}:
        (stored.run / name).unlink()
        del known[name]
    stored.change(files=known)
    stored.copy()
    assert {name: (stored.copies / name).read_bytes() for name in MODEL_FILES} == made


def test_a_file_that_was_changed_is_refused(stored: Stored) -> None:
    with (stored.run / "model.skops").open("ab") as file:
        file.write(b"x")
    with pytest.raises(NoResultsError, match="model.skops is not the one that status.json names"):
        stored.copy()


@pytest.mark.parametrize("name", ["../other", "a/b", "", "status.json", ".."])
def test_who_has_written_the_status_does_not_choose_where_files_go(stored: Stored, name: str) -> None:
    stored.change(files={name: {"sha256": "0" * 64}})
    with pytest.raises(NoResultsError, match="names a file .*, which no run has"):
        stored.copy()
    assert list(stored.copies.iterdir()) == []
