"""`python -m gridfold_trainer`: input, threads, exit code and termination message of a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridfold.api.handoff import FailureReport, PrepareReport, decode_report
from gridfold.api.threads import THREAD_VARIABLES
from gridfold.domain.visible_log import ENTRY_LIMIT
from tests.unit.trainer.data_jobs import TABLE, stage_input

SECONDS = 60


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GRIDFOLD_")}
    path = [environment.pop("PYTHONPATH", ""), surroundings.get("PYTHONPATH", "")]
    surroundings["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    surroundings |= {"GRIDFOLD_TERMINATION_LOG": "message", "GRIDFOLD_BASE_FOLDER": ".", **environment}
    command = [sys.executable, "-m", "gridfold_trainer", *arguments]
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=SECONDS)


def write_job(folder: Path, **changes: dict[str, object]) -> None:
    (folder / "job.json").write_text(json.dumps(stage_input(**changes).document()))


def message(folder: Path) -> object:
    return decode_report((folder / "message").read_text())


def test_a_prepare_process_ends_with_0_and_its_report(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(TABLE)
    write_job(tmp_path)
    done = run(tmp_path, "prepare", "--job", "job.json")
    assert done.returncode == 0, done.stderr
    report = message(tmp_path)
    assert isinstance(report, PrepareReport)
    assert report.dataset.rows == 60


def test_a_known_error_is_exit_code_10_one_message_and_no_traceback(tmp_path: Path) -> None:
    write_job(tmp_path)
    done = run(tmp_path, "prepare", "--job", "job.json")
    assert done.returncode == 10
    report = message(tmp_path)
    assert isinstance(report, FailureReport)
    assert report.reason == "ObjectMissing"
    assert "file:data.csv" in report.message
    assert "Traceback" not in done.stdout + done.stderr + report.message


def run_broken(folder: Path, message: str) -> subprocess.CompletedProcess[str]:
    """Run prepare, which fails of what nobody has foreseen; its message is an expression."""
    (folder / "data.csv").write_text(TABLE)
    write_job(folder)
    (folder / "sitecustomize.py").write_text(
        "import sys, types\nbroken = types.ModuleType('gridfold_trainer.prepare')\n"
        f"def run(job, context):\n    raise ZeroDivisionError({message})\n"
        "broken.run = run\nsys.modules['gridfold_trainer.prepare'] = broken\n"
        "import gridfold_trainer\ngridfold_trainer.prepare = broken\n"
    )
    return run(folder, "prepare", "--job", "job.json", PYTHONPATH=str(folder))


def test_an_unknown_error_is_exit_code_1_with_the_traceback_in_the_log_and_what_happened_first_in_the_message(
    tmp_path: Path,
) -> None:
    done = run_broken(tmp_path, "'of https://h/a?sig=' + 'xyz'.upper()")
    assert done.returncode == 1
    assert "ZeroDivisionError: of https://h/a?…" in done.stderr
    assert "XYZ" not in done.stdout + done.stderr
    report = message(tmp_path)
    assert isinstance(report, FailureReport)
    assert report.reason == "InternalError"
    what, advice, where, *_ = report.message.splitlines()
    assert what == "ZeroDivisionError: of https://h/a?…"
    assert "report it" in advice
    assert "sitecustomize.py" in where  # the innermost frame


def test_the_traceback_of_an_unknown_error_is_one_bounded_entry_of_the_log(tmp_path: Path) -> None:
    done = run_broken(tmp_path, "'odd' + chr(10) + (chr(27) + 'INFO all is well' + chr(10)) * 9999")
    first, *others = done.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert "    ZeroDivisionError: odd" in others
    assert "    \\u001bINFO all is well" in others
    assert all(line.startswith("    ") for line in others)
    assert sum(len(line.removeprefix("    ")) + 1 for line in others) <= ENTRY_LIMIT


@pytest.mark.parametrize(
    ("content", "code"), [("", 2), ("[]", 2), ("{", 2), ('{"spec": 1}', 2), ('{"spec": {}}', 2), ("\xff", 2)]
)
def test_an_unreadable_input_is_exit_code_2(tmp_path: Path, content: str, code: int) -> None:
    (tmp_path / "job.json").write_text(content, encoding="latin-1")
    done = run(tmp_path, "prepare", "--job", "job.json")
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("stage", "execution", "setting"),
    [
        ("cell", {"cellTimeoutSeconds": 1}, "spec.execution.cellTimeoutSeconds"),
        ("prepare", {"prepare": {"timeoutSeconds": 1}}, "spec.execution.prepare.timeoutSeconds"),
        ("refit", {"refit": {"timeoutSeconds": 1}}, "spec.execution.refit.timeoutSeconds"),
    ],
)
def test_a_stage_that_takes_too_long_is_exit_code_15_and_says_so(
    tmp_path: Path, stage: str, execution: dict[str, object], setting: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys, types, time\nslow = types.ModuleType('gridfold_trainer.{stage}')\n"
        "slow.run = lambda *_: time.sleep(600)\n"
        f"import gridfold_trainer\nsys.modules['gridfold_trainer.{stage}'] = gridfold_trainer.{stage} = slow\n"
    )
    write_job(tmp_path, execution=execution)
    done = run(tmp_path, stage, "--job", "job.json", PYTHONPATH=str(tmp_path))
    assert done.returncode == 15
    report = message(tmp_path)
    assert isinstance(report, FailureReport)
    assert report.reason == f"{stage.capitalize()}Timeout"
    assert f"longer than {setting} (1 s) and was ended; allow more time, or" in report.message


def test_the_threads_of_the_spec_are_set_before_numpy_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, types\n"
        "class Spy(types.ModuleType):\n"
        "    def run(self, job, context):\n"
        "        import numpy, threadpoolctl\n"
        f"        print(sorted({{os.environ.get(name) for name in {THREAD_VARIABLES!r}}}))\n"
        "        print({library['num_threads'] for library in threadpoolctl.threadpool_info()})\n"
        "        os._exit(0)\n"
        "import gridfold_trainer\n"
        "spy = sys.modules['gridfold_trainer.prepare'] = gridfold_trainer.prepare = Spy('gridfold_trainer.prepare')\n"
    )
    write_job(tmp_path, execution={"threads": 2})
    done = run(tmp_path, "prepare", "--job", "job.json", PYTHONPATH=str(tmp_path), OMP_NUM_THREADS="7")
    assert "['2']\n{2}\n" in done.stdout, done.stderr


def test_the_supervisor_imports_nothing_heavy() -> None:
    program = (
        "import sys, gridfold_trainer.__main__\n"
        "heavy = {'numpy', 'sklearn', 'scipy', 'boto3', 'botocore', 'pydantic', 'polars', 'pandas', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("allowed", "code"), [("10", 10), ("1000000000", 143)])
def test_a_process_that_is_ended_for_its_temporary_files_says_so_and_is_not_made_again(
    tmp_path: Path, allowed: str, code: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys, types\ngreedy = types.ModuleType('gridfold_trainer.cell')\n"
        "def run(job, index, context, begin):\n"
        "    (context.scratch / 'large').write_bytes(b'x' * 100_000)\n"
        "    os.kill(os.getppid(), signal.SIGTERM)\n"
        "    signal.pause()\n"
        "greedy.run = run\n"
        "import gridfold_trainer\nsys.modules['gridfold_trainer.cell'] = gridfold_trainer.cell = greedy\n"
    )
    write_job(tmp_path)
    limit = {"GRIDFOLD_SCRATCH": str(tmp_path / "scratch"), "GRIDFOLD_SCRATCH_BYTES": allowed}
    done = run(tmp_path, "cell", "--job", "job.json", PYTHONPATH=str(tmp_path), **limit)
    assert done.returncode == code
    report = message(tmp_path) if code == 10 else None
    assert (report is None) == (code == 143)
    if isinstance(report, FailureReport):
        assert report.reason == "ScratchTooSmall"
