"""`gridfold run`: exit codes, what it prints and where, and how it is interrupted."""

import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Gridfold
from tests.unit.cli.jobs import document, with_spec
from tests.unit.cli.processes import wait_until, with_variable

Write = Callable[[dict[str, Any]], Path]
ESTIMATOR = "sklearn.linear_model.LogisticRegression"


def ordered(count: int = 3, targets: dict[str, str] | None = None, **orders: str) -> dict[str, Any]:
    """Return a job whose fake trainer behaves as ordered."""
    estimator = {"className": ESTIMATOR, "parameters": orders}
    return with_spec(document(count), estimator=estimator, scoring={"targets": targets or {}})


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_complete_job_ends_with_0_and_its_results_on_stdout_alone(gridfold: Gridfold, write_job: Write) -> None:
    code, out, err = finish(gridfold("run", write_job(ordered(3))))
    assert code == 0
    assert re.search(r"^Winner +cell 2: C=2.5$", out, re.MULTILINE)
    assert re.search(r"^Validation +accuracy 0.875\d*, precision 0.875", out, re.MULTILINE)
    assert re.search(r"^Test +accuracy 0.875", out, re.MULTILINE)
    assert re.search(r"^Cells +3: 3 computed$", out, re.MULTILINE)
    assert "Winner" not in err


def test_the_place_of_the_results_is_a_path_from_the_folder_of_the_yaml_file(
    gridfold: Gridfold, write_job: Write, tmp_path: Path
) -> None:
    _, out, _ = finish(gridfold("run", write_job(ordered(3))))
    assert re.search(rf"^Results +{tmp_path}/results/runs/1-00000000$", out, re.MULTILINE)


def test_without_a_terminal_progress_is_a_few_plain_lines(gridfold: Gridfold, write_job: Write) -> None:
    _, _, err = finish(gridfold("run", write_job(ordered(40))))
    lines = err.splitlines()
    assert "Prepared: 100 rows, 4 columns" in lines
    assert lines[-1].startswith("Completed: cell 39 of 40 won")
    told = [line for line in lines if line.startswith("cells ")]
    assert told[0] == "cells 0/40"
    assert len(told) <= 11  # fast cells end between two looks
    assert "\x1b" not in err


def test_a_job_whose_data_is_missing_ends_with_1_and_says_so(gridfold: Gridfold, write_job: Write) -> None:
    code, out, err = finish(gridfold("run", write_job(ordered(prepare="fails"))))
    assert (code, out) == (1, "")
    assert "ObjectMissing: data.csv does not exist." in err
    assert "Traceback" not in err


def test_a_job_in_which_every_cell_fails_ends_with_1(gridfold: Gridfold, write_job: Write) -> None:
    code, out, err = finish(gridfold("run", write_job(ordered(3, cells="fail"))))
    assert code == 1
    assert "NoCellSucceeded" in err
    assert re.search(r"^Cells +3: 3 failed$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("targets", "options", "expected", "words"),
    [
        ({"f1": "0.8"}, ["--require-targets"], 0, "met: f1 ≥ 0.8"),
        ({"f1": "0.9"}, ["--require-targets"], 3, "missed: f1"),
        ({"f1": "0.9"}, [], 0, "missed: f1"),
    ],
)
def test_missed_targets_end_with_3_only_where_they_are_required(
    gridfold: Gridfold, write_job: Write, targets: dict[str, str], options: list[str], expected: int, words: str
) -> None:
    code, out, _ = finish(gridfold("run", write_job(ordered(3, targets)), *options))
    assert code == expected
    assert re.search(rf"^Targets +{words}", out, re.MULTILINE)


def test_targets_cannot_be_required_where_there_are_none(gridfold: Gridfold, write_job: Write) -> None:
    code, _, err = finish(gridfold("run", write_job(ordered()), "--require-targets"))
    assert code == 2
    assert "spec.scoring.targets is empty" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_every_process_removes_every_folder_and_says_how_to_go_on(
    gridfold: Gridfold, write_job: Write, tmp_path: Path, number: signal.Signals
) -> None:
    process = gridfold("run", write_job(ordered(4, cells="stay")))
    mark = f"GRIDFOLD_SCRATCH={tmp_path}/tmp/gridfold-"
    wait_until(lambda: any("cell" in words for words in with_variable(mark).values()))
    process.send_signal(number)
    code, _, err = finish(process)
    assert code == 130
    assert "run the same command again" in err
    assert "Traceback" not in err
    assert with_variable(mark) == {}
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_output_option_moves_results(gridfold: Gridfold, write_job: Write, tmp_path: Path) -> None:
    _, out, _ = finish(gridfold("run", write_job(ordered()), "--output", "elsewhere"))
    assert re.search(rf"^Results +{tmp_path}/elsewhere/runs/1-00000000$", out, re.MULTILINE)


def test_a_reader_that_has_seen_enough_gives_no_traceback(gridfold: Gridfold, write_job: Write) -> None:
    process = gridfold("run", write_job(ordered()))
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert "should not happen" not in err


def test_a_suspended_job_is_not_run_and_says_what_to_write(gridfold: Gridfold, write_job: Write) -> None:
    code, out, err = finish(gridfold("run", write_job(with_spec(ordered(), suspend=True))))
    assert (code, out) == (2, "")
    assert "spec.suspend is true, so that nothing of the job runs; set it to false" in err


def test_a_run_that_takes_longer_than_it_may_ends_with_1_and_leaves_no_process(
    gridfold: Gridfold, write_job: Write
) -> None:
    job = with_spec(ordered(3, cells="stay"), execution={"timeoutSeconds": 1})
    code, _, err = finish(gridfold("run", write_job(job)))
    assert code == 1
    assert "DeadlineExceeded: the run took longer than the 1 seconds (1s) that spec.execution.timeoutSeconds" in err
