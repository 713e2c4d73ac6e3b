"""The termination message is written whole, or without what is only a help."""

import random
from pathlib import Path

import pytest

from gridfold.api.handoff import (
    TERMINATION_MESSAGE_BYTES,
    FailureReport,
    PrepareReport,
    decode_report,
    encode_cells,
)
from gridfold.api.status import DatasetStatus, Resolved
from gridfold_trainer import termination


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "message"
    monkeypatch.setenv("GRIDFOLD_TERMINATION_LOG", str(path))
    return path


def report(**changes: object) -> PrepareReport:
    return PrepareReport(
        digest="sha256:" + "0" * 64,
        environment="0" * 64,
        dataset=DatasetStatus(rows=1),
        resolved=Resolved(),
        total=10_000,
    ).model_copy(update=changes)


def scattered(seed: int) -> str:
    chosen = random.Random(seed)
    return encode_cells((cell for cell in range(10_000) if chosen.random() < 0.5), 10_000)


def test_a_report_reads_back_as_it_was_written(log: Path) -> None:
    written = report(warnings=["a column has no value"], cached=scattered(1))
    termination.write_report(written)
    assert decode_report(log.read_text()) == written


def test_warnings_that_do_not_fit_are_left_out_before_anything_else(log: Path) -> None:
    written = report(warnings=["w" * 256] * 20, cached=scattered(1))
    termination.write_report(written)
    found = decode_report(log.read_text())
    assert isinstance(found, PrepareReport)
    *kept, rest = found.warnings
    assert kept == ["w" * 256] * len(kept)
    assert rest == f"{20 - len(kept)} more in the log of prepare."
    assert found.model_copy(update={"warnings": written.warnings}) == written


def test_two_scattered_sets_of_ten_thousand_cells_fit(log: Path) -> None:
    written = report(cached=scattered(1), infeasible=scattered(2))
    termination.write_report(written)
    assert decode_report(log.read_text()) == written
    assert len(log.read_bytes()) <= TERMINATION_MESSAGE_BYTES


def test_what_does_not_fit_at_all_loses_the_cached_cells_which_are_found_again(log: Path) -> None:
    written = report(cached=scattered(1), infeasible=scattered(2), resolved=Resolved(positive_class="語" * 256))
    termination.write_report(written)
    assert decode_report(log.read_text()) == written.model_copy(update={"cached": ""})


def test_a_report_that_is_there_already_is_seen_and_anything_else_is_not(log: Path) -> None:
    assert termination.found_report() is None
    log.write_text("Segmentation fault")
    assert termination.found_report() is None
    log.write_bytes(b"\xff")
    assert termination.found_report() is None
    termination.write_report(FailureReport(reason="DataError", message="x"))
    assert termination.found_report() is not None


def test_without_a_named_file_nothing_is_written_outside_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GRIDFOLD_TERMINATION_LOG", raising=False)
    monkeypatch.setattr(termination, "DEFAULT_PATH", tmp_path / "dev" / "termination-log")
    termination.write_report(FailureReport(reason="DataError", message="x"))
    assert not (tmp_path / "dev").exists()
    assert decode_report(capsys.readouterr().out) == FailureReport(reason="DataError", message="x")
