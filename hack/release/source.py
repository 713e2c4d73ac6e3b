"""The commit that a release is built of, and its files."""

import os
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path


@dataclass(frozen=True)
class Commit:
    """A commit: its full hash, and when it was made, in seconds since 1970."""

    hash: str
    epoch: int

    @classmethod
    def of(cls, root: Path) -> "Commit":
        """Return the commit that is checked out."""
        name, epoch = git(root, "log", "-1", "--format=%H %ct").split()
        return cls(name, int(epoch))

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.epoch, UTC)

    def environment(self) -> dict[str, str]:
        """Return this process's environment for tools that stamp times: they take the commit's."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return kept | {"SOURCE_DATE_EPOCH": str(self.epoch)}


def git(root: Path, *words: str) -> str:
    """Return what git prints."""
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout


def export(root: Path, commit: Commit, folder: Path) -> None:
    """Write the commit's files, as if its author had checked them out: what git ignores cannot get into a release."""
    settings = ["-c", "tar.umask=0022", "-c", "core.autocrlf=false"]  # whatever the person's own are
    words = ["git", "-C", str(root), *settings, "archive", commit.hash]
    packed = subprocess.run(words, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
