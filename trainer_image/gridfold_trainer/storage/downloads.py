"""Downloads that go on where they broke off."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gridfold.api.handoff import SOURCE_BYTES_VARIABLE
from gridfold_trainer.advice import here
from gridfold_trainer.errors import SourceChangedError, SourceTooLargeError, StorageUnreachableError
from gridfold_trainer.storage.local_files import room_for
from gridfold_trainer.storage.stores import CHUNK_BYTES, Wanted
from gridfold_trainer.storage.waiting import Outage, Waiting


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for."""

    connect_seconds: float = 10
    read_seconds: float = 60  #: between two bytes
    attempts: int = 3  #: of one request; the library backs off in between
    body_attempts: int = 4  #: in a row that brought nothing new, of a download whose body broke off
    back_off_seconds: float = 1  #: doubled after each of them
    waiting: Waiting = Waiting()  # noqa: RUF009 (frozen): how long after these for a server that is away


@dataclass(frozen=True)
class Body:
    """An answer that is being read."""

    chunks: Iterator[bytes]
    start: int  #: position in the object of the first byte
    etag: str  #: mark of the content; "" where the server has none, and then nothing can go on from the middle
    size: int | None  #: of the whole object, in bytes, where the server tells


#: Ask for an object from a position on, of a certain mark ("": any). What breaks is StorageUnreachableError.
OpenBody = Callable[[int, str], AbstractContextManager[Body]]


def too_large(uri: str, limit_bytes: int) -> str:
    """Return the message of SourceTooLargeError."""
    return f"{uri} has more than {limit_bytes} bytes, the limit of one source; divide it, or {raise_limit()}."


def raise_limit() -> str:
    """Return how the limit of one source is raised."""
    return here(
        cluster="have the platform raise its setting trainer.sources.maxBytes",
        laptop=f"set {SOURCE_BYTES_VARIABLE} to more bytes",
    )


def changed(uri: str) -> str:
    """Return the message of SourceChangedError."""
    return f"{uri} was replaced by another object while it was being read; it is read anew in the next attempt."


def download_resumed(uri: str, open_body: OpenBody, path: Path, wanted: Wanted, patience: Patience) -> str:
    """Write an object to a file and return its digest in hexadecimal.

    Raises:
        StorageUnreachableError: it broke off too many times in a row without anything new.
    """
    with room_for(path), path.open("wb") as file:
        return _Download(uri, open_body, file, wanted).run(patience)


class _Download:
    def __init__(self, uri: str, open_body: OpenBody, file: BinaryIO, wanted: Wanted) -> None:
        self._uri, self._open_body, self._file, self._wanted = uri, open_body, file, wanted
        self._etag = wanted.etag
        self._digest = wanted.new_digest()

    def run(self, patience: Patience) -> str:
        failures, farthest, outage = 0, 0, Outage(patience.waiting)
        while True:
            try:
                self._read_on()
                outage.over()
                return self._digest.hexdigest()
            except SourceChangedError:
                raise
            except StorageUnreachableError as error:
                reached = self._file.tell()
                if reached >= farthest + CHUNK_BYTES:
                    failures = 0
                    outage.over()
                failures += 1
                farthest = max(farthest, reached)
                if failures >= patience.body_attempts:
                    outage.wait(error)
                else:
                    time.sleep(patience.back_off_seconds * 2 ** (failures - 1))

    def _read_on(self) -> None:
        begin = self._file.tell() if self._etag else 0
        with self._open_body(begin, self._etag) as body:
            if self._etag and body.etag != self._etag:
                raise SourceChangedError(changed(self._uri))
            self._etag = body.etag
            self._check_size(body.size or 0)
            if body.start != self._file.tell():
                self._start_over(body.start)
            for chunk in body.chunks:
                self._check_size(self._file.tell() + len(chunk))
                self._file.write(chunk)
                self._digest.update(chunk)

    def _start_over(self, start: int) -> None:
        if start:
            raise StorageUnreachableError(f"{self._uri}: the server sends bytes from {start} on, which were not asked.")
        self._file.seek(0)
        self._file.truncate()
        self._digest = self._wanted.new_digest()

    def _check_size(self, size: int) -> None:
        limit = self._wanted.limit_bytes
        if limit is not None and size > limit:
            raise SourceTooLargeError(too_large(self._uri, limit))
