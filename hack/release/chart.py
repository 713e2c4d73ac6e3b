"""The chart as a package."""

import gzip
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from hack.release.source import Commit


def package(sources: Path, folder: Path, commit: Commit, helm: str) -> Path:
    """Have Helm package the chart, which it judges first, and pack the same files again without times of today."""
    words = [helm, "package", str(sources / "charts/gridfold"), "--destination", str(folder)]
    subprocess.run(words, check=True, capture_output=True, text=True)
    (packed,) = folder.glob("*.tgz")
    packed.write_bytes(repack(packed.read_bytes(), commit.epoch))
    return packed


def repack(packed: bytes, epoch: int) -> bytes:
    """Return the same files in the order of their names, all of one time and of nobody."""
    plain = BytesIO()
    with (
        tarfile.open(fileobj=BytesIO(packed)) as old,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as new,
    ):
        for member in sorted(filter(tarfile.TarInfo.isfile, old), key=lambda member: member.name):
            fresh = tarfile.TarInfo(member.name)
            fresh.size, fresh.mtime, fresh.mode = member.size, epoch, 0o644
            new.addfile(fresh, old.extractfile(member))
    return gzip.compress(plain.getvalue(), mtime=epoch)
