"""Data sets that are prepared already: found by what their sources are, without reading them.

`<cacheUri>sources/<digest>.json` says which prepared data set came of these sources with this reading and cleaning. It
is a help only: where it is missing, unreadable or names a data set that is not whole, everything is prepared anew.
"""

import logging
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.keys import digest as digest_of
from gridfold_trainer.data.assemble import Assembled
from gridfold_trainer.data.prepared import PREPARED_FORMAT, load_prepared
from gridfold_trainer.data.sources import Located, check_pins
from gridfold_trainer.data.targets import Target
from gridfold_trainer.errors import ObjectMissingError, PreparedCorruptError, StorageRefusedError
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.sealed import seal, unseal

log = logging.getLogger("gridfold")

#: Changes when the same sources are read as other values, or more is said of them.
READING = 2
_BYTES = 4 * 1024 * 1024
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Counts = Annotated[dict[Annotated[str, Field(max_length=64)], Annotated[int, Field(ge=0)]], Field(max_length=10)]


class Index(BaseModel):
    """What came of some sources; another writer of the cache is not trusted, so everything has a bound."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[2] = 2
    key: _Sha256  #: of the sources with their reading and cleaning, as the object is named
    prepared: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    sources: Annotated[list[_Sha256], Field(min_length=1, max_length=1_000_000)]  #: of each object, in order
    dropped_rows: _Counts
    dropped_columns: _Counts
    warnings: Annotated[list[Annotated[str, Field(max_length=65536)]], Field(max_length=100)]


def index_uri(spec: TrainingJobSpec, located: Sequence[Located], *, classifier: bool) -> str | None:
    """Return the index object of these sources, or None where one of them has no mark that changes with it."""
    identities = [_identity(spec, item) for item in located]
    if None in identities:
        return None
    dataset = spec.dataset.document()
    dataset.pop("sources")
    key = {
        "format": PREPARED_FORMAT,
        "reading": READING,
        "sources": identities,
        "dataset": dataset,
        "cleaning": spec.cleaning.document(),
        "classifier": classifier,
    }
    return f"{spec.cache_uri}sources/{digest_of(key)}.json"


def find(
    uri: str | None, spec: TrainingJobSpec, located: Sequence[Located], context: Context
) -> tuple[str, Any] | None:
    """Return digest and content of the data set that came of these sources before, verified; None where there is none.

    Raises:
        ChecksumMismatchError: the sources that it came of are not those that the spec pins.
    """
    index = _load(uri, context) if uri else None
    if index is None or len(index.sources) != len(located):
        return None
    check_pins(spec.dataset.sources, located, index.sources)
    try:
        data = load_prepared(context.store, spec.cache_uri, index.prepared, context.scratch)
    except PreparedCorruptError as error:
        log.warning("the prepared data set is made again: %s", error)
        return None
    found = Assembled(
        matrix=None,
        columns=data.columns,
        target=Target(data.y, data.classes),
        dropped_rows=index.dropped_rows,
        dropped_columns=index.dropped_columns,
        groups=data.groups,
        time=data.time,
        folds=data.folds,
        warnings=index.warnings,
        stored=data.X,
    )
    log.info("%s was made of the same sources: nothing is read again", index.prepared)
    return index.prepared, found


def remember(uri: str | None, digest: str, data: Assembled, sources: Sequence[str], context: Context) -> None:
    """Write down what came of these sources (the SHA-256 of each object)."""
    if uri is None:
        return
    index = Index(
        key=_key_of(uri),
        prepared=digest,
        sources=list(sources),
        dropped_rows=data.dropped_rows,
        dropped_columns=data.dropped_columns,
        warnings=data.warnings,
    )
    context.store.put(uri, seal(index))


def named(uri: str, context: Context) -> str | None:
    """Return the data set that an index object names, None where there is none that this version can read."""
    index = _load(uri, context)
    return None if index is None else index.prepared


def _identity(spec: TrainingJobSpec, item: Located) -> dict[str, Any] | None:
    """Return what changes with the content of an object; the digest of a file, the place and mark of others."""
    if item.sha256:
        return {"sha256": item.sha256, "name": item.uri.rpartition("/")[2]}  # the suffix says the format
    if item.stat is None or not item.stat.etag:
        return None
    storage = spec.dataset.sources[item.source].storage or spec.storage
    place = {"endpoint": storage.endpoint, "region": storage.region}
    return {"uri": item.uri, "size": item.stat.size, "etag": item.stat.etag, **place}


def _load(uri: str, context: Context) -> Index | None:
    try:
        index = unseal(Index, context.store.get(uri, _BYTES))
    except (ObjectMissingError, StorageRefusedError):
        return None
    if index is not None and index.key == _key_of(uri):
        return index
    log.warning("%s is of another version, changed or damaged; the sources are read and it is written again", uri)
    return None


def _key_of(uri: str) -> str:
    """Return the digest in the name of an index object."""
    return uri.rpartition("/")[2].removesuffix(".json")
