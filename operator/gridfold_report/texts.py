"""Texts from data as people can read them, and numbers as texts."""

import math
from collections.abc import Sequence

from gridfold.domain.grid import PREPROCESSING
from gridfold.domain.leaderboard import format_score

#: A program, a text from data, and one line of it in a table.
WHOLE, LONG, SHORT = 65536, 600, 60
_SMALL, _MINUTE, _HOUR = 0.001, 60.0, 3600.0


class Whole(str):
    """A text of which all is wanted: a program, a spec."""

    __slots__ = ()


def shortened(text: str) -> str:
    """Return the beginning of a long text, and how much is missing."""
    limit = WHOLE if isinstance(text, Whole) else LONG
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def cut(text: str, limit: int = SHORT) -> str:
    """Return the beginning of a text that has to fit into a narrow place."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def short_name(parameter: str) -> str:
    """Return a parameter's name as the terminal shows it, too."""
    return parameter.removeprefix(PREPROCESSING)


def score(value: float | None) -> str:
    """Return a score: as the terminal shows it, but a small one with the digits that tell it from nothing."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.3g}" if 0 < abs(value) < _SMALL else format_score(value)
    return text.replace("-", "−", 1) if text.startswith("-") else text


def mean_and_spread(mean: float | None, spread: float | None) -> str:
    """Return mean ± standard deviation, both with the mean's digits."""
    if mean is None or spread is None or not math.isfinite(mean):
        return score(mean)
    small = 0 < abs(mean) < _SMALL
    return f"{score(mean)} ± {f'{spread:.2g}' if small else format_score(spread)}"


def interval(ends: Sequence[float | None] | None) -> str:
    """Return both ends of an interval; "" where there is none."""
    return f"{score(ends[0])} to {score(ends[1])}" if ends else ""


def percent(share: float) -> str:
    """Return a share; neither all nor nothing is claimed of what is nearly so."""
    if 0 < share < 0.01:
        return "under 1\N{NO-BREAK SPACE}%"
    return "over 99\N{NO-BREAK SPACE}%" if 0.99 < share < 1 else f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def duration(seconds: float | None) -> str:
    """Return a time with two or three digits."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds >= 2 * _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    if seconds >= 2 * _MINUTE:
        return f"{seconds / _MINUTE:.1f} min"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence has them: a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
