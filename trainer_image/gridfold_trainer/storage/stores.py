"""Object storage: the ports, and the store that picks an adapter by the URI's scheme."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gridfold_trainer.errors import StorageRefusedError
from gridfold_trainer.storage.local_files import NewDigest

#: Of an object that is read into memory: far above any manifest or cell result.
GET_LIMIT_BYTES = 256 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ObjectStat:
    """What is known of an object without reading it."""

    size: int  #: in bytes
    etag: str  #: changes when the content does; says nothing else. "": the server has no such mark
    #: When it was written, by the server's clock; None: it does not tell, or not everywhere with the same precision.
    modified: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Wanted:
    """What a download must be."""

    limit_bytes: int | None = None  #: refuse more
    etag: str = ""  #: refuse another content than the one of this mark; "": take what is there
    new_digest: NewDigest = hashlib.sha256  #: of what is returned


ANYTHING = Wanted()


@dataclass(frozen=True)
class Unfinished:
    """A write that has begun and not ended, or was broken off: no object yet, though it takes room."""

    uri: str  #: of the object that it was to become
    began: datetime | None  #: or was last written to; None: the server does not tell
    size: int  #: in bytes; 0: the server does not tell
    mark: str  #: tells it from other writes of the same object


class SourceStore(Protocol):
    """Objects that rows are read from, by URI.

    Every method raises the typed errors of `gridfold_trainer.errors` and nothing of the library beneath:
    ObjectMissingError, BucketMissingError, AccessDeniedError, StorageUnreachableError.
    """

    def download(self, uri: str, path: Path, wanted: Wanted = ANYTHING) -> str:
        """Write an object's content to a file, in pieces, and return its digest in hexadecimal.

        Where the connection breaks, it goes on from there, if the object is still the same.

        Raises:
            SourceTooLargeError: it has more bytes than wanted.
            SourceChangedError: it is not, or no longer, the content that is wanted.
        """

    def sha256(self, uri: str) -> str:
        """Return the SHA-256, in hexadecimal, of an object's content, which is read in pieces and not kept."""

    def stat(self, uri: str) -> ObjectStat | None:
        """Return what is known of an object, or None where there is none."""

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the objects whose URIs start with `prefix`, in byte order; pages are fetched as they are needed."""

    def local_path(self, uri: str) -> Path | None:
        """Return the file that an object is, where it is one on this machine that can be mapped."""


class ObjectStore(SourceStore, Protocol):
    """Objects by URI, for reading and writing. Writes are whole or not at all, and the same write may be done twice."""

    def get(self, uri: str, limit_bytes: int = GET_LIMIT_BYTES) -> bytes:
        """Return an object's content.

        Raises:
            ObjectTooLargeError: it has more than `limit_bytes`.
        """

    def put(self, uri: str, content: bytes) -> None:
        """Write an object."""

    def upload(self, uri: str, path: Path) -> None:
        """Write an object from a file, which must not be written to afterwards: it may be the object itself."""

    def delete(self, uri: str) -> None:
        """Remove an object; one that is not there is fine."""

    def blake3(self, uri: str) -> str:
        """Return the BLAKE3 digest, in hexadecimal, of an object's content, which is read in pieces and not kept."""

    def list_uris(self, prefix: str) -> Iterator[str]:
        """Yield the URIs that start with `prefix`, in byte order; pages are fetched as they are needed."""

    def list_unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yield the writes of objects whose URIs start with `prefix` that have not ended."""

    def discard(self, unfinished: Unfinished) -> None:
        """Remove what a write has left; one that has ended meanwhile, or is gone, is fine."""


class RoutedStore:
    """Every URI to the adapter of its scheme; an adapter is made when it is first needed (boto3 is slow to import)."""

    def __init__(self, adapters: dict[str, Callable[[], ObjectStore]]) -> None:
        self._adapters = adapters
        self._made: dict[str, ObjectStore] = {}

    def get(self, uri: str, limit_bytes: int = GET_LIMIT_BYTES) -> bytes:
        """Return an object's content."""
        return self._of(uri).get(uri, limit_bytes)

    def download(self, uri: str, path: Path, wanted: Wanted = ANYTHING) -> str:
        """Write an object's content to a file and return its digest."""
        return self._of(uri).download(uri, path, wanted)

    def sha256(self, uri: str) -> str:
        """Return the SHA-256 of an object's content."""
        return self._of(uri).sha256(uri)

    def blake3(self, uri: str) -> str:
        """Return the BLAKE3 digest of an object's content."""
        return self._of(uri).blake3(uri)

    def put(self, uri: str, content: bytes) -> None:
        """Write an object."""
        self._of(uri).put(uri, content)

    def upload(self, uri: str, path: Path) -> None:
        """Write an object from a file."""
        self._of(uri).upload(uri, path)

    def delete(self, uri: str) -> None:
        """Remove an object."""
        self._of(uri).delete(uri)

    def stat(self, uri: str) -> ObjectStat | None:
        """Return what is known of an object, or None where there is none."""
        return self._of(uri).stat(uri)

    def list_uris(self, prefix: str) -> Iterator[str]:
        """Yield the URIs that start with `prefix`, in byte order."""
        return self._of(prefix).list_uris(prefix)

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the objects whose URIs start with `prefix`, in byte order."""
        return self._of(prefix).list_objects(prefix)

    def list_unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yield the writes of objects whose URIs start with `prefix` that have not ended."""
        return self._of(prefix).list_unfinished(prefix)

    def discard(self, unfinished: Unfinished) -> None:
        """Remove what a write has left."""
        self._of(unfinished.uri).discard(unfinished)

    def local_path(self, uri: str) -> Path | None:
        """Return the file that an object is, where it is one on this machine."""
        return self._of(uri).local_path(uri)

    def _of(self, uri: str) -> ObjectStore:
        scheme = uri.partition(":")[0]
        if scheme not in self._adapters:
            known = ", ".join(f"{name}:" for name in sorted(self._adapters))
            raise StorageRefusedError(f"{uri} has the scheme {scheme!r}; expected one of {known}")
        if scheme not in self._made:
            self._made[scheme] = self._adapters[scheme]()
        return self._made[scheme]
