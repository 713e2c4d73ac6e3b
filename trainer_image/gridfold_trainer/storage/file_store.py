"""Objects as files of this machine: a laptop's store."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from gridfold_trainer.errors import (
    AccessDeniedError,
    ObjectMissingError,
    ObjectTooLargeError,
    SourceChangedError,
    SourceTooLargeError,
    StorageRefusedError,
    StorageUnreachableError,
)
from gridfold_trainer.storage.downloads import changed, too_large
from gridfold_trainer.storage.file_writing import PART_SUFFIX, object_of, written
from gridfold_trainer.storage.local_files import blake3_of, copy_hashed, sha256_of
from gridfold_trainer.storage.stores import ANYTHING, CHUNK_BYTES, GET_LIMIT_BYTES, ObjectStat, Unfinished, Wanted


class FileStore:
    """`file:` URIs: the path as it stands; a relative one starts from the folder of the job's YAML file."""

    def __init__(self, base_folder: Path | None) -> None:
        """Open the store; without a base folder (that is, in a cluster) every call is refused."""
        self._base_folder = base_folder

    def get(self, uri: str, limit_bytes: int = GET_LIMIT_BYTES) -> bytes:
        """Return an object's content."""
        with self._translated(uri), self.local_path(uri).open("rb") as file:
            content = file.read(limit_bytes + 1)
        if len(content) > limit_bytes:
            raise ObjectTooLargeError(f"{uri} has more than {limit_bytes} bytes, which is no file of Gridfold.")
        return content

    def download(self, uri: str, path: Path, wanted: Wanted = ANYTHING) -> str:
        """Copy an object to a file and return its digest."""
        found = self.stat(uri)
        if found is not None and wanted.limit_bytes is not None and found.size > wanted.limit_bytes:
            raise SourceTooLargeError(too_large(uri, wanted.limit_bytes))
        if found is not None and wanted.etag not in {"", found.etag}:
            raise SourceChangedError(changed(uri))
        with self._translated(uri), self.local_path(uri).open("rb") as source:
            return copy_hashed(iter(lambda: source.read(CHUNK_BYTES), b""), path, wanted.new_digest)

    def sha256(self, uri: str) -> str:
        """Return the SHA-256 of an object's content."""
        with self._translated(uri):
            return sha256_of(self.local_path(uri))

    def blake3(self, uri: str) -> str:
        """Return the BLAKE3 digest of an object's content."""
        with self._translated(uri):
            return blake3_of(self.local_path(uri))

    def put(self, uri: str, content: bytes) -> None:
        """Write an object."""
        with written(uri, self.local_path(uri)) as part:
            part.write_bytes(content)

    def upload(self, uri: str, path: Path) -> None:
        """Make a file an object: by a second name of it where that can be, else by a copy."""
        if not path.is_file():
            raise ObjectMissingError(f"{uri} cannot be written: {path}, which it is made of, does not exist.")
        with written(uri, self.local_path(uri)) as part:
            try:
                part.hardlink_to(path)
            except OSError:  # another disk, or one without hard links
                shutil.copyfile(path, part)

    def delete(self, uri: str) -> None:
        """Remove a file, and the folders that held nothing else: they are but a part of its name."""
        path = self.local_path(uri)
        with self._translated(uri, "removed"):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            for folder in islice(path.parents, 2):
                folder.rmdir()

    def stat(self, uri: str) -> ObjectStat | None:
        """Return size and a mark that changes with every write, or None where there is no such file."""
        with self._translated(uri):
            try:
                found = self.local_path(uri).stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        mark = f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
        return ObjectStat(found.st_size, mark, datetime.fromtimestamp(found.st_mtime, UTC))

    def list_uris(self, prefix: str) -> Iterator[str]:
        """Yield the URIs of files that start with `prefix`, in byte order; folders below are walked."""
        yield from (uri for uri in self._files(prefix) if not uri.endswith(PART_SUFFIX))

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the files that start with `prefix`, in byte order; folders below are walked."""
        for uri in self.list_uris(prefix):
            found = self.stat(uri)
            if found is not None:
                yield uri, found

    def list_unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yield the files that `written` has begun and not put into their place."""
        for part in self._files(prefix):
            found = self.stat(part) if part.endswith(PART_SUFFIX) else None
            if found is not None:
                yield Unfinished(object_of(part), found.modified, found.size, part)

    def discard(self, unfinished: Unfinished) -> None:
        """Remove such a file; one that is not there is fine."""
        self.delete(unfinished.mark)

    def local_path(self, uri: str) -> Path:
        """Return the file itself."""
        if self._base_folder is None:
            raise StorageRefusedError(
                f"{uri} is a file of the machine where `gridfold run` is typed; in a cluster, use s3://bucket/key.",
            )
        path = uri.removeprefix("file:")
        return self._base_folder / (path[2:] if path.startswith("///") else path)

    def _files(self, prefix: str) -> list[str]:
        """Return the URIs of all files that start with `prefix`, those that are being written too, in byte order."""
        folder, slash, _ = prefix.rpartition("/")
        shown = folder + slash if slash else "file:"
        with self._translated(prefix):
            top = self.local_path(shown)
            files = [f"{shown}{path.relative_to(top)}" for path in top.rglob("*") if path.is_file()]
        return sorted((uri for uri in files if uri.startswith(prefix)), key=os.fsencode)

    @contextmanager
    def _translated(self, uri: str, what: str = "read") -> Iterator[None]:
        """Turn what the operating system says into the typed errors of the port."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ObjectMissingError(f"{uri} does not exist (looked for {self.local_path(uri)}).") from error
        except IsADirectoryError as error:
            raise ObjectMissingError(f"{uri} is a folder; expected a file ({self.local_path(uri)}).") from error
        except PermissionError as error:
            raise AccessDeniedError(
                f"{uri} may not be {what} by this user ({self.local_path(uri)}: {error.strerror})."
            ) from error
        except OSError as error:
            raise StorageUnreachableError(f"{uri} could not be {what}: {error.strerror}.") from error
