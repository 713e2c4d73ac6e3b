"""Examples from end to end, as their README says; tests/unit/trainer/test_examples.py tries the cells of them all."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.local_jobs import LIMIT_SECONDS

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["flats"])
def test_an_example_runs_as_its_readme_says(name: str, tmp_path: Path) -> None:
    def execute(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_SECONDS
        )

    laid_out = execute(str(EXAMPLES / "make_data.py"), "try")
    assert f"gridfold run try/{name}.yaml\n" in laid_out.stdout, laid_out.stderr
    done = execute("-m", "gridfold_cli", "run", f"try/{name}.yaml")
    assert done.returncode == 0, done.stderr
    assert "model.skops" in done.stdout
    assert "Note" not in done.stdout
    shown = execute("-m", "gridfold_cli", "results", f"try/{name}.yaml")
    assert (shown.returncode, shown.stderr) == (0, "")
