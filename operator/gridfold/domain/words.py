"""How counts, lists, and numbers that are estimates, stand in what people read."""

from collections.abc import Sequence

#: So many entries of a longer list are told.
SHOWN_ENTRIES = 10


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 row, 2 rows."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def first_of(entries: Sequence[str]) -> str:
    """Return the first entries of a list, and how many more there are."""
    more = f" and {len(entries) - SHOWN_ENTRIES} more" if len(entries) > SHOWN_ENTRIES else ""
    return f"{', '.join(entries[:SHOWN_ENTRIES])}{more}"


def two_digits(number: float) -> str:
    """Return a number that is an estimate: 0.0042, 0.83, 12, 240; nothing smaller than a thousandth is told apart."""
    if 0 < number < 0.001:
        return "less than 0.001"
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"
