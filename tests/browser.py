"""The browser that tests look through: Debian's Chromium, and axe-core, which says what a screen reader cannot use.

Where CI=true both are fetched if they are missing, and their absence is a failure; elsewhere the tests are skipped.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NoReturn

import pytest

from tests.testbed import machine
from tests.testbed.errors import TestbedError

AXE, AXE_SHA256 = "axe-core@4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
KEPT = Path.home() / ".cache/gridfold-tests"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The program."""
    if not shutil.which("chromium") and os.environ.get("CI"):
        try:
            machine.install("chromium")
        except TestbedError as error:
            _missing(str(error))
    return shutil.which("chromium") or _missing("chromium is not installed")


@pytest.fixture(scope="session")
def axe() -> str:
    """The program text of axe-core, as its digest pins it."""
    file = KEPT / "axe-core.tgz"
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != AXE_SHA256:
        KEPT.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm") or _missing("axe-core is fetched by npm, which is not installed")
        done = subprocess.run([npm, "pack", AXE, "--silent"], cwd=KEPT, capture_output=True, text=True)
        if done.returncode:
            _missing(f"axe-core cannot be fetched: {done.stderr[-500:]}")
        (KEPT / done.stdout.strip()).replace(file)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(file) as archive:
        found = archive.extractfile("package/axe.min.js")
        assert found is not None
        return found.read().decode()


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
