"""The columns of JSON sources: all names that any object has, in the order in which they first come."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping

from gridfold.api.validation import show
from gridfold_trainer.data.telling import listed, told
from gridfold_trainer.errors import UnreadableTableError

#: A name that fewer of the objects have is told.
_RARE_PERCENT = 1
_SHOWN = 10


class NewNamesError(Exception):
    """An object has names that are not known yet: all objects must be looked at before rows can be made."""


class ObjectNames:
    """The names of all objects, and how many objects have them.

    Where all objects have the names of the first one, as is usual, they are read once. Where one has another name,
    `NewNamesError` asks for a look at all of them first.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Begin with names that are known."""
        self.all: dict[str, None] = dict.fromkeys(names)
        self._complete = False
        self._first: dict[str, str] = {}  #: where a name came first
        self._table = ""  #: source of another format that says which columns there are
        self.begin()

    def begin(self) -> None:
        """Count anew: the sources are read from the begin."""
        self._objects = 0
        self._absent: Counter[str] = Counter()

    def complete(self) -> None:
        """Take no other names than those that are known."""
        self._complete = True

    def fix(self, columns: Iterable[str], source: str) -> None:
        """Take the columns of a table of another format for all names."""
        if not self.all:
            self.all, self._complete, self._table = dict.fromkeys(columns), True, source

    def take(self, found: Mapping[str, object], where: str) -> None:
        """Count the names of an object.

        Raises:
            NewNamesError: it has another name than those that are known so far.
            UnreadableTableError: it has another name than all.
        """
        self._objects += 1
        if not self.all and not self._complete and found:
            self.all = dict.fromkeys(found)
        if self.all and found.keys() == self.all.keys():
            return
        extra = [name for name in found if name not in self.all]
        if (extra or not self.all) and not self._complete:
            raise NewNamesError
        if extra:
            raise UnreadableTableError(
                f"{where}: the object has {listed(extra, 200)} beside the columns of "
                f"{self._table}; all sources must have the same columns."
            )
        if not self.all:
            raise UnreadableTableError(f"{where}: an object without any name; expected columns.")
        self._absent.update(name for name in self.all if name not in found)

    def note(self, found: Iterable[str], where: str) -> None:
        """Add the names of an object, without counting it."""
        for name in found:
            if name not in self.all or name not in self._first:
                self.all[name] = None
                self._first[name] = where

    def warnings(self) -> list[str]:
        """Return which names hardly any object has: most likely they are misspelt."""
        present = {name: self._objects - absent for name, absent in self._absent.items()}
        rare = {n: count for n, count in present.items() if count and _is_rare(count, self._objects)}
        if not rare:
            return []
        items = [self._shown(name, count, rare) for name, count in list(rare.items())[:_SHOWN]]
        advice = "Correct these names if they are misspelt, or exclude them, as each is a column without other values:"
        return [told(advice, "hardly any object has", items)]

    def _shown(self, name: str, count: int, rare: Mapping[str, int]) -> str:
        near = difflib.get_close_matches(name, [other for other in self.all if other not in rare], n=1, cutoff=0.7)
        where = f", first in {self._first[name]}" if name in self._first else ""
        question = f"; did you mean {show(near[0])}?" if near else ""
        return f"{show(name)} ({count} of {self._objects}{where}{question})"


def _is_rare(count: int, objects: int) -> bool:
    return count == 1 or 100 * count < _RARE_PERCENT * objects
