"""Sources that name several objects: folders and patterns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from gridfold.api.validation import show
from gridfold.domain.hidden import hidden_names, hidden_start
from gridfold_trainer.errors import ObjectMissingError, SourceTooLargeError
from gridfold_trainer.storage.patterns import compile_pattern, literal_prefix
from gridfold_trainer.storage.stores import ObjectStat, SourceStore

#: Objects that one source may have, and those that are looked at to find them.
OBJECT_LIMIT = 10_000
LISTED_LIMIT = 1_000_000
_SHOWN = 5

Objects = list[tuple[str, ObjectStat]]


@dataclass(frozen=True)
class Expanded:
    """What a folder or pattern names."""

    objects: Objects
    hidden: list[str]  #: matched too, but hidden or marks of other tools


def names_several(uri: str) -> bool:
    """Tell whether a URI of a bucket or folder names several objects; on the web, each names one."""
    if uri.startswith("https:"):
        return False
    return uri.endswith("/") or literal_prefix(uri) != uri


def expand(uri: str, store: SourceStore, where: str) -> Expanded:
    """Return the objects below a folder or of a pattern, in byte order of their keys.

    In a pattern, * and ? stand for characters but /, ** for all, [abc] for one of them ([*] is a star itself). Folder
    marks (keys that end in /), hidden objects and marks of other tools are no sources (`hidden_names`).

    Raises:
        ObjectMissingError: there is none; near keys are named.
        SourceTooLargeError: there are too many.
    """
    prefix = literal_prefix(uri)
    pattern = compile_pattern(uri)
    key = uri.removeprefix("file:")
    hidden, start = re.compile(hidden_names(key)), len(uri) - len(key) + hidden_start(key)
    found: Objects = []
    skipped: list[str] = []
    others: list[str] = []
    for listed, (name, stat) in enumerate(store.list_objects(prefix)):
        if listed >= LISTED_LIMIT or len(found) > OBJECT_LIMIT:
            raise SourceTooLargeError(
                f"{where} is {uri}, which has more than {OBJECT_LIMIT} objects (or {LISTED_LIMIT} to look at); name a "
                f"smaller folder, or several sources."
            )
        matches = pattern.fullmatch(name)
        if name.endswith("/") or hidden.search(name[start:]):
            skipped += [name] if matches else []
        elif not matches:
            others += [name] if len(others) < _SHOWN else []
        else:
            found.append((name, stat))
    if not found and skipped:
        raise ObjectMissingError(
            f"{where} is {uri}, which has only hidden objects and marks of other tools ({shown_names(skipped)}); name "
            f"the folder of the data, or write the name of such an object in full to read it."
        )
    if not found:
        raise ObjectMissingError(_nothing(uri, prefix, store, others, where))
    return Expanded(found, skipped)


def shown_names(names: Sequence[str]) -> str:
    """Return the first of some URIs, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _nothing(uri: str, prefix: str, store: SourceStore, others: list[str], where: str) -> str:
    """Return the message where nothing matches."""
    near = others
    folder = prefix[: prefix.rfind("/") + 1] if "/" in prefix.partition(":")[2].lstrip("/") else prefix
    if not near and folder != prefix:
        near = [name for name, _ in islice(store.list_objects(folder), _SHOWN)]
    shown = f"keys near it: {', '.join(show(name) for name in near)}" if near else f"nothing at all is below {folder}"
    return f"{where} is {uri}, but no object matches it; looked for keys that begin with {prefix}; {shown}."
