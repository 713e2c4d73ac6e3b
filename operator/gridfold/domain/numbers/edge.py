"""A winner at the end of an axis: beyond it there may be something better."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gridfold.domain.numbers.judged import JudgedCell, is_number, text

#: From here on two neighbours are taken for steps of a factor, not of a difference.
_FACTOR = 3.0
_DIGITS, _MOST_DIGITS = 3, 17


@dataclass(frozen=True)
class Bounds:
    """What the estimator allows a parameter to be, as far as it is a range of numbers; None: no end."""

    low: float | None = None
    high: float | None = None
    includes_low: bool = True  #: whether the end itself is allowed
    includes_high: bool = True


@dataclass(frozen=True)
class Edge:
    """The winner has the lowest or highest value that was tried of a parameter."""

    parameter: str
    value: float  #: the winner's
    highest: bool  #: else the lowest
    values: int  #: how many were tried
    next: float  #: what to try beyond it

    @property
    def side(self) -> str:
        """Return which end it is, in a word."""
        return "highest" if self.highest else "lowest"


def edges(cells: Sequence[JudgedCell], winner: int | None, bounds: Mapping[str, Bounds] | None = None) -> list[Edge]:
    """Return the numeric parameters of which the winner has the last value that was tried, in the winner's order.

    Tried are the values of all cells with the winner's parameters and its other values, those that are no numbers
    (in a random search hardly any cell has the same numbers); cells without a score count, so an end beyond which
    nothing works is none. Nor is an end

    - of one value, or where a value is no number (None: no limit) and the winner has that,
    - that is the estimator's own bound (`bounds`, by parameter), or beyond which there is no whole number,
    - where the score has levelled off: the neighbour, all else equal, has the same mean.
    """
    if winner is None:
        return []
    own = cells[winner]
    found = (_edge(cells, own, name, (bounds or {}).get(name, Bounds())) for name in own.parameters)
    return [edge for edge in found if edge is not None]


def _edge(cells: Sequence[JudgedCell], own: JudgedCell, name: str, bounds: Bounds) -> Edge | None:
    value = own.parameters[name]
    if not is_number(value):
        return None
    words = {key: text(v) for key, v in own.parameters.items() if key != name and not is_number(v)}
    alike = [cell for cell in cells if _is_alike(cell, own, words)]
    tried = sorted({cell.parameters[name] for cell in alike if is_number(cell.parameters[name])})
    if len(tried) == 1 or value not in (tried[0], tried[-1]):
        return None
    highest = value == tried[-1]
    end = bounds.high if highest else bounds.low
    neighbour = tried[-2] if highest else tried[1]
    if end == value or _levels_off(alike, own, name, neighbour):
        return None
    beyond = _beyond(tried, bounds, highest=highest)
    return None if beyond is None else Edge(name, value, highest, len(tried), beyond)


def _is_alike(cell: JudgedCell, own: JudgedCell, words: Mapping[str, str]) -> bool:
    same_names = cell.parameters.keys() == own.parameters.keys()
    return same_names and all(text(cell.parameters[name]) == value for name, value in words.items())


def _levels_off(alike: Sequence[JudgedCell], own: JudgedCell, name: str, neighbour: float) -> bool:
    wanted: dict[str, Any] = {**own.parameters, name: neighbour}
    beside = next((cell for cell in alike if dict(cell.parameters) == wanted), None)
    return beside is not None and math.isclose(beside.mean, own.mean, rel_tol=1e-12, abs_tol=1e-15)


def _beyond(tried: Sequence[float], bounds: Bounds, *, highest: bool) -> float | None:
    """Return the next value in the steps of the axis, within the bounds; None where there is none."""
    last, before = (tried[-1], tried[-2]) if highest else (tried[0], tried[1])
    factors, whole = _by_factors(tried), all(isinstance(value, int) for value in tried)
    found = last * (last / before) if factors else last + (last - before)
    end, included = (bounds.high, bounds.includes_high) if highest else (bounds.low, bounds.includes_low)
    if end is not None and (found >= end if highest else found <= end):
        found = end if included else (last + end) / 2
    if not is_number(found):
        return None
    found = _whole(found, factors=factors) if whole else _few_digits(found, last, highest=highest)
    further = found > last if highest else found < last
    inside = end is None or (included and found == end) or (found < end if highest else found > end)
    return found if further and inside else None


def _whole(value: float, *, factors: bool) -> int:
    return max(1, round(value)) if factors else round(value)  # no factor leads from 1 to 0


def _few_digits(value: float, last: float, *, highest: bool) -> float:
    """Return a number with as few digits as keep it beyond the last, without a point where the last has none."""
    for digits in range(_DIGITS, _MOST_DIGITS):
        short = float(f"{value:.{digits}g}")
        if short > last if highest else short < last:
            return int(short) if isinstance(last, int) and short.is_integer() else short
    return value


def _by_factors(tried: Sequence[float]) -> bool:
    """Tell whether an axis goes in factors (0.1, 1, 10) rather than in differences (10, 20, 30)."""
    if tried[0] <= 0:
        return False
    factors = [math.log(after / before) for before, after in pairwise(tried)]
    steps = [after - before for before, after in pairwise(tried)]
    if len(factors) == 1:
        return factors[0] >= math.log(_FACTOR)
    return max(factors) / min(factors) <= max(steps) / min(steps)
