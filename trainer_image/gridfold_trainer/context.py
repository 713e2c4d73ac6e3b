"""What a stage is given beside its input."""

from dataclasses import dataclass
from pathlib import Path

from gridfold_trainer.stores import ObjectStore


@dataclass(frozen=True)
class Context:
    """The surroundings of one process of a stage."""

    store: ObjectStore
    scratch: Path  #: folder for fetched and temporary files; processes of one run on one machine may share it
    base_folder: Path | None = None  #: where relative file: URIs start; None in a cluster
