"""Where things are: the project's own files, and everything that is made from them outside the tree."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
CONFIG = HERE / "config"
GO_MODULES = HERE / "go"
IMAGE_SOURCES = HERE / "images"


def cache() -> Path:
    """Return the folder for builds, images and instances; it can be deleted while no instance is up."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "gridfold-testbed"


def instance(name: str) -> Path:
    """Return the folder that holds all of one instance's state."""
    return cache() / "instances" / name
