"""Writing a prepared data set to object storage, unless it is there."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridfold_trainer.data.prepared import (
    FOLDS,
    GROUPS,
    MANIFEST,
    MANIFEST_BYTES,
    MATRIX,
    TARGET,
    TIME,
    Column,
    ColumnFacts,
    Manifest,
    PartFacts,
    digest_of,
    folder_uri,
)
from gridfold_trainer.data.targets import Target
from gridfold_trainer.errors import ObjectMissingError
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.local_files import blake3_of, room_for
from gridfold_trainer.storage.stores import ObjectStore

log = logging.getLogger("gridfold")


@dataclass(frozen=True)
class Draft:
    """A data set that is complete but not stored yet."""

    matrix: Path  #: X.npy
    columns: tuple[Column, ...]
    target_name: str
    target: Target
    positive: int | None
    groups: np.ndarray | None = None  #: (n,) int64
    time: np.ndarray | None = None  #: (n,) float64
    folds: np.ndarray | None = None  #: (n,) int64


def save_prepared(draft: Draft, cache_uri: str, context: Context) -> str:
    """Store a data set and return its digest. One that is there, whole and right, is not written again."""
    small = _small_parts(draft, context.scratch)
    parts = {MATRIX: draft.matrix, **small}
    facts = {name: _facts(path) for name, path in parts.items()}
    content = _manifest(draft, facts).to_bytes()
    digest = digest_of(content)
    folder = folder_uri(cache_uri, digest)
    if _is_stored(context.store, folder, content, facts):
        log.info("%s is there already", folder)
    else:
        for name, path in parts.items():
            context.store.upload(folder + name, path)
        context.store.put(folder + MANIFEST, content)  # last: where it is, the parts are
        log.info("wrote %s: %d bytes", folder, sum(part.size for part in facts.values()) + len(content))
    for path in small.values():
        path.unlink()
    return digest


def _small_parts(draft: Draft, scratch: Path) -> dict[str, Path]:
    """Write the arrays of one axis to files."""
    arrays = {TARGET: draft.target.y, GROUPS: draft.groups, TIME: draft.time, FOLDS: draft.folds}
    paths: dict[str, Path] = {}
    for name, array in arrays.items():
        if array is not None:
            paths[name] = scratch / name
            with room_for(paths[name]):
                np.save(paths[name], array, allow_pickle=False)
    return paths


def _manifest(draft: Draft, facts: dict[str, PartFacts]) -> Manifest:
    return Manifest(
        rows=len(draft.target.y),
        target=draft.target_name,
        columns=[ColumnFacts(name=c.name, type=c.type, categories=list(c.categories)) for c in draft.columns],
        classes=None if draft.target.classes is None else list(draft.target.classes),
        positive=draft.positive,
        matrix=facts[MATRIX],
        labels=facts[TARGET],
        groups=facts.get(GROUPS),
        time=facts.get(TIME),
        folds=facts.get(FOLDS),
    )


def _facts(path: Path) -> PartFacts:
    return PartFacts(blake3=blake3_of(path), size=path.stat().st_size)


def _is_stored(store: ObjectStore, folder: str, content: bytes, facts: dict[str, PartFacts]) -> bool:
    """Tell whether all objects are there and right; reading them costs no more than writing them."""
    try:
        return store.get(folder + MANIFEST, MANIFEST_BYTES) == content and all(
            store.blake3(folder + name) == part.blake3 for name, part in facts.items()
        )
    except ObjectMissingError:
        return False
