"""Requirement files with hashes, of which the images are built: what is in them, read for one Python on Linux."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_MACHINE = re.compile(r"platform_(machine|release|version)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """A package at its one version; pip takes no file but of one of these SHA-256 digests."""

    name: str
    version: str
    sha256: tuple[str, ...]


def read(path: Path, python: str) -> list[Locked]:
    """Return what pip installs of a requirement file under CPython 3.x on Linux.

    A line that cannot be read so is an error, never a package less.
    """
    whole = path.read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in whole.splitlines() if line.strip() and not line.startswith("#")]
    return [package for line in lines if (package := _package(line, _environment(python), path.name))]


def _package(line: str, environment: dict[str, str], file: str) -> Locked | None:
    stated, *_ = line.partition(" --hash=")
    requirement, hashes = Requirement(stated), tuple(sorted(_HASH.findall(line)))
    (pin,) = requirement.specifier or [None]
    if pin is None or pin.operator != "==" or not hashes or len(hashes) != line.count("--hash="):
        raise ValueError(f"{file}: {stated} has no version with SHA-256 digests; run `make lock`.")
    if _MACHINE.search(str(requirement.marker)):
        raise ValueError(f"{file}: {stated} is for some machines only; the images of all architectures share one SBOM.")
    if requirement.marker and not requirement.marker.evaluate(environment):
        return None
    return Locked(canonicalize_name(requirement.name), pin.version, hashes)


def _environment(python: str) -> dict[str, str]:
    """Return what markers may ask for."""
    return {
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "implementation_version": f"{python}.0",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
