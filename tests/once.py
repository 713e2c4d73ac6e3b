"""What is computed once for a whole test run, though every process that runs tests has fixtures of its own."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """Return a folder that the first process to ask has filled; who asks meanwhile waits. It is to be read only."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, whole = root / name, root / f"{name}.whole"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
            folder.mkdir()
            fill(folder)
            whole.touch()
    return folder


def once_told(factory: pytest.TempPathFactory, name: str, compute: Callable[[], Any]) -> Any:
    """Return what the first process to ask has computed, as JSON has it."""

    def fill(folder: Path) -> None:
        (folder / "told.json").write_text(json.dumps(compute()), encoding="utf-8")

    return json.loads((once(factory, name, fill) / "told.json").read_text(encoding="utf-8"))
