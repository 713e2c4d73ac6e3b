"""The wheel and the sdist."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hack.release.source import Commit


@dataclass(frozen=True)
class Distributions:
    """Where both are."""

    wheel: Path
    sdist: Path


def build(sources: Path, folder: Path, commit: Commit) -> Distributions:
    """Build both with hatchling as requirements/build.txt pins it; it takes times from SOURCE_DATE_EPOCH."""
    words = ["-m", "build", "--wheel", "--sdist", "--no-isolation", "--outdir", str(folder), str(sources)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True, env=commit.environment())
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Distributions(wheel, sdist)
