"""What a stage is given beside its input."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridfold.api.v1alpha1 import Source
from gridfold_trainer.storage.stores import ObjectStore, SourceStore

SOURCE_BYTES = 100 * 1024**3


@dataclass(frozen=True)
class Context:
    """The surroundings of one process of a stage."""

    store: ObjectStore
    scratch: Path  #: folder for fetched and temporary files; processes of one run on one machine may share it
    base_folder: Path | None = None  #: where relative file: URIs start; None in a cluster
    source_stores: Callable[[Source], SourceStore] | None = None  #: where a source is; None: all are in `store`
    source_bytes: int = SOURCE_BYTES  #: most that one source may have, decompressed too

    def store_of(self, source: Source) -> SourceStore:
        """Return the store of a source."""
        return self.store if self.source_stores is None else self.source_stores(source)
