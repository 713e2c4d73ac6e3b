"""How often a test part has been opened: the list of distinct final models that were scored on it.

Kept in the cache, beside the work that jobs share, as `openings/<digest of the split>.json`.
"""

import hashlib
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridfold.domain.keys import digest
from gridfold_trainer.cells.cell import Cell
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.errors import ObjectMissingError, ObjectTooLargeError
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.sealed import seal, unseal

OPENINGS_BYTES = 16 * 1024 * 1024
_ATTEMPTS = 3
_LIMIT = 100_000

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Opening(BaseModel):
    """One look at a test part."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rows: Digest  #: of the targets in the test part: other data can be divided into the same row numbers
    model: Digest  #: of all that determines the final model


class Openings(BaseModel):
    """All looks at the test parts of one split."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[2] = 2
    split: Digest  #: of the three parts, as the object is named
    openings: Annotated[list[Opening], Field(max_length=_LIMIT)] = Field(default_factory=list)


class _Unsealed(BaseModel):
    """The list as versions before format 2 wrote it: without a digest. No look is forgotten by an upgrade."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1]
    openings: Annotated[list[Opening], Field(max_length=_LIMIT)]


def opening_of(winner: Cell, data: PreparedData, parts: Parts, environment: str, threads: int) -> Opening:
    """Return what tells this look from others: a retry of the run, or an edit that leaves the winner, is the same."""
    model = {
        "data": data.digest,
        "split": parts.digest,
        "environment": environment,
        "threads": threads,
        "estimator": winner.estimator,
        "parameters": winner.parameters,
        "preprocessing": {kind: dict(steps) for kind, steps in winner.preprocessing.items()},
    }
    targets = np.ascontiguousarray(data.y[parts.test]).astype(data.y.dtype.newbyteorder("<"), copy=False)
    names = digest([data.target, list(data.classes or ())])
    return Opening(rows=hashlib.sha256(names.encode() + targets.tobytes()).hexdigest(), model=digest(model))


def add(opening: Opening, cache_uri: str, split_digest: str, context: Context) -> tuple[int, list[str]]:
    """Record a look at a test part; return how many different models have been scored on it, and notes.

    The store has no lock: after the write the list is read again, and what another writer has put in its place
    meanwhile is written with this look added.
    """
    split = split_digest.removeprefix("sha256:")
    uri = f"{cache_uri}openings/{split}.json"
    found, notes = _load(uri, split, context)
    for _ in range(_ATTEMPTS):
        if opening in found:
            break
        context.store.put(uri, seal(Openings(split=split, openings=[*found, opening][-_LIMIT:])))
        found, _ = _load(uri, split, context)
    models = {known.model for known in found if known.rows == opening.rows} | {opening.model}
    return len(models), notes


def _load(uri: str, split: str, context: Context) -> tuple[list[Opening], list[str]]:
    try:
        content = context.store.get(uri, OPENINGS_BYTES)
    except ObjectMissingError:
        return [], []
    except ObjectTooLargeError:
        content = b""
    stored = unseal(Openings, content)
    if stored is not None and stored.split == split:
        return stored.openings, []
    try:
        return _Unsealed.model_validate_json(content).openings, []
    except ValidationError:
        return [], [
            f"{uri}, the list of openings of the test part, was changed or damaged; it was replaced, so the count "
            "starts anew."
        ]
