"""Durations as kubectl writes them."""

import math
from datetime import datetime

#: Below so many seconds: the unit, its seconds, and the smaller unit that is shown with it (kubectl's HumanDuration).
STEPS = (
    (120, "s", 1, ""),
    (600, "m", 60, "s"),
    (10_800, "m", 60, ""),
    (28_800, "h", 3600, "m"),
    (172_800, "h", 3600, ""),
    (691_200, "d", 86_400, "h"),
    (math.inf, "d", 86_400, ""),
)
SMALLER = {"": 1, "s": 1, "m": 60, "h": 3600}


def format_duration(seconds: float) -> str:
    """Return a duration in at most two units: 42s, 3m20s, 45m, 5h12m, 2d4h."""
    whole = max(0, round(seconds))
    _, unit, size, smaller = next(step for step in STEPS if whole < step[0])
    number, rest = divmod(whole, size)
    below = rest // SMALLER[smaller] if smaller else 0
    return f"{number}{unit}{below}{smaller}" if below else f"{number}{unit}"


def duration_between(start: str | None, end: str | None) -> str | None:
    """Return the duration between two times of a status, None where one of them is not known."""
    if start is None or end is None:
        return None
    return format_duration((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
