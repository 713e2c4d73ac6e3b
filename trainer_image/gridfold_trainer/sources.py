"""The sources of a job: fetched once, to files, and compared with their pins."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gridfold.api.v1alpha1 import Source
from gridfold_trainer.context import Context
from gridfold_trainer.errors import ChecksumMismatchError, DataError, ObjectMissingError

log = logging.getLogger("gridfold")


@dataclass(frozen=True)
class Fetched:
    """A source as a local file."""

    uri: str
    path: Path
    sha256: str
    fetched: bool  #: whether the file is a copy of ours, to be removed when it has been read


def fetch(sources: Sequence[Source], context: Context) -> list[Fetched]:
    """Return all sources as local files; what is one already is read where it is.

    Raises:
        DataError: one or more cannot be had, or are not what their pins say; every such source is named.
    """
    found: list[Fetched] = []
    errors: list[DataError] = []
    for index, source in enumerate(sources):
        try:
            found.append(_fetch(index, source, context))
        except DataError as error:
            errors.append(error)
    if errors:
        raise type(errors[0])(*(problem for error in errors for problem in error.problems))
    return found


def _fetch(index: int, source: Source, context: Context) -> Fetched:
    path = f"spec.dataset.sources[{index}]"
    if source.uri.endswith("/"):
        raise ObjectMissingError(f"{path}.uri is {source.uri}, a folder; name one object.")
    local = context.store.local_path(source.uri)
    target = local or context.scratch / f"source-{index}"
    sha256 = context.store.sha256(source.uri) if local else context.store.download(source.uri, target)
    log.info("%s: %d bytes, sha256 %s", source.uri, target.stat().st_size, sha256)
    if source.sha256 is not None and source.sha256 != sha256:
        raise ChecksumMismatchError(
            f"{path}: {source.uri} has the SHA-256 {sha256}, but sha256 pins {source.sha256}; the data has changed. "
            f"Bring the pinned object back, or pin the new one if the change is wanted."
        )
    return Fetched(source.uri, target, sha256, fetched=local is None)
