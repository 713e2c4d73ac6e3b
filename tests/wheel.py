"""The wheel of this tree, built once for all tests that want it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.once import once

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree; the build reaches no network."""

    def build(folder: Path) -> None:
        _run("build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))

    (path,) = once(tmp_path_factory, "wheel", build).glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the wheel, and nothing else."""

    def install(folder: Path) -> None:
        _run("pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(folder), str(wheel))

    return once(tmp_path_factory, "site", install)


def _run(*module: str) -> None:
    done = subprocess.run([sys.executable, "-m", *module], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
