"""GRIDFOLD_SCRATCH, which the advice about full disks names, works; so does Ctrl-C at every moment."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gridfold_cli.errors import InvalidInputError
from gridfold_cli.local.scratch import scratch_folder


def test_temporary_files_go_below_the_folder_that_is_named_and_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_SCRATCH", str(tmp_path / "large/disk"))
    with scratch_folder() as folder:
        assert folder.parent == tmp_path / "large/disk"
        (folder / "a file").touch()
    assert list((tmp_path / "large/disk").iterdir()) == []


def test_without_it_they_go_where_the_system_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDFOLD_SCRATCH", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert folder.parent == tmp_path


@pytest.mark.parametrize(
    ("variable", "words"), [("GRIDFOLD_SCRATCH", "GRIDFOLD_SCRATCH is "), ("", "temporary files go to ")]
)
def test_a_folder_that_cannot_be_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, words: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRIDFOLD_SCRATCH", str(tmp_path / "file") if variable else "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with (
        pytest.raises(InvalidInputError, match=f"{words}{tmp_path}/file, but .* let GRIDFOLD_SCRATCH name"),
        scratch_folder(),
    ):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setenv("GRIDFOLD_SCRATCH", str(tmp_path))
    message = (
        f"the disk of the temporary folder {tmp_path}/gridfold-.* is full .* let GRIDFOLD_SCRATCH name a folder on"
    )
    with pytest.raises(InvalidInputError, match=message), scratch_folder():
        raise OSError(number, os.strerror(number))


def test_ctrl_c_while_there_is_a_folder_removes_it_and_before_and_after_it_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_SCRATCH", str(tmp_path))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit, match="130"), scratch_folder():
        os.kill(os.getpid(), signal.SIGINT)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    "module",
    ["click", "gridfold_cli.reading.documents", "gridfold_cli.commands.group", "gridfold_cli.commands.plan", "rich"],
)
def test_ctrl_c_during_an_import_is_one_line_and_exit_code_130(module: str, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from gridfold_cli.__main__ import main\n"
        "main()\n"
    )
    job = tmp_path / "job.yaml"
    job.write_text((Path(__file__).parents[3] / "examples/minimal.yaml").read_text())
    command = "run" if module == "rich" else "plan"
    done = subprocess.run(
        [sys.executable, "-c", code, command, str(job)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (130, "gridfold: interrupted\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gridfold_cli", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "gridfold: the output cannot be written: No space left on device; free some room\n",
    )
