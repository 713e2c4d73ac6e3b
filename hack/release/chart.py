"""The chart as a package."""

import gzip
import subprocess
from io import BytesIO
from pathlib import Path

from hack.release.archives import rewrite
from hack.release.source import Commit


def package(sources: Path, folder: Path, commit: Commit, helm: str) -> None:
    """Have Helm package the chart, which it judges first, and pack the same files again without times of today."""
    words = [helm, "package", str(sources / "charts/gridfold"), "--destination", str(folder)]
    subprocess.run(words, check=True, capture_output=True, text=True)
    (packed,) = folder.glob("*.tgz")
    plain = BytesIO()
    rewrite(packed, plain, commit.epoch)
    packed.write_bytes(gzip.compress(plain.getvalue(), mtime=commit.epoch))
