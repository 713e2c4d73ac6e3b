"""Writing a prepared data set: column by column into a mapped file, then to object storage, unless it is there."""

import io
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridfold_trainer.context import Context
from gridfold_trainer.errors import ObjectMissingError
from gridfold_trainer.local_files import hash_chunks, room_for
from gridfold_trainer.prepared import (
    MANIFEST,
    MANIFEST_BYTES,
    MATRIX,
    TARGET,
    Column,
    ColumnFacts,
    Manifest,
    PartFacts,
    digest_of,
    folder_uri,
)
from gridfold_trainer.stores import CHUNK_BYTES, ObjectStore
from gridfold_trainer.targets import Target

log = logging.getLogger("gridfold")

#: Of an .npy file of two axes: numpy pads the header to a multiple of 64 bytes.
_HEADER_BYTES = 128


@dataclass(frozen=True)
class Draft:
    """A data set that is complete but not stored yet."""

    matrix: Path  #: X.npy
    columns: tuple[Column, ...]
    target_name: str
    target: Target
    positive: int | None


class MatrixWriter:
    """Writes X.npy column by column, so that the matrix is never in memory.

    By plain writes, not through a map: where the disk is full, a map ends the process without a word.
    """

    def __init__(self, path: Path, rows: int) -> None:
        self.path = path
        self._rows = rows
        self._columns = 0
        with room_for(path):
            self._file = path.open("wb")
            self._file.write(bytes(_HEADER_BYTES))

    def append(self, values: np.ndarray) -> None:
        """Write the next column, (rows,) float64."""
        with room_for(self.path):
            self._file.write(np.ascontiguousarray(values, dtype=np.float64).data)
        self._columns += 1

    def close(self) -> None:
        """Write the header, now that the number of columns is known."""
        shape = (self._rows, self._columns)
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": True, "shape": shape})
        if header.tell() != _HEADER_BYTES:
            raise AssertionError(
                f"numpy writes a header of {header.tell()} bytes for {shape}; {_HEADER_BYTES} are kept free"
            )
        with room_for(self.path), self._file as file:
            file.seek(0)
            file.write(header.getvalue())


def save_prepared(draft: Draft, cache_uri: str, context: Context) -> str:
    """Store a data set and return its digest. One that is there, whole and right, is not written again."""
    labels = context.scratch / TARGET
    with room_for(labels):
        np.save(labels, draft.target.y, allow_pickle=False)
    manifest = _manifest(draft, labels)
    content = manifest.to_bytes()
    digest = digest_of(content)
    folder = folder_uri(cache_uri, digest)
    if _is_stored(context.store, folder, content, manifest):
        log.info("%s is there already", folder)
    else:
        context.store.upload(folder + MATRIX, draft.matrix)
        context.store.upload(folder + TARGET, labels)
        context.store.put(folder + MANIFEST, content)  # last: where it is, the parts are
        log.info("wrote %s: %d bytes", folder, manifest.matrix.size + manifest.labels.size + len(content))
    labels.unlink()
    return digest


def _manifest(draft: Draft, labels: Path) -> Manifest:
    return Manifest(
        rows=len(draft.target.y),
        target=draft.target_name,
        columns=[ColumnFacts(name=c.name, type=c.type, categories=list(c.categories)) for c in draft.columns],
        classes=None if draft.target.classes is None else list(draft.target.classes),
        positive=draft.positive,
        matrix=_facts(draft.matrix),
        labels=_facts(labels),
    )


def _facts(path: Path) -> PartFacts:
    with path.open("rb") as file:
        return PartFacts(sha256=hash_chunks(iter(lambda: file.read(CHUNK_BYTES), b"")), size=path.stat().st_size)


def _is_stored(store: ObjectStore, folder: str, content: bytes, manifest: Manifest) -> bool:
    """Tell whether all three objects are there and right; reading them costs no more than writing them."""
    try:
        return (
            store.get(folder + MANIFEST, MANIFEST_BYTES) == content
            and store.sha256(folder + MATRIX) == manifest.matrix.sha256
            and store.sha256(folder + TARGET) == manifest.labels.sha256
        )
    except ObjectMissingError:
        return False
