"""Building the programs from their pinned Go modules, once per set of pins."""

import hashlib
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import paths
from tests.testbed.pins import Pins, Tool, pins
from tests.testbed.shell import lock, run

KUBE_NAMES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)


@dataclass(frozen=True)
class Target:
    """One Go module here, and what is built of it."""

    name: str
    package: str = "."
    ldflags: str = "-s -w"
    names: tuple[str, ...] = ()
    module: str = ""
    copies: tuple[str, ...] = ()  # files of the module that are needed at run time, as patterns

    @property
    def folder(self) -> Path:
        return paths.GO_MODULES / self.name

    def key(self) -> str:
        """Return the digest of all that determines the result."""
        digest = hashlib.sha256(f"{self.package} {self.ldflags} {self.copies}".encode())
        for file in sorted([*self.folder.glob("go.*"), *self.folder.glob("*.go")]):
            digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
        return digest.hexdigest()[:16]

    def output(self) -> Path:
        return paths.cache() / "build" / f"{self.name}-{self.key()}"


def targets(pinned: Pins) -> list[Target]:
    """Return everything to build, the longest first."""
    tools = [_tool(tool) for tool in pinned.tools if not tool.on_demand]
    return [Target("kube", ldflags=_kube_ldflags(pinned.kubernetes), names=KUBE_NAMES), *tools, pause()]


def _tool(tool: Tool) -> Target:
    copies = {
        "karpenter": ("kwok/charts/crds/*.yaml", "kwok/apis/crds/*.yaml"),
        "kueue": ("config/components/crd/bases/*.yaml", "config/components/webhook/manifests.yaml"),
    }
    return Target(tool.name, tool.package, names=(tool.name,), module=tool.module, copies=copies.get(tool.name, ()))


def pause() -> Target:
    """Return the process of the pause image."""
    return Target("pause", names=("pause",))


def cel() -> Target:
    """Return what evaluates expressions of CEL, for tests that need no cluster."""
    return Target("cel", names=("cel",))


def _kube_ldflags(version: str) -> str:
    """Stamp the version: without it /version says v0.0.0-master and Helm's kubeVersion check misbehaves."""
    major, minor, _ = version.split(".")
    stamp = {
        "k8s.io/component-base/version.gitVersion": f"v{version}",
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
        "k8s.io/component-base/version.gitCommit": "0",
        "k8s.io/component-base/version.gitTreeState": "clean",
        "k8s.io/component-base/version.buildDate": "2026-01-01T00:00:00Z",
        "k8s.io/client-go/pkg/version.gitVersion": f"v{version}",
    }
    return "-s -w " + " ".join(f"-X {name}={value}" for name, value in stamp.items())


def build() -> Path:
    """Return the folder with every program, building what is not there yet (minutes when all is cold)."""
    wanted = targets(pins())
    bin_dir = paths.cache() / "bin" / hashlib.sha256(" ".join(t.key() for t in wanted).encode()).hexdigest()[:16]
    with lock(paths.cache() / "locks" / "build"):
        for target in wanted:
            if not target.output().exists():
                _build(target)
        if not bin_dir.exists():
            _link(bin_dir, wanted)
    return bin_dir


def build_on_demand(name: str) -> Path:
    """Return the folder with the program `name` and what of its module is kept beside it, built if it is not there."""
    return build_one(next(_tool(tool) for tool in pins().tools if tool.name == name))


def build_one(target: Target) -> Path:
    """Return the folder with one program, built if it is not there."""
    with lock(paths.cache() / "locks" / "build"):
        if not target.output().exists():
            _build(target)
    return target.output()


def _link(bin_dir: Path, wanted: list[Target]) -> None:
    """Put all programs under one folder by their own names; the folder appears whole or not at all."""
    fresh = bin_dir.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for target in wanted:
        for name in target.names:
            (fresh / name).symlink_to(target.output() / target.name)
    fresh.rename(bin_dir)


def _build(target: Target) -> None:
    started = time.monotonic()
    print(f"testbed: building {target.name} …", file=sys.stderr, flush=True)
    fresh = target.output().with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    env = dict(os.environ) | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
    flags = ["-trimpath", "-mod=readonly", "-ldflags", target.ldflags, "-o", str(fresh / target.name)]
    go = ["nice", "go"] if shutil.which("nice") else ["go"]
    run([*go, "build", *flags, target.package], env=env, cwd=target.folder, timeout_seconds=3000)
    for pattern in target.copies:
        _copy_from_module(target, pattern, fresh, env)
    fresh.rename(target.output())
    print(f"testbed: built {target.name} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _copy_from_module(target: Target, pattern: str, into: Path, env: dict[str, str]) -> None:
    """Keep files beside the program, so that an instance needs no module cache."""
    listed = run(["go", "list", "-mod=readonly", "-m", "-json", target.module], env=env, cwd=target.folder)
    for file in sorted(Path(json.loads(listed)["Dir"]).glob(pattern)):
        shutil.copy(file, into / file.name)
        (into / file.name).chmod(0o644)


def module_file(name: str, pattern: str) -> list[Path]:
    """Return the files that were kept beside the program `name`."""
    target = next(t for t in targets(pins()) if t.name == name)
    return sorted(target.output().glob(pattern))
