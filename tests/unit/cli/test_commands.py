"""The command line from the outside: validate, help, errors, and how quickly it starts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.jobs import document, with_spec

Write = Callable[[dict[str, Any]], Path]


def gridfold(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gridfold_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )


def test_a_valid_file_is_counted(write_job: Write) -> None:
    path = write_job(with_spec(document(12), crossValidation={"folds": 5, "repeats": 2, "method": "KFold"}))
    done = gridfold("validate", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path}: valid, 12 cells × 10 splits = 120 fits\n", "")


def test_cells_that_the_estimator_will_refuse_are_told_beside_the_count(write_job: Write) -> None:
    path = write_job(with_spec(document(), search={"grid": [{"C": [0.5, -1.5, -2.5]}]}))
    done = gridfold("validate", path)
    assert (done.returncode, done.stdout) == (0, f"{path}: valid, 3 cells × 5 splits = 15 fits\n")
    lines = done.stderr.splitlines()
    assert [line.startswith(f"{path}: 1 of 3 cells will be infeasible: The 'C' parameter") for line in lines] == [
        True
    ] * 2


@pytest.mark.parametrize("command", ["validate", "run"])
def test_every_problem_has_a_line_of_stderr_and_the_exit_code_is_2(write_job: Write, command: str) -> None:
    path = write_job(with_spec(document(), split={"train": "x", "validation": 15, "test": 15}, cleanig={}))
    done = gridfold(command, path)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{path}") for line in lines)
    assert "did you mean cleaning?" in done.stderr


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize("content", [None, "a: [", "- 1\n", "a: 1\n---\nb: 1\n", "kind: Job\n", "", "\0"])
def test_whatever_is_wrong_with_the_file_the_exit_code_is_2_and_there_is_no_traceback(
    tmp_path: Path, command: str, content: str | None
) -> None:
    path = tmp_path / "JOB.yaml"
    if content is not None:
        path.write_text(content)
    done = gridfold(command, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(str(path))
    assert "Traceback" not in done.stderr


def test_a_grid_that_is_larger_than_meant_is_refused(write_job: Write) -> None:
    path = write_job(with_spec(document(), search={"grid": [{"C": [1, 2, 3]}], "maxCells": 2}))
    done = gridfold("validate", path)
    assert done.returncode == 2
    assert "spec.search.grid has 3 cells, spec.search.maxCells allows 2" in done.stderr


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        ({"className": "sklearn.svm.SVCC"}, ["did you mean sklearn.svm.SVC"]),
        ({"parameters": {"tole": 1, "penalti": "l2"}}, ["2 problems", "did you mean tol?", "did you mean penalty?"]),
        ({"className": "sklearn.datasets._base.os.system"}, ["not the full name of a classifier or regressor"]),
    ],
)
def test_an_estimator_that_cannot_be_is_told_without_any_data(
    write_job: Write, estimator: dict[str, Any], words: list[str]
) -> None:
    section = {**document()["spec"]["estimator"], **estimator}
    done = gridfold("validate", write_job(with_spec(document(), estimator=section)))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_where_scikit_learn_is_not_installed_validate_says_what_nobody_has_looked_at(write_job: Write) -> None:
    script = (
        "import gridfold_cli.local.installed as installed; from gridfold_cli.__main__ import main\n"
        "installed.NEEDED = ('gridfold', 'no_such_package'); main()"
    )
    path = write_job(document())
    done = subprocess.run([sys.executable, "-c", script, "validate", str(path)], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{path}: valid, ")
    assert done.stderr == (
        f"{path}: estimator and parameters were not checked, because no_such_package cannot be imported: pip install "
        "'gridfold[local]'\n"
    )


@pytest.mark.parametrize("arguments", [["--frobnicate"], ["frobnicate"], ["run"], ["validate", "a", "b"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    done = gridfold(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["validate", "-h"], ["--version"]])
def test_help_and_version_end_with_0(arguments: list[str]) -> None:
    assert gridfold(*arguments).returncode == 0


def test_validate_imports_nothing_that_is_slow(write_job: Write) -> None:
    script = (
        "import sys, json; from gridfold_cli.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "validate", str(write_job(document()))], capture_output=True, text=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"click", "yaml", "pydantic"} <= loaded
    assert loaded.isdisjoint(
        {"numpy", "scipy", "sklearn", "pandas", "polars", "boto3", "rich", "asyncio", "kubernetes"}
    )


def test_an_interrupt_before_anything_was_started_ends_with_130_too(write_job: Write) -> None:
    script = (
        "import gridfold_cli.reading.documents as documents; from gridfold_cli.__main__ import main\n"
        "def interrupted(*_): raise KeyboardInterrupt\n"
        "documents.parse_training_job = interrupted; main()"
    )
    command = [sys.executable, "-c", script, "run", str(write_job(document()))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_a_defect_is_one_line_and_its_traceback_comes_on_request(write_job: Write) -> None:
    script = (
        "import gridfold_cli.reading.documents as documents; from gridfold_cli.__main__ import main\n"
        "def broken(*_): raise ZeroDivisionError('by zero')\n"
        "documents.parse_training_job = broken; main()"
    )
    command = [sys.executable, "-c", script, "validate", str(write_job(document()))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "should not happen: ZeroDivisionError: by zero" in done.stderr
    asked = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "GRIDFOLD_DEBUG": "1"})
    assert "Traceback" in asked.stderr
