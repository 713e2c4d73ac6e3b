"""What a check before the first fit has found: what must fail, and what is allowed but seldom meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_NAMED = 5


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
