"""A store that waits for a server that is away, instead of giving up."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from gridfold_trainer.errors import StorageUnreachableError
from gridfold_trainer.storage.stores import (
    ANYTHING,
    GET_LIMIT_BYTES,
    ObjectStat,
    ObjectStore,
    SourceStore,
    Unfinished,
    Wanted,
)
from gridfold_trainer.storage.waiting import Outage, Waiting

Result = TypeVar("Result")


class PatientSource:
    """Every request of a store for reading is tried again as long as `waiting` says."""

    def __init__(self, store: SourceStore, waiting: Waiting) -> None:
        self._source, self._waiting = store, waiting

    def download(self, uri: str, path: Path, wanted: Wanted = ANYTHING) -> str:
        """Write an object's content to a file; it waits by itself, and goes on where it broke off."""
        return self._source.download(uri, path, wanted)

    def sha256(self, uri: str) -> str:
        """Return the SHA-256 of an object's content."""
        return self._patiently(lambda: self._source.sha256(uri))

    def stat(self, uri: str) -> ObjectStat | None:
        """Return what is known of an object, or None where there is none."""
        return self._patiently(lambda: self._source.stat(uri))

    def list_objects(self, prefix: str) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the objects whose URIs start with `prefix`; a listing that broke off begins anew, behind the last."""
        return self._listed(lambda: self._source.list_objects(prefix))

    def local_path(self, uri: str) -> Path | None:
        """Return the file that an object is, where it is one on this machine."""
        return self._source.local_path(uri)

    def _patiently(self, ask: Callable[[], Result]) -> Result:
        outage = Outage(self._waiting)
        while True:
            try:
                found = ask()
            except StorageUnreachableError as error:
                outage.wait(error)
            else:
                outage.over()
                return found

    def _listed(self, begin: Callable[[], Iterator[Result]]) -> Iterator[Result]:
        outage, yielded = Outage(self._waiting), 0
        while True:
            try:
                for number, item in enumerate(begin()):
                    if number >= yielded:
                        outage.over()
                        yielded = number + 1
                        yield item
                return
            except StorageUnreachableError as error:
                outage.wait(error)


class PatientStore(PatientSource):
    """The same for a store that is written to, too."""

    def __init__(self, store: ObjectStore, waiting: Waiting) -> None:
        super().__init__(store, waiting)
        self._store = store

    def get(self, uri: str, limit_bytes: int = GET_LIMIT_BYTES) -> bytes:
        """Return an object's content."""
        return self._patiently(lambda: self._store.get(uri, limit_bytes))

    def put(self, uri: str, content: bytes) -> None:
        """Write an object."""
        self._patiently(lambda: self._store.put(uri, content))

    def upload(self, uri: str, path: Path) -> None:
        """Write an object from a file."""
        self._patiently(lambda: self._store.upload(uri, path))

    def delete(self, uri: str) -> None:
        """Remove an object."""
        self._patiently(lambda: self._store.delete(uri))

    def blake3(self, uri: str) -> str:
        """Return the BLAKE3 digest of an object's content."""
        return self._patiently(lambda: self._store.blake3(uri))

    def list_uris(self, prefix: str) -> Iterator[str]:
        """Yield the URIs that start with `prefix`."""
        return self._listed(lambda: self._store.list_uris(prefix))

    def list_unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yield the writes of objects whose URIs start with `prefix` that have not ended."""
        return self._listed(lambda: self._store.list_unfinished(prefix))

    def discard(self, unfinished: Unfinished) -> None:
        """Remove what a write has left."""
        self._patiently(lambda: self._store.discard(unfinished))
