"""`gridfold plan` and `gridfold results` beside real runs of the real trainer."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.local_jobs import LocalJob

MEASURED = r"^CPU hours +(less than )?[0-9.]+ for 2 cells, if they take as long as the 3 that were measured$"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[LocalJob]:
    job = LocalJob(tmp_path)
    yield job
    job.close()


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_plan_tells_what_is_left_of_a_job_and_how_long_that_takes_from_measured_times_only(job: LocalJob) -> None:
    job.write()
    code, out, _ = job.command("plan")
    assert code == 0
    assert out.splitlines() == [
        "Cells       3 × 3 splits = 9 fits",
        "Cached      unknown until the data is prepared; gridfold run does it first",
        "CPU hours   unknown, no cell measured",
    ]
    assert not (job.folder / "out").exists()
    assert job.run()[0] == 0
    job.write(search={"grid": [{"C": [0.1, 1.0, 5.0, 10.0, 20.0, -1.0]}]})
    before = snapshot(job.folder / "out")
    code, out, _ = job.command("plan")
    assert code == 0
    assert "Cached      3 of 6 cells, 2 to compute (6 fits); the estimator refuses 1" in out.splitlines()
    assert re.search(MEASURED, out, re.MULTILINE)
    assert snapshot(job.folder / "out") == before
    job.write(cleaning={"dropDuplicateRows": True})
    assert "unknown until the data is prepared" in job.command("plan")[1]


def test_a_plan_of_data_that_is_not_there_says_so(job: LocalJob) -> None:
    job.write(dataset={"sources": [{"uri": "file:nothing.csv"}], "target": "ill"})
    code, out, err = job.command("plan")
    assert (code, out) == (1, "")
    assert err.startswith("ObjectMissing: ")
    assert "nothing.csv" in err
    assert "Traceback" not in err


def test_results_are_those_of_the_last_run_and_its_table_can_be_had_as_files(job: LocalJob) -> None:
    job.write()
    _, ran, _ = job.run()
    code, out, err = job.command("results", "--csv", "table.csv", "--parquet", "table.parquet")
    assert (code, err) == (0, "")
    for line in ran.splitlines():
        if not line.startswith("Cells"):
            assert line in out.splitlines()
    assert "Cells       3: 3 succeeded" in out
    assert (job.folder / "table.csv").read_bytes() == (job.results() / "results.csv").read_bytes()
    assert (job.folder / "table.parquet").read_bytes() == (job.results() / "results.parquet").read_bytes()
    with (job.folder / "table.csv").open(newline="") as lines:
        assert len(list(csv.DictReader(lines))) == 3


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("status.json", "status.json is not the one that latest.json names"),
        ("results.csv", "results.csv is not the one that status.json names"),
    ],
)
def test_a_damaged_file_is_never_shown_nor_copied(job: LocalJob, damage: str, words: str) -> None:
    job.write()
    assert job.run()[0] == 0
    path = job.results() / damage
    path.write_bytes(path.read_bytes()[:-9])
    (job.folder / "table.csv").write_text("mine")
    code, out, err = job.command("results", "--csv", "table.csv")
    assert (code, out) == (1, "")
    assert words in err
    assert (job.folder / "table.csv").read_text() == "mine"


def test_there_are_no_results_before_the_first_run_ends(job: LocalJob) -> None:
    job.write()
    code, out, err = job.command("results")
    assert (code, out) == (1, "")
    assert err == "NoResults: file:out/ has no results of a finished run; run the job first.\n"


def test_results_of_another_job_are_refused(job: LocalJob) -> None:
    job.write()
    assert job.run()[0] == 0
    path = job.folder / "JOB.yaml"
    path.write_text(path.read_text().replace('"name": "ill"', '"name": "other"'))
    code, _, err = job.command("results")
    assert code == 1
    assert err.startswith("OutputInUse: ")
