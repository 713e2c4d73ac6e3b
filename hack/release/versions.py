"""The version, which stands in several files: they must agree."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

#: What PEP 440 and SemVer read alike: Helm wants SemVer of a chart.
_RELEASE = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_IMAGES = "artifacthub.io/images"


def project_version(root: Path) -> str:
    """Return the version of pyproject.toml, which the others have to be."""
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return str(project["project"]["version"])


def disagreements(root: Path) -> list[str]:
    """Return a sentence for each place that has another version than pyproject.toml, or that of no release."""
    version = project_version(root)
    found = []
    if not _RELEASE.fullmatch(version):
        found.append(
            f"pyproject.toml: version is {version}; expected three numbers such as 0.2.0, for Python and Helm alike."
        )
    for place, seen, wanted in _places(root, version):
        if seen != wanted:
            found.append(f"{place} is {seen}, but pyproject.toml has version {version}; expected {wanted}.")
    return found


def _places(root: Path, version: str) -> list[tuple[str, str, str]]:
    """Return (where, what stands there, what has to)."""
    chart = yaml.safe_load((root / "charts/gridfold/Chart.yaml").read_text("utf-8"))
    name = "charts/gridfold/Chart.yaml"
    places = [(f"{name}: {field}", str(chart.get(field)), version) for field in ("version", "appVersion")]
    for image in yaml.safe_load(chart["annotations"][_IMAGES]):
        repository, _, _ = image["image"].rpartition(":")
        places.append((f"{name}: {_IMAGES}, {image['name']}", image["image"], f"{repository}:{version}"))
    heading = re.search(r"^## ([^\s,:]+)", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    return [
        *places,
        ("CHANGELOG.md: the newest heading", f"## {heading[1]}" if heading else "not there", f"## {version}"),
    ]
