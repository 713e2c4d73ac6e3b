"""What tests install on a machine that lacks it, with an apt-get that counts who calls it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testbed.errors import UnavailableError
from tests.testbed.machine import command

#: Like the real one it refuses to work beside another one; what it installs is there after a moment.
APT_GET = """#!/bin/sh
mkdir busy || { echo "E: Could not get lock" >&2; exit 100; }
echo "$@" >> calls
sleep 0.3
case "$*" in *install*) printf '#!/bin/sh\n' > bin/tool-of-tests; chmod +x bin/tool-of-tests;; esac
rmdir busy
"""
ASK = "from tests.testbed.machine import command; print(command('tool-of-tests', 'package-of-tools'))"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apt-get").write_text(APT_GET.replace("busy", f"{tmp_path}/busy"))
    (tmp_path / "bin/apt-get").chmod(0o755)
    return tmp_path


def test_several_processes_that_lack_a_command_install_it_once(machine: Path) -> None:
    here = str(Path(__file__).parents[2])
    env = {
        **os.environ,
        "PATH": f"{machine}/bin:/usr/bin:/bin",
        "XDG_CACHE_HOME": f"{machine}/cache",
        "PYTHONPATH": here,
    }
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK], cwd=machine, env=env, stdout=-1, stderr=-1, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60) for process in asking]
    assert [process.returncode for process in asking] == [0, 0, 0], said
    assert [out for out, _ in said] == [f"{machine}/bin/tool-of-tests\n"] * 3
    update, install = (machine / "calls").read_text().splitlines()
    assert update == "-q update"
    assert install.endswith(" install package-of-tools")


def test_what_cannot_be_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match="no tool-of-tests on the path, and no apt-get to install package-of-t"):
        command("tool-of-tests", "package-of-tools")
