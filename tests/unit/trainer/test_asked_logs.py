"""What was kept of a failed cell's log is found again, the last attempt first."""

import json
from pathlib import Path

import pytest

from gridfold.api.handoff import BASE_FOLDER_VARIABLE
from gridfold_trainer.asked.__main__ import main
from tests.unit.trainer.test_kept_log import FIT_FAILED, end, logs


def ask(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, str]]:
    code = main(["log", "--job", str(folder / "job.json"), *options])
    return code, json.loads(capsys.readouterr().out)


def test_the_last_attempt_is_shown_and_the_earlier_ones_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BASE_FOLDER_VARIABLE, str(tmp_path))
    end(tmp_path, FIT_FAILED)
    end(tmp_path, FIT_FAILED)
    first, second = logs(tmp_path)
    second.write_text("out of time")
    code, answer = ask(tmp_path, capsys, "--cell", "1")
    assert (code, answer["text"]) == (0, "out of time")
    assert answer["uri"].endswith(second.name)
    assert [uri.rpartition("/")[2] for uri in answer["earlier"]] == [first.name]


def test_where_nothing_was_kept_it_says_of_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BASE_FOLDER_VARIABLE, str(tmp_path))
    end(tmp_path, FIT_FAILED)
    for options, what in ((["--cell", "0"], "cell 0"), ([], "refit")):
        code, answer = ask(tmp_path, capsys, *options)
        assert code == 10
        assert f"has no log of {what}: logs are kept of processes that failed" in answer["message"]
