"""What may go, decided by names, ages and what is reached. No I/O here."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gridfold_trainer.storage.stores import ObjectStat, Unfinished


class Kind(StrEnum):
    """What is stored, in the order in which it goes: what names others before what is named."""

    RUN = "run"
    SOURCES = "sources"
    PREPARED = "prepared"
    BEGUN = "begun"
    CURVE = "curve"
    CELL = "cell"
    UNFINISHED = "unfinished"


class Why(StrEnum):
    """Why something stays."""

    REACHED = "reached"
    HELD = "held"  #: a run goes on, or it cannot be told what is reached
    YOUNG = "young"


@dataclass(frozen=True)
class Place:
    """Where a kind is below the output folder or the cache; the pattern's group tells one thing from another."""

    kind: Kind
    folder: str
    rest: re.Pattern[str]


OUTPUT = (Place(Kind.RUN, "runs/", re.compile(r"(\d+-[0-9a-f]{8})/.+")),)
CACHE = (
    Place(Kind.SOURCES, "sources/", re.compile(r"([0-9a-f]{64})\.json")),
    Place(Kind.PREPARED, "prepared/", re.compile(r"([0-9a-f]{64})/.+")),
    Place(Kind.BEGUN, "begun/", re.compile(r"([0-9a-f]{64})\.json")),
    Place(Kind.CURVE, "curves/", re.compile(r"([0-9a-f]{64})\.json")),
    Place(Kind.CELL, "cells/", re.compile(r"([0-9a-f]{64})\.json")),
)
IN_OUTPUT = frozenset(place.kind for place in OUTPUT)
IN_CACHE = frozenset(place.kind for place in CACHE)
#: Without these what is beside them is nothing any more: they go first, so that nothing is there that looks whole.
_HEADS = ("/status.json", "/manifest.json")


@dataclass
class Item:
    """Objects that go or stay together."""

    kind: Kind
    name: str
    sizes: dict[str, int] = field(default_factory=dict)  #: by URI, in bytes
    written: datetime | None = None  #: the last of them; None: not known of one of them
    unfinished: Unfinished | None = None

    def add(self, uri: str, size: int, written: datetime | None) -> None:
        """Add an object."""
        first = not self.sizes
        self.sizes[uri] = size
        if first:
            self.written = written
        elif self.written is not None:
            self.written = written and max(written, self.written)


@dataclass(frozen=True)
class Rules:
    """What stays."""

    before: datetime  #: what was written since then
    held: frozenset[Kind] = frozenset()  #: all of these
    reached: Mapping[Kind, frozenset[str]] = field(default_factory=dict)  #: names

    def why(self, item: Item) -> Why | None:
        """Return why something stays, None where it may go."""
        if item.name in self.reached.get(item.kind, ()):
            return Why.REACHED
        if item.kind in self.held or (self.held and item.kind is Kind.UNFINISHED):
            return Why.HELD
        return Why.YOUNG if item.written is None or item.written > self.before else None


def items_of(uri: str, place: Place, listed: Iterable[tuple[str, ObjectStat]]) -> Iterator[Item]:
    """Yield what is in a folder. What has no name that Gridfold gives is left out: it is somebody else's."""
    found: dict[str, Item] = {}
    for name, stat in listed:
        if match := place.rest.fullmatch(name.removeprefix(uri)):
            found.setdefault(match[1], Item(place.kind, match[1])).add(name, stat.size, stat.modified)
    yield from found.values()


def unfinished_item(unfinished: Unfinished) -> Item:
    """Return a write that has not ended."""
    item = Item(Kind.UNFINISHED, unfinished.mark, unfinished=unfinished)
    item.add(unfinished.uri, unfinished.size, unfinished.began)
    return item


def newest_runs(listed: Iterable[Item], whole: Mapping[str, datetime | None], current: str, most: int) -> list[str]:
    """Return the names of the current run and of the newest others that are whole, so many altogether.

    `whole` has when the status.json of a run was written, which is its last file.
    """
    times = {item.name: whole.get(item.name) for item in listed if item.kind is Kind.RUN}
    others = sorted(
        ((time, name) for name, time in times.items() if time is not None and name != current), reverse=True
    )
    return [current, *(name for _, name in others[: most - 1])]


def in_order(items: Iterable[Item]) -> list[list[tuple[Item, str]]]:
    """Return objects in steps, of which each has ended before the next begins."""
    steps: dict[tuple[int, bool], list[tuple[Item, str]]] = {}
    order: Sequence[Kind] = list(Kind)
    for item in items:
        for uri in item.sizes:
            steps.setdefault((order.index(item.kind), not uri.endswith(_HEADS)), []).append((item, uri))
    return [steps[step] for step in sorted(steps)]
