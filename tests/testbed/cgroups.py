"""The cgroup folder under which an instance's pods live; it must exist before kubelet starts, and go at the end."""

import contextlib
import os
from pathlib import Path

from tests.testbed.waiting import wait_until

ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("cpu", "cpuset", "memory", "pids")


def _hierarchies() -> list[Path]:
    """Return the roots of all trees: one with cgroup v2, one a controller with v1."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()] if ROOT.exists() else []


def create(name: str) -> None:
    """Make the folder in every tree; with v2, hand the controllers down to it."""
    for root in _hierarchies():
        (root / name).mkdir(exist_ok=True)
        if (root / "cgroup.controllers").exists() and root == ROOT:
            for folder in (root, root / name):
                for controller in _CONTROLLERS:
                    with contextlib.suppress(OSError):  # not on this machine, or already handed down
                        (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def memory_folders(pid: int) -> list[str]:
    """Return the folder of the cgroup that bounds a process' memory; none where there is no such process."""
    with contextlib.suppress(OSError):
        for line in Path("/proc", str(pid), "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(","):
                return [f"{ROOT}/memory{path}"]
            if not controllers and (ROOT / "cgroup.controllers").exists():
                return [f"{ROOT}{path}"]
    return []


def leftovers(name: str) -> list[Path]:
    """Return the folders of that name that are still there."""
    return [root / name for root in _hierarchies() if (root / name).exists()]


def remove(name: str) -> None:
    """Remove the folder and all below it; its processes have been ended before."""

    def missing() -> str | None:
        for top in leftovers(name):
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):  # busy for a moment after its last process ended
                    Path(folder).rmdir()
        left = leftovers(name)
        return f"Still there: {', '.join(map(str, left))}." if left else None

    wait_until(missing, timeout_seconds=30, what=f"Removing the cgroup {name}")
