"""Folders of finished jobs: on this machine, or in object storage that this process may read."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from gridfold.api.v1alpha1 import Storage
from gridfold_trainer.errors import ObjectMissingError, TrainerError
from gridfold_trainer.storage.opening import StoreAccess, open_store
from gridfold_trainer.storage.stores import ObjectStore

FILE, S3 = "file:", "s3:"


class Folder(Protocol):
    """A folder that can be read."""

    @property
    def name(self) -> str:
        """Return what a person calls it."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None where there is none."""

    def child(self, path: str) -> "Folder":
        """Return the folder at a relative path."""


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """Return its path."""
        return str(self.path)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None where there is none."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def child(self, path: str) -> "LocalFolder":
        """Return the folder at a relative path."""
        return LocalFolder(self.path / path)


@dataclass(frozen=True)
class StoredFolder:
    """A prefix in object storage, with its slash."""

    uri: str
    store: ObjectStore

    @property
    def name(self) -> str:
        """Return its URI."""
        return self.uri

    def read(self, name: str) -> bytes | None:
        """Return the content of an object, None where there is none."""
        with tempfile.TemporaryDirectory(prefix="gridfold-") as scratch:
            path = Path(scratch) / "object"
            try:
                self.store.download(f"{self.uri}{name}", path)
            except ObjectMissingError:
                return None
            except TrainerError as error:
                raise OSError(str(error)) from error
            return path.read_bytes()

    def child(self, path: str) -> "StoredFolder":
        """Return the folder at a relative path."""
        return StoredFolder(f"{self.uri}{path.strip('/')}/", self.store)


def folder_at(location: str | os.PathLike[str], storage: Storage) -> Folder:
    """Return the folder at a path, or at a `file:` or `s3:` URI.

    Credentials are found as the SDK finds them: in the environment, its profile, or the machine's identity.

    Raises:
        ValueError: it is a URI of something else.
    """
    text = os.fspath(location)
    if text.startswith(S3):
        access = StoreAccess.of_environment(os.environ, Path.cwd())
        return StoredFolder(f"{text.rstrip('/')}/", open_store(storage, access))
    if text.startswith(FILE):
        text = unquote(text.removeprefix(FILE).removeprefix("//"))
    elif "://" in text:
        raise ValueError(f"{text} cannot be opened; expected a folder of this machine, a file: URI or an s3:// URI")
    return LocalFolder(Path(text).expanduser())
