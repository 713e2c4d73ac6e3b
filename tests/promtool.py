"""promtool, of Debian's package prometheus, which judges metrics and rules as Prometheus does."""

import subprocess
from pathlib import Path

import pytest

from tests.testbed import machine
from tests.testbed.errors import UnavailableError


def promtool(*words: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool and return how that went; where it is missing and cannot be installed, skip the test."""
    try:
        program = machine.command("promtool", "prometheus")
    except UnavailableError as error:
        pytest.skip(str(error))
    return subprocess.run([program, *words], input=stdin, capture_output=True, text=True, cwd=cwd, timeout=60)
