"""What a check before the first fit has found: what must fail, and what is allowed but seldom meant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_NAMED = 5
#: One cell in so many, of one cause, is told before anything else.
_HEADLINE_SHARE = 3
_CHARACTERS = 300


@dataclass
class Findings:
    """Sentences for people."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        """Take over what another check has found."""
        self.problems += other.problems
        self.warnings += other.warnings


def named_folds(numbers: Iterable[int], total: int) -> str:
    """Return folds for people, counted from 1: "fold 2 of 5", "folds 1, 2 and 3 of 5"."""
    shown = [str(number + 1) for number in numbers]
    if len(shown) == 1:
        return f"fold {shown[0]} of {total}"
    if len(shown) > _NAMED:
        return f"{len(shown)} of {total} folds, the first is fold {shown[0]}"
    return f"folds {joined(shown)} of {total}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def capital(text: str) -> str:
    """Return a sentence that begins with a capital letter, whatever comes after it."""
    return text[:1].upper() + text[1:]


def cause_of(message: str) -> str:
    """Return a message without the values in it: cells that differ in them are infeasible for one reason."""
    return re.sub(r"\d+", "#", re.sub(r"Got .*? instead", "Got", message))


def headline(messages: Mapping[str, int], total: int) -> str | None:
    """Return the cause of which a third of the cells or more are infeasible, given how many each cause has."""
    causes: dict[str, int] = {}
    for text, cells_of_it in messages.items():
        causes[cause_of(text)] = causes.get(cause_of(text), 0) + cells_of_it
    most, count = max(causes.items(), key=lambda item: item[1], default=("", 0))
    message = next((text for text in messages if cause_of(text) == most), "")
    if count == 0 or count * _HEADLINE_SHARE < total:
        return None
    cells = "the only cell is" if total == 1 else f"{count} of {total} cells {'is' if count == 1 else 'are'}"
    return f"{cells} infeasible for one reason: {message[:_CHARACTERS]}"
