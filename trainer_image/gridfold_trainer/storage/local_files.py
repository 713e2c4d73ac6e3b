"""Local files of a run, where the only trouble that a user can have is a full disk."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from blake3 import blake3

from gridfold.api.handoff import SCRATCH_BYTES_VARIABLE, SCRATCH_SETTING_VARIABLE, SCRATCH_VARIABLE
from gridfold_trainer.advice import here
from gridfold_trainer.errors import ScratchFullError, ScratchTooSmallError

#: Read at once to be hashed. After every read another thread may hold the interpreter for 5 ms, in which as much again
#: could have been hashed as a read of 8 MiB has.
_HASHED_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 512  # of st_blocks, whatever the disk's own are
_MIB = 2**20
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
        if is_full(error):
            raise ScratchFullError(scratch_full(path.parent, f"no room for {path.name}")) from error
        raise


def is_full(error: OSError) -> bool:
    """Tell whether the operating system says that a disk, or a user's share of it, is full."""
    return error.errno in _NO_ROOM


def scratch_full(folder: Path, what: str) -> str:
    """Return the message of ScratchFullError: what there is no room for, in which folder, and what to do."""
    todo = here(
        cluster="choose nodes with a larger disk in spec.execution.template.nodeSelector, or use less data",
        laptop=f"free some, or let {SCRATCH_VARIABLE} name a folder on a larger disk",
    )
    return f"The disk of the temporary folder {folder} has {what}; {todo}."


def full_somewhere(error: OSError) -> str:
    """Return the message of ScratchFullError where nobody said what was written: it names the fullest folder."""
    named = os.environ.get(SCRATCH_VARIABLE)
    folders = {Path(folder) for folder in (named, tempfile.gettempdir()) if folder}
    fullest = min(folders, key=lambda folder: shutil.disk_usage(folder).free)
    return scratch_full(fullest, f"no room ({error.strerror})")


def check_room(folder: Path, size: int, what: str) -> None:
    """Tell before anything is written whether it will fit.

    Raises:
        ScratchFullError: the disk of `folder` has less room than `size` bytes.
        ScratchTooSmallError: the pod may not write `size` bytes more.
    """
    check_allowance(size, what)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ScratchFullError(scratch_full(folder, f"room for {free} bytes, but {what} needs {size}"))


def check_allowance(size: int, what: str, later: int = 0) -> None:
    """Tell whether this process may write `size` bytes more, where a pod's temporary files are limited.

    `later` is about what comes on top afterwards, which the advice allows for.

    Raises:
        ScratchTooSmallError: it may not. The cluster would end the pod within seconds.
    """
    allowed = os.environ.get(SCRATCH_BYTES_VARIABLE)
    if not allowed:
        return
    used = _used_bytes(Path(os.environ.get(SCRATCH_VARIABLE, tempfile.gettempdir())))
    if used + size > int(allowed):
        least = -(-(used + size + later) // _MIB)
        setting = os.environ.get(SCRATCH_SETTING_VARIABLE, f"the limit is {allowed} bytes")
        beside = f", {size} bytes," if size else ""
        raise ScratchTooSmallError(
            f"With {what}{beside} the temporary files take {used + size} bytes, but {setting}; raise it to "
            f"{least}Mi at least."
        )


def _used_bytes(folder: Path) -> int:
    """Return how much all files below a folder take on the disk."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # it may go meanwhile
                total += os.lstat(Path(parent, name)).st_blocks * _BLOCK_BYTES
    return total


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
