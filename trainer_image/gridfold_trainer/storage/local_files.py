"""Local files, where the only trouble that a user can have is a full disk."""

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from blake3 import blake3

from gridfold_trainer.errors import ScratchFullError

#: Read at once to be hashed. After every read another thread may hold the interpreter for 5 ms, in which as much again
#: could have been hashed as a read of 8 MiB has.
_HASHED_BYTES = 16 * 1024 * 1024
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Digest(Protocol):
    """A cryptographic digest in the making, as hashlib has them.

    SHA-256 for what users pin, BLAKE3 for files of our own: as safe, and it costs a fifth.
    """

    def update(self, data: bytes, /) -> object:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""


NewDigest = Callable[[], Digest]


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Turn "no space left" into what to do about it.

    Raises:
        ScratchFullError: the disk of `path` is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise ScratchFullError(
                f"The disk has no room for {path.name} ({error.strerror}); give the pod more ephemeral storage, or on "
                f"a laptop point GRIDFOLD_SCRATCH to a larger disk."
            ) from error
        raise


def check_room(folder: Path, size: int, what: str) -> None:
    """Tell before anything is written whether it will fit.

    Raises:
        ScratchFullError: the disk of `folder` has less room than `size` bytes.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ScratchFullError(
            f"{what} needs {size} bytes of disk, but {folder} has room for {free}; give the pod more ephemeral "
            f"storage, or on a laptop point GRIDFOLD_SCRATCH to a larger disk."
        )


def copy_hashed(chunks: Iterator[bytes], path: Path, new_digest: NewDigest = hashlib.sha256) -> str:
    """Write chunks to a file, which is replaced, and return their digest in hexadecimal."""
    digest = new_digest()
    with room_for(path), path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def hash_chunks(chunks: Iterator[bytes], new_digest: NewDigest = hashlib.sha256) -> str:
    """Return the digest, in hexadecimal, of chunks."""
    digest = new_digest()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256, in hexadecimal, of a file; other threads can work meanwhile."""
    state, buffer = hashlib.sha256(), memoryview(bytearray(_HASHED_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            state.update(buffer[:count])
    return state.hexdigest()


def blake3_of(path: Path) -> str:
    """Return the BLAKE3 digest, in hexadecimal, of a file of our own: through a map, as it is used afterwards."""
    return blake3().update_mmap(path).hexdigest()
