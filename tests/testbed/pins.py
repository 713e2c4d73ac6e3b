"""The pinned versions, read from the one file that holds them and held against the Go modules."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.testbed.errors import TestbedError
from tests.testbed.paths import GO_MODULES, HERE


@dataclass(frozen=True)
class Tool:
    """A program built from a Go module as it is."""

    name: str
    package: str
    module: str
    version: str
    on_demand: bool = False  # no part of a cluster, so that its version does not tell one cluster from another


@dataclass(frozen=True)
class Pins:
    """What `versions.toml` says."""

    kubernetes: str
    etcd: str
    tools: tuple[Tool, ...]
    base_suite: str
    base_packages: tuple[str, ...]


@cache
def pins() -> Pins:
    """Read the versions; refuse a go.mod that says otherwise."""
    data = tomllib.loads((HERE / "versions.toml").read_text())
    found = Pins(
        kubernetes=data["kube"]["kubernetes"],
        etcd=data["kube"]["etcd"],
        tools=tuple(Tool(name=name, **entry) for name, entry in data["tools"].items()),
        base_suite=data["base"]["suite"],
        base_packages=tuple(data["base"]["packages"]),
    )
    _check(GO_MODULES / "kube", "k8s.io/kubernetes", f"v{found.kubernetes}")
    _check(GO_MODULES / "kube", "go.etcd.io/etcd/server/v3", f"v{found.etcd}")
    for tool in found.tools:
        _check(GO_MODULES / tool.name, tool.module, tool.version)
    return found


def _check(folder: Path, module: str, version: str) -> None:
    """Raise if the go.mod in `folder` requires another version of `module`."""
    match = re.search(rf"^(?:require )?\s*{re.escape(module)} (v\S+)", (folder / "go.mod").read_text(), re.MULTILINE)
    seen = match.group(1) if match else "nothing"
    if seen != version:
        raise TestbedError(
            f"{folder.name}/go.mod requires {module} at {seen}, but versions.toml says {version}; "
            f"make them agree and run `go mod tidy` in that folder."
        )
