"""Local files, where the only trouble that a user can have is a full disk."""

import errno
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridfold_trainer.errors import ScratchFullError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


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


def copy_hashed(chunks: Iterator[bytes], path: Path) -> str:
    """Write chunks to a file, which is replaced, and return their SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with room_for(path), path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def hash_chunks(chunks: Iterator[bytes]) -> str:
    """Return the SHA-256, in hexadecimal, of chunks."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
