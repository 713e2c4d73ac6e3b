"""The end of a failed process' log outlives it, without secrets, and is named in what the process said last."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridfold.api.handoff import TERMINATION_MESSAGE_BYTES, FailureReport, decode_report, encode_report
from gridfold_trainer import kept_log, termination
from gridfold_trainer.kept_log import without_secrets
from tests.unit.trainer.data_jobs import stage_input
from tests.unit.trainer.test_data_command import run

SECRET = "wJalrXUtnFEMI-K7MDENG"
PREPARED = {
    "digest": "d",
    "environment": "e",
    "splitDigest": "s",
    "resolved": {"objective": "accuracy", "metrics": ["accuracy"]},
}
#: A stage of which only what it prints and how it ends is of interest.
STAGE = """
import os, signal, sys, types
from gridfold_trainer.errors import FitFailedError, InfeasibleError, StorageUnreachableError
def end(*_):
    print("fitting with {secret}", flush=True)
    print("a line of stderr", file=sys.stderr, flush=True)
    os.write(2, b"from native code\\n")
    {body}
import gridfold_trainer
stage = types.ModuleType("gridfold_trainer.{stage}")
stage.run = end
sys.modules["gridfold_trainer.{stage}"] = gridfold_trainer.{stage} = stage
"""


def end(folder: Path, body: str, stage: str = "cell", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a stage that ends so; its output folder is out/ in the folder."""
    (folder / "sitecustomize.py").write_text(STAGE.format(body=body, stage=stage, secret=SECRET))
    document = {**stage_input().document(), "prepared": PREPARED, "cells": "0-1"}
    (folder / "job.json").write_text(json.dumps(document))
    environment = {"AWS_SECRET_ACCESS_KEY": SECRET, "PYTHONPATH": str(folder), **environment}
    return run(folder, stage, "--job", "job.json", "--index", "1", **environment)


def logs(folder: Path) -> list[Path]:
    return sorted((folder / "out").glob("runs/*/logs/*")) if (folder / "out").exists() else []


FIT_FAILED = "raise FitFailedError('the fit raised')"
SEGFAULT = "os.kill(os.getpid(), signal.SIGSEGV)"


@pytest.mark.parametrize(("body", "code"), [(FIT_FAILED, 12), (SEGFAULT, 139), ("1 // 0", 1)])
def test_each_attempt_of_a_failed_cell_leaves_its_log_and_says_where(tmp_path: Path, body: str, code: int) -> None:
    for attempt in (1, 2):
        done = end(tmp_path, body)
        assert done.returncode == code, done.stderr
        assert "a line of stderr" in done.stderr, "what is kept is passed on, too"
        found = logs(tmp_path)
        assert len(found) == attempt
        text = found[-1].read_text()
        assert ("a line of stderr" in text, "from native code" in text, "fitting with ***" in text) == (True,) * 3
        assert SECRET not in text
        assert any(f"\n{reason}: " in text for reason in ("FitFailed", "Killed", "InternalError"))
        key, _, number = found[-1].stem.rpartition("-")
        assert (len(key), number, found[-1].parent.parent.name[:2]) == (64, str(attempt), "1-")
        report = decode_report((tmp_path / "message").read_text())
        assert isinstance(report, FailureReport)
        assert report.message.endswith(f" Its log: file:{found[-1].relative_to(tmp_path)}")


def test_of_refit_there_is_a_log_too(tmp_path: Path) -> None:
    assert end(tmp_path, FIT_FAILED, "refit").returncode == 12
    assert [path.name for path in logs(tmp_path)] == ["refit-1.txt"]


@pytest.mark.parametrize(
    ("body", "code"),
    [("raise InfeasibleError('no')", 11), ("raise StorageUnreachableError('away')", 14), ("os._exit(0)", 0)],
)
def test_what_is_no_failure_leaves_no_log(tmp_path: Path, body: str, code: int) -> None:
    assert end(tmp_path, body).returncode == code
    assert logs(tmp_path) == []


def test_where_the_log_cannot_be_kept_the_end_stays_what_it_was_and_the_log_says_why(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in the way")
    done = end(tmp_path, FIT_FAILED)
    assert done.returncode == 12
    assert "the log could not be kept: StorageRefusedError" in done.stdout
    report = decode_report((tmp_path / "message").read_text())
    assert isinstance(report, FailureReport)
    assert report.message == "the fit raised"


def test_a_cell_that_fails_again_and_again_leaves_so_many_logs_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_BASE_FOLDER", str(tmp_path))
    monkeypatch.setenv("GRIDFOLD_TERMINATION_LOG", str(tmp_path / "message"))
    monkeypatch.setenv("GRIDFOLD_STORAGE_PATIENCE", "600")
    document = {**stage_input().document(), "prepared": PREPARED, "cells": "0-1"}
    (tmp_path / "job.json").write_text(json.dumps(document))
    for _ in range(kept_log.MOST_LOGS + 2):
        kept_log.keep(kept_log.Stage.CELL, tmp_path / "job.json", 0, b"text")
    assert len(logs(tmp_path)) == kept_log.MOST_LOGS


def test_of_a_message_that_is_too_long_its_own_end_gives_way_and_not_the_place_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_TERMINATION_LOG", str(tmp_path / "message"))
    termination.write_report(FailureReport(reason="InternalError", message="ü" * 5000))
    kept_log._mention("s3://models/out/runs/1-00000000/logs/k-1.txt")
    text = (tmp_path / "message").read_text()
    report = decode_report(text)
    assert isinstance(report, FailureReport)
    assert report.message.endswith("üü… Its log: s3://models/out/runs/1-00000000/logs/k-1.txt")
    assert len(encode_report(report).encode()) <= TERMINATION_MESSAGE_BYTES


def test_secrets_of_the_environment_of_files_and_of_urls_are_in_no_log(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/AWS_ACCESS_KEY_ID").write_text("AKIDEXAMPLE\n")
    environment = {"GRIDFOLD_CREDENTIALS": str(tmp_path / "keys"), "MY_PASSWORD": "correct horse", "TOKENIZERS": "1"}
    log = b"AKIDEXAMPLE correct horse 1 https://h/a?X-Amz-Signature=abc&X-Amz-Credential=x/y&b=2 ?sig=q%3D&t=1"
    assert without_secrets(log, environment) == ("*** *** 1 https://h/a?… ?sig=…&t=1".encode())
    assert without_secrets(b"\xff\xc3 a", {}) == b"\xff\xc3 a"


TAILED = """
import os, sys
from gridfold_trainer.deadline import Deadline
from gridfold_trainer.supervisor import supervise
from gridfold_trainer.tail import Tail
def work():
    for number in range(20000):
        print(f"line {number}", file=sys.stdout if number % 2 else sys.stderr, flush=True)
    return 3
tail = Tail(1000)
code = supervise(work, Deadline(None), tail).exit_code
kept = tail.finish()
last = kept.split()[-1] in (b"19998", b"19999")  # there are two pipes
sys.stderr.write(f"kept {len(kept)} {last}")
sys.exit(code)
"""


def test_all_that_a_process_writes_is_passed_on_and_the_end_of_it_kept() -> None:
    done = subprocess.run([sys.executable, "-c", TAILED], capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 10_000
    assert done.stderr.splitlines()[-1] == "kept 1000 True"
