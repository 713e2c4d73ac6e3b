"""Requirement files are read as pip reads them, or not at all."""

import re
from pathlib import Path

import pytest
from hack.release.locks import Locked, read

A, B = "a" * 64, "b" * 64
TWO = f"""\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:{A}
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:{B} \\
    --hash=sha256:{A}
colorama==0.4.6 ; os_name == 'nt' or sys_platform == 'win32' \\
    --hash=sha256:{A}
Zope.Interface==8.1 \\
    --hash=sha256:{A}
"""


def lock(folder: Path, text: str) -> Path:
    path = folder / "lock.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("python", "numpy"), [("3.11", Locked("numpy", "2.4.6", (A,))), ("3.12", Locked("numpy", "2.5.5", (A, B)))]
)
def test_of_a_package_with_markers_the_one_of_that_python_on_linux_is_read(
    python: str, numpy: Locked, tmp_path: Path
) -> None:
    assert read(lock(tmp_path, TWO), python) == [numpy, Locked("zope-interface", "8.1", (A,))]


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.5.5",
        f"numpy>=2.5.5 --hash=sha256:{A}",
        f"numpy --hash=sha256:{A}",
        f"numpy==2.5.5 --hash=sha512:{A}{B}",
        f"numpy==2.5.5 --hash=sha256:{A} --hash=md5:{B}",
    ],
)
def test_a_line_without_one_version_and_sha_256_digests_alone_is_refused(line: str, tmp_path: Path) -> None:
    stated = re.escape(line.partition(" --")[0])
    with pytest.raises(ValueError, match=rf"lock\.txt: {stated} has no version with SHA-256 digests; run `make lock`"):
        read(lock(tmp_path, line), "3.12")


def test_a_package_of_some_machines_only_is_refused_and_never_left_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is for some machines only"):
        read(lock(tmp_path, f"uvloop==1.0 ; platform_machine == 'x86_64' --hash=sha256:{A}"), "3.12")
