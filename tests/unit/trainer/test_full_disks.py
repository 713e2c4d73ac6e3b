"""Whatever cannot be written is told with its folder and with what helps where the process runs."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import FailureReport, decode_report
from gridfold_trainer import stages
from gridfold_trainer.advice import LESS_MEMORY, MORE_MEMORY, more_memory, same_versions
from gridfold_trainer.errors import (
    AccessDeniedError,
    DataError,
    OutputFullError,
    ScratchFullError,
    StorageRefusedError,
    StorageUnreachableError,
)
from gridfold_trainer.storage.certificates import advice
from gridfold_trainer.storage.downloads import too_large
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.storage.local_files import copy_hashed
from tests.unit.trainer.data_jobs import context, run_prepare, stage_input
from tests.unit.trainer.numeric_jobs import World

#: Words that mean nothing on a laptop.
CLUSTER_WORDS = ("pod", "Secret", "ConfigMap", "image", "node", "platform", "resources.limits")


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Processes believe that they were started by `gridfold run`."""
    monkeypatch.setenv("GRIDFOLD_BASE_FOLDER", str(tmp_path))


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("laptop")
@pytest.mark.parametrize("write", ["write_bytes", "replace", "mkdir"])
@pytest.mark.parametrize("stage", ["prepare", "cell"])
def test_a_full_disk_of_the_output_is_named_whatever_is_written_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: str, stage: str
) -> None:
    world = World(tmp_path) if stage == "cell" else None
    original: Any = getattr(Path, write)

    def full_below_out(self: Path, *arguments: Any, **options: Any) -> Any:
        return full() if "out" in self.parts else original(self, *arguments, **options)

    monkeypatch.setattr(Path, write, full_below_out)
    words = r"cannot be written: the disk of .*/out/.* is full \(No space left on device\); .* name another folder in"
    with pytest.raises(OutputFullError, match=words) as raised:
        world.run_cells(world.job()) if world else run_prepare(tmp_path)
    assert not any(word in str(raised.value) for word in CLUSTER_WORDS)


@pytest.mark.usefixtures("laptop")
def test_a_full_disk_of_temporary_files_is_named_whatever_is_written_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for target, name in ((os, "pwrite"), (np, "save")):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, full)
            with pytest.raises(ScratchFullError, match="temporary folder .*/scratch/prepare-.* GRIDFOLD_SCRATCH name"):
                run_prepare(tmp_path)
    with pytest.raises(ScratchFullError, match=f"The disk of the temporary folder {tmp_path} has no room for copy"):
        copy_hashed(iter(full, b""), tmp_path / "copy")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_that_nobody_foresaw_is_told_with_the_fullest_folder_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "job.json").write_text(stage_input().model_dump_json(by_alias=True))
    end, temporary = tmp_path / "end", tmp_path / "temporary"
    temporary.mkdir()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0 if path == temporary else 9))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    for name, value in (("BASE_FOLDER", tmp_path), ("SCRATCH", tmp_path / "scratch"), ("TERMINATION_LOG", end)):
        monkeypatch.setenv(f"GRIDFOLD_{name}", str(value))

    def fail(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(stages, "_dispatch", fail)
    assert stages.run_stage("prepare", tmp_path / "job.json", 0) == 16
    report = decode_report(end.read_text())
    assert isinstance(report, FailureReport)
    assert report.reason == "ScratchFull"
    assert report.message.startswith(
        f"The disk of the temporary folder {temporary} has no room ({os.strerror(number)})"
    )


def test_a_message_that_cannot_be_left_changes_no_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "job.json").write_text(stage_input().model_dump_json(by_alias=True))
    monkeypatch.setenv("GRIDFOLD_TERMINATION_LOG", str(tmp_path / "no folder/end"))
    monkeypatch.setattr(stages, "_dispatch", full)
    assert stages.run_stage("prepare", tmp_path / "job.json", 0) == 16


def test_an_output_folder_that_is_a_file_is_told_by_prepare_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DataError, match=r"file:out/ cannot be written: .*/out is a file, and a folder is needed there"):
        run_prepare(tmp_path)
    assert (tmp_path / "out").read_text() == "mine"
    (tmp_path / "out").unlink()  # what the message advises
    assert run_prepare(tmp_path).total == 2


@pytest.mark.parametrize("uri", ["file:file/below/", "file:file/"])
@pytest.mark.parametrize("folder", ["output", "cache"])
def test_a_file_anywhere_in_the_way_is_named(tmp_path: Path, uri: str, folder: str) -> None:
    (tmp_path / "file").touch()
    output = {"uri": uri} if folder == "output" else {"cacheUri": uri}
    with pytest.raises(DataError, match=f"{uri}.* cannot be written: {tmp_path}/file is a file, .* remove it, or name"):
        run_prepare(tmp_path, output=output)
    assert run_prepare(tmp_path, output={"uri": "file:out/", "cacheUri": "file:elsewhere/"}).total == 2


def test_several_problems_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(DataError) as raised:
        run_prepare(tmp_path, crossValidation={"folds": 50})
    assert len(raised.value.problems) == 2


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (errno.EACCES, AccessDeniedError, "this user may not write in .*Permission denied.*; name another folder"),
        (errno.EROFS, AccessDeniedError, "Read-only file system"),
        (errno.ENOSPC, OutputFullError, "the disk of .* is full"),
        (errno.EDQUOT, OutputFullError, "the disk of .* is full"),
        (errno.ENAMETOOLONG, StorageRefusedError, "File name too long"),
        (errno.EIO, StorageUnreachableError, "ould not be written: Input/output error"),
    ],
)
def test_what_the_system_says_of_a_write_is_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception], words: str
) -> None:
    def fail(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(error, match=f"file:out/x c.*{words}"):
        FileStore(tmp_path).put("file:out/x", b"")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_where_an_object_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "out/x").mkdir(parents=True)
    with pytest.raises(StorageRefusedError, match="file:out/x cannot be written: .*/out/x is a folder; remove it"):
        FileStore(tmp_path).put("file:out/x", b"")


def test_advice_fits_where_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def said() -> list[str]:
        return [more_memory(), same_versions(), advice(), too_large("s3://b/k", 7)]

    monkeypatch.delenv("GRIDFOLD_BASE_FOLDER", raising=False)
    in_a_cluster = said()
    monkeypatch.setenv("GRIDFOLD_BASE_FOLDER", str(tmp_path))
    on_a_laptop = said()
    assert (in_a_cluster[0], on_a_laptop[0]) == (MORE_MEMORY, LESS_MEMORY)
    assert all(any(word in text for word in CLUSTER_WORDS) for text in in_a_cluster)
    assert not any(word in text for word in CLUSTER_WORDS for text in on_a_laptop)
    assert not any("GRIDFOLD_" in text or "laptop" in text for text in in_a_cluster)


def test_raising_the_limit_of_a_source_as_the_message_says_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_BASE_FOLDER", str(tmp_path))
    monkeypatch.setenv("GRIDFOLD_SOURCE_BYTES", "100")
    with pytest.raises(DataError, match="divide it, or set GRIDFOLD_SOURCE_BYTES to more bytes"):
        run_prepare(tmp_path)
    monkeypatch.setenv("GRIDFOLD_SOURCE_BYTES", "100000")
    assert context(tmp_path).source_bytes == 100_000
    assert run_prepare(tmp_path).total == 2
