"""Patterns of names, matched in one pass: in whatever pattern, a name takes time in proportion to its length.

A regular expression of Python goes back to each star in turn, which for `*a*a*a*a*Z` takes minutes for one key.
"""

import re
from dataclasses import dataclass, field

from gridfold_trainer.errors import ObjectMissingError

_ANY_BUT_SLASH, _ANY, _FOLDERS = "*", "**", "**/"
_SPECIAL = re.compile(r"[*?\[]")
_STARS = (_FOLDERS, _ANY, _ANY_BUT_SLASH)


@dataclass
class Pattern:
    """A compiled pattern: an automaton whose states are the bits of a number, all of them moved on at once.

    State i says that the first i parts behind the plain beginning have been matched.
    """

    beginning: str = ""
    stays_but_slash: int = 0  #: states that any character but / leaves as they are: before a *
    stays: int = 0  #: states that every character leaves as they are: before a **
    skips: int = 0  #: states that go on to the next one by themselves
    jumps: int = 0  #: states that go on to the one after the next by themselves: before a **/
    parts: int = 0
    _singles: list[tuple[int, re.Pattern[str]]] = field(default_factory=list)
    _moves: dict[str, int] = field(default_factory=dict)  #: by character: states that it moves on

    def add(self, part: str) -> None:
        """Append *, **, **/ or what stands for one character, as a regular expression."""
        state = 1 << self.parts
        if part == _FOLDERS:  # nothing, or all up to some slash
            self.skips, self.jumps = self.skips | state, self.jumps | state
            self.stays |= state << 1
            self._singles.append((state << 1, re.compile("/")))
            self.parts += 2
            return
        if part in {_ANY, _ANY_BUT_SLASH}:
            self.skips |= state
            self.stays |= state if part == _ANY else 0
            self.stays_but_slash |= state if part == _ANY_BUT_SLASH else 0
        else:
            self._singles.append((state, re.compile(part, re.DOTALL)))
        self.parts += 1

    def fullmatch(self, name: str) -> bool:
        """Tell whether the pattern matches the whole of a name."""
        if not name.startswith(self.beginning):
            return False
        states = self._settled(1)
        for character in name[len(self.beginning) :]:
            stays = self.stays if character == "/" else self.stays | self.stays_but_slash
            states = self._settled((states & stays) | (states & self._moved_by(character)) << 1)
            if not states:
                return False
        return bool(states >> self.parts & 1)

    def _moved_by(self, character: str) -> int:
        if character not in self._moves:
            found = (state for state, single in self._singles if single.match(character))
            self._moves[character] = sum(found)
        return self._moves[character]

    def _settled(self, states: int) -> int:
        """Return the states with all that follow by themselves: a few steps, as stars in a row have become one."""
        while True:
            more = states | (states & self.skips) << 1 | (states & self.jumps) << 2
            if more == states:
                return states
            states = more


def literal_prefix(uri: str) -> str:
    """Return what all URIs begin with that a pattern can match."""
    special = _SPECIAL.search(uri)
    return uri if special is None else uri[: special.start()]


def compile_pattern(uri: str) -> Pattern:
    """Return what matches the whole URIs of a folder or pattern.

    Raises:
        ObjectMissingError: it is no pattern.
    """
    beginning = literal_prefix(uri)
    pattern, before = Pattern(beginning), ""
    try:
        for part in _parts(uri[len(beginning) :] + (_ANY if uri.endswith("/") else "")):
            if part in _STARS and before in (_ANY, part):
                continue  # it says nothing more
            pattern.add(part)
            before = part
    except re.error as error:
        raise ObjectMissingError(f"{uri} is no pattern that can be matched ({error}); write [[] for a [.") from error
    return pattern


def _parts(rest: str) -> list[str]:
    """Return the parts of a pattern: stars as they are, each other one as the expression of one character."""
    found = []
    while rest:
        stars = next((stars for stars in _STARS if rest.startswith(stars)), "")
        if stars:
            found.append(stars)
            rest = rest.removeprefix(stars)
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            found.append(_set(rest[1:end]))
            rest = rest[end + 1 :]
        else:
            found.append("[^/]" if rest[0] == "?" else re.escape(rest[0]))
            rest = rest[1:]
    return found


def _set(inside: str) -> str:
    """Return the expression of one character of a set."""
    inside = inside.replace("\\", "\\\\").replace("[", "\\[").replace("&", "\\&").replace("~", "\\~")
    inside = f"^/{inside[1:]}" if inside[0] == "!" else inside.replace("^", "\\^", 1)
    return f"[{inside}]"
