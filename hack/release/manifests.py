"""The chart as plain manifests, for clusters without Helm."""

import subprocess
import sys
from pathlib import Path


def write(sources: Path, folder: Path, registry: str, version: str, helm: str) -> None:
    """Have the script behind `make manifests` write them, with the release's images."""
    words = [sources / "hack/manifests.py", registry, version, "--folder", folder, "--helm", helm]
    subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True, text=True)
