"""Writing objects that are files of this machine, and what is said where that is not possible."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridfold_trainer.errors import (
    AccessDeniedError,
    OutputFullError,
    StorageRefusedError,
    StorageUnreachableError,
    TrainerError,
)
from gridfold_trainer.storage.local_files import is_full

#: Of files that are being written; `list_uris` does not show them.
PART_SUFFIX = ".gridfold-part"
#: The end of a sentence.
ELSEWHERE = "name another folder in spec.output (or: gridfold run --output FOLDER)"
_NO_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOENT, errno.EISDIR, errno.ELOOP}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT, errno.ELOOP}


@contextmanager
def written(uri: str, path: Path) -> Iterator[Path]:
    """Give a name to write to, and put what was written in place of `path` at once.

    Raises:
        StorageRefusedError: a file is where a folder is needed, or the other way round; or the name cannot be one.
        AccessDeniedError: this user may not write there.
        OutputFullError: the disk is full.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise _told(error, uri, path) from error
    finally:
        _remove(part)


def object_of(part: str) -> str:
    """Return the URI of the object that a file which `written` has begun was to become."""
    return part.removesuffix(PART_SUFFIX).rpartition(".")[0]


def why_unwritable(uri: str, folder: Path) -> str | None:
    """Return why nothing could be written below a folder, which need not be there yet; None where it could."""
    for place in (folder, *folder.parents):
        if place.is_dir():
            return None if os.access(place, os.W_OK | os.X_OK) else _denied(uri, place, "Permission denied")
        if place.exists() or place.is_symlink():
            return _in_the_way(uri, place)
    return None


def _told(error: OSError, uri: str, path: Path) -> TrainerError:
    if is_full(error):
        return OutputFullError(
            f"{uri} cannot be written: the disk of {path.parent} is full ({error.strerror}); free some room, or "
            f"{ELSEWHERE} on a larger disk."
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return AccessDeniedError(_denied(uri, path.parent, str(error.strerror)))
    if error.errno in _IN_THE_WAY:
        if path.is_dir():
            return StorageRefusedError(f"{uri} cannot be written: {path} is a folder; remove it.")
        for place in reversed(path.parents):
            if (place.exists() or place.is_symlink()) and not place.is_dir():
                return StorageRefusedError(_in_the_way(uri, place))
    if error.errno in _NO_NAME:
        return StorageRefusedError(f"{uri} cannot be written: {error.strerror} ({path}); {ELSEWHERE}.")
    return StorageUnreachableError(f"{uri} could not be written: {error.strerror} ({path}).")


def _in_the_way(uri: str, place: Path) -> str:
    return f"{uri} cannot be written: {place} is a file, and a folder is needed there; remove it, or {ELSEWHERE}."


def _denied(uri: str, folder: Path, why: str) -> str:
    return f"{uri} cannot be written: this user may not write in {folder} ({why}); {ELSEWHERE}."


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:  # what kept it from being written keeps it from being there
        return
