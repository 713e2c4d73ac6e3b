"""promtool, of Debian's package prometheus, which judges metrics and rules as Prometheus does."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.testbed import machine


def promtool(*words: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool and return how that went; where it is missing and cannot be installed, skip the test."""
    if shutil.which("promtool") is None:
        if shutil.which("apt-get") is None:
            pytest.skip("There is no promtool on the path, and no apt-get to install it with (package prometheus).")
        machine.install("prometheus")
    return subprocess.run(["promtool", *words], input=stdin, capture_output=True, text=True, cwd=cwd, timeout=60)
