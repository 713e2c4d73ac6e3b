"""The sources of a job: located, fetched once to files, and compared with their pins."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gridfold.api.confidential import told_url
from gridfold.api.v1alpha1 import Source
from gridfold_trainer.errors import ChecksumMismatchError, DataError, SourceChangedError, SourceTooLargeError
from gridfold_trainer.storage import globs
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.downloads import changed, too_large
from gridfold_trainer.storage.local_files import check_allowance, check_room
from gridfold_trainer.storage.stores import ObjectStat, SourceStore, Wanted

log = logging.getLogger("gridfold")


#: Bytes of the prepared data for each of the sources, about: two short numbers of a CSV are 64 bits each.
_MADE_OF_SOURCES = 3


@dataclass(frozen=True)
class Located:
    """One object that rows come from."""

    source: int  #: number of the source that names it
    uri: str
    store: SourceStore
    stat: ObjectStat | None  #: None where the store does not tell before the object is read
    sha256: str = ""  #: of a file of this machine; of other objects it is known when they have been fetched

    @property
    def shown(self) -> str:
        """Return the URI for messages."""
        return told_url(self.uri)


@dataclass(frozen=True)
class Fetched:
    """A source as a local file."""

    uri: str  #: for messages
    path: Path
    sha256: str
    fetched: bool  #: whether the file is a copy of ours, to be removed when it has been read


def locate(sources: Sequence[Source], context: Context, notes: list[str] | None = None) -> list[Located]:
    """Return the objects of all sources, in their order; `notes` is told what is below them and not read.

    Raises:
        DataError: one or more have none; every such source is named.
    """
    found: list[Located] = []
    errors: list[DataError] = []
    notes = [] if notes is None else notes
    for index, source in enumerate(sources):
        try:
            found += _locate(index, source, context.store_of(source), notes)
        except DataError as error:
            errors.append(error)
    _raise_together(errors)
    return found


def fetch(sources: Sequence[Source], located: Sequence[Located], context: Context) -> list[Fetched]:
    """Return all objects as local files; what is one already is read where it is.

    Raises:
        DataError: one or more cannot be had, or are not what their pins say; every such source is named.
    """
    found: list[Fetched] = []
    errors: list[DataError] = []
    left = dict.fromkeys(range(len(sources)), context.source_bytes)
    if wanted := _download_bytes(located):
        check_allowance(wanted, "what is downloaded of the sources", _MADE_OF_SOURCES * wanted)
    for number, item in enumerate(located):
        try:
            file = _fetch(number, item, left[item.source], context)
            left[item.source] -= file.path.stat().st_size
            found.append(file)
        except DataError as error:
            errors.append(error)
    _raise_together(errors)
    check_pins(sources, located, [file.sha256 for file in found])
    return found


def _download_bytes(located: Sequence[Located]) -> int:
    """Return how many bytes of the sources will be downloaded, as far as servers tell."""
    return sum(item.stat.size for item in located if item.stat and item.store.local_path(item.uri) is None)


def check_unchanged(located: Sequence[Located]) -> None:
    """Make sure that files of this machine, which are read where they are, are still what they were.

    Raises:
        SourceChangedError: one is not.
    """
    for item in located:
        if item.sha256 and item.store.stat(item.uri) != item.stat:
            raise SourceChangedError(changed(item.shown))


def check_pins(sources: Sequence[Source], located: Sequence[Located], digests: Sequence[str]) -> None:
    """Compare what was found with what the spec pins.

    Raises:
        ChecksumMismatchError: with all sources that are something else.
    """
    problems = []
    for index, source in enumerate(sources):
        items = [(item, sha256) for item, sha256 in zip(located, digests, strict=True) if item.source == index]
        several = globs.names_several(source.uri)
        sha256 = _digest_of_list(items) if several else items[0][1]
        if source.sha256 is not None and source.sha256 != sha256:
            what = f"{len(items)} objects, whose list of keys and SHA-256 has" if several else "the SHA-256"
            problems.append(
                f"spec.dataset.sources[{index}]: {told_url(source.uri)} has {what} {sha256}, but sha256 pins "
                f"{source.sha256}; the data has changed. Bring the pinned object back, or pin the new one if the "
                f"change is wanted."
            )
    if problems:
        raise ChecksumMismatchError(*problems)


def _digest_of_list(items: Sequence[tuple[Located, str]]) -> str:
    """Return the SHA-256 of the lines KEY TAB SHA256 NEWLINE, in byte order of the keys."""
    state = hashlib.sha256()
    for item, sha256 in items:
        state.update(f"{_key(item.uri)}\t{sha256}\n".encode())
    return state.hexdigest()


def _key(uri: str) -> str:
    """Return what stands after the bucket, or after file:."""
    return uri.removeprefix("file:") if uri.startswith("file:") else uri.partition("://")[2].partition("/")[2]


def _fetch(number: int, item: Located, limit_bytes: int, context: Context) -> Fetched:
    local = item.store.local_path(item.uri)
    target = local or context.scratch / f"source-{number}"
    if local:
        sha256 = item.sha256 or item.store.sha256(item.uri)  # which tells why there is no such file
        if local.stat().st_size > limit_bytes:
            raise SourceTooLargeError(too_large(item.shown, limit_bytes))
    else:
        if item.stat:
            check_room(context.scratch, item.stat.size, item.shown)
        sha256 = item.store.download(item.uri, target, Wanted(limit_bytes, item.stat.etag if item.stat else ""))
    log.info("%s: %d bytes, sha256 %s", item.shown, target.stat().st_size, sha256)
    return Fetched(item.shown, target, sha256, fetched=local is None)


def _locate(index: int, source: Source, store: SourceStore, notes: list[str]) -> list[Located]:
    """Return the objects of one source."""
    if globs.names_several(source.uri):
        where = f"spec.dataset.sources[{index}].uri"
        expanded = globs.expand(source.uri, store, where)
        if expanded.hidden:
            notes.append(
                f"Not read of {told_url(source.uri)}, as hidden or a mark of another tool: {len(expanded.hidden)} of "
                f"{len(expanded.hidden) + len(expanded.objects)} objects ({globs.shown_names(expanded.hidden)})."
            )
        return [_hashed(Located(index, uri, store, stat)) for uri, stat in expanded.objects]
    stat = store.stat(source.uri)
    if stat is None and not source.uri.startswith("https:"):
        store.sha256(source.uri)  # which tells what is missing
    return [_hashed(Located(index, source.uri, store, stat))]


def _hashed(item: Located) -> Located:
    """Return a file of this machine with its SHA-256: times and sizes of files are no proof that nothing changed."""
    if item.sha256 or item.stat is None or item.store.local_path(item.uri) is None:
        return item
    return replace(item, sha256=item.store.sha256(item.uri))


def _raise_together(errors: Sequence[DataError]) -> None:
    if errors:
        raise type(errors[0])(*(problem for error in errors for problem in error.problems))
