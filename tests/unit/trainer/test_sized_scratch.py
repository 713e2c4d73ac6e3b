"""What a pod may write at most is told by its own words, before the cluster ends it without any."""

from pathlib import Path

import pytest

from gridfold_trainer import preflight
from gridfold_trainer.data import matrix_file
from gridfold_trainer.errors import DataError, ScratchTooSmallError
from gridfold_trainer.storage.local_files import check_allowance
from tests.unit.trainer.data_jobs import run_prepare, stage_input

SETTING = "spec.execution.prepare.resources.limits.ephemeral-storage is 1Mi"


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A scratch folder in which at most 1 MiB may lie."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    for name, value in (("SCRATCH", folder), ("SCRATCH_BYTES", 2**20), ("SCRATCH_SETTING", SETTING)):
        monkeypatch.setenv(f"GRIDFOLD_{name}", str(value))
    return folder


def test_what_lies_there_already_counts_and_the_least_that_helps_is_told(limited: Path) -> None:
    (limited / "below").mkdir()
    (limited / "below/part").write_bytes(b"x" * 600_000)
    check_allowance(400_000, "a file")
    with pytest.raises(
        ScratchTooSmallError, match=f"With a file, 500000 bytes, .* take 11.*, but {SETTING}; raise it to 2Mi at least."
    ):
        check_allowance(500_000, "a file")


def test_where_nothing_is_limited_nothing_is_refused() -> None:
    check_allowance(2**60, "a file")


def test_prepare_sees_while_it_writes_that_it_may_write_no_more(
    limited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (limited / "before").write_bytes(b"x" * 2**21)
    monkeypatch.setattr(matrix_file, "_CHECKED_BYTES", 1)
    with pytest.raises(ScratchTooSmallError, match=f"With the prepared data the temporary files .*, but {SETTING}"):
        run_prepare(tmp_path)


def test_prepare_tells_that_the_prepared_data_is_too_large_for_cells_or_refit_and_the_advice_helps(
    tmp_path: Path,
) -> None:
    cells = {"resources": {"limits": {"ephemeral-storage": "100"}}}
    refit = {"refit": {"resources": {"requests": {"ephemeral-storage": "1"}}}}
    words = (
        r"spec.execution.resources.limits.ephemeral-storage is 100, but each cell fetches .* raise it to 1Mi at least"
    )
    with pytest.raises(DataError, match=words):
        run_prepare(tmp_path, execution=cells)
    with pytest.raises(
        DataError, match=r"spec.execution.refit.resources.requests.ephemeral-storage is 1, but each refit"
    ):
        run_prepare(tmp_path, execution=refit)
    run_prepare(tmp_path, execution={"resources": {"limits": {"ephemeral-storage": "1Mi"}}})


def test_a_setting_of_cells_and_refit_is_told_once_and_not_on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = stage_input(execution={"resources": {"limits": {"ephemeral-storage": "100"}}}).spec
    assert len(preflight.scratch_problems(spec, 10, 1000)) == 1
    monkeypatch.setenv("GRIDFOLD_BASE_FOLDER", "/somewhere")
    assert preflight.scratch_problems(spec, 10, 1000) == []
