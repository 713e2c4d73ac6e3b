"""The balanced part of a grid: values of its parameters every combination of which has a score."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gridfold.domain.numbers.judged import JudgedCell, text

#: Of a grid with more combinations for each score no part is looked for: it is a draw.
_SPARSE = 16
Level = tuple[int, int]  #: number of an axis, number of one of its values


@dataclass(frozen=True)
class Factorial:
    """Cells that are the full product of their levels."""

    axes: tuple[str, ...]
    levels: tuple[tuple[int, ...], ...]  #: of each axis: the numbers of its values
    values: tuple[Mapping[int, str], ...]  #: of each axis: what the numbers stand for, as JSON
    cells: Mapping[tuple[int, ...], float]  #: mean score by the numbers of a cell's values
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: values that are not part of it, by axis

    @property
    def varied(self) -> tuple[int, ...]:
        """Return the numbers of the axes with at least two values."""
        return tuple(number for number, levels in enumerate(self.levels) if len(levels) > 1)


def winners_grid(cells: Sequence[JudgedCell], winner: int) -> Factorial:
    """Return the cells with the winner's parameters as combinations of values, whether or not any are missing.

    Of a list of grids these are the winner's grid and those that vary the same parameters. A combination that is
    there twice counts once, as what it was first. `cells` has those with a score only.
    """
    axes = tuple(cells[winner].parameters)
    names, numbers = set(axes), [dict[str, int]() for _ in axes]
    found: dict[tuple[int, ...], float] = {}
    for cell in cells:
        if set(cell.parameters) != names:
            continue
        place = tuple(
            number.setdefault(text(cell.parameters[axis]), len(number))
            for axis, number in zip(axes, numbers, strict=True)
        )
        if cell.is_scored:
            found.setdefault(place, cell.mean)
    levels = tuple(tuple(range(len(number))) for number in numbers)
    return Factorial(axes, levels, tuple({n: value for value, n in number.items()} for number in numbers), found)


def balanced_part(grid: Factorial, kept: tuple[int, ...], least: int) -> Factorial | None:
    """Return a part in which no combination is missing, or None where none with `least` cells is found.

    The value of which the greatest share of combinations is missing is left out, again and again (of several the one
    with the fewest cells, then that of the later axis); never one of `kept`, a cell's own. That the part is the
    largest one is not certain: to find that takes exponential time.
    """

    def worst(thinner: "_Thinner") -> Level | None:
        if len(thinner.cells) == thinner.size:
            return None

        def badness(level: Level) -> tuple[float, int, Level]:
            expected, there = thinner.size // len(thinner.levels[level[0]]), thinner.counts[level]
            return (expected - there) / expected, -there, level

        return max(thinner.removable(kept), key=badness, default=None)

    thinner = _Thinner(grid)
    if thinner.size > _SPARSE * len(grid.cells):
        return None
    thinner.thin(worst, least)
    whole = len(thinner.cells) == thinner.size and len(thinner.cells) >= least
    return thinner.part() if whole else None


def better_half(grid: Factorial, kept: tuple[int, ...]) -> Factorial:
    """Return the balanced part with at least half of the cells of a balanced grid that is without its worst values.

    The value with the lowest mean score is left out, again and again, while half of the cells stay; never one of
    `kept`, the winner's own. Leaving out single cells would leave nothing balanced.
    """
    least = (len(grid.cells) + 1) // 2

    def worst(thinner: "_Thinner") -> Level | None:
        fits = [level for level in thinner.removable(kept) if len(thinner.cells) - thinner.counts[level] >= least]
        return min(fits, key=lambda level: (thinner.sums[level] / thinner.counts[level], level), default=None)

    thinner = _Thinner(grid, sums=True)
    thinner.thin(worst, least)
    return thinner.part()


class _Thinner:
    """Takes values out of a grid one by one, and knows of each value how many cells it has left, and their sum."""

    def __init__(self, grid: Factorial, *, sums: bool = False) -> None:
        self._grid = grid
        self.levels = [set(levels) for levels in grid.levels]
        self.cells = dict(grid.cells)
        self.counts: Counter[Level] = Counter()
        self.sums: dict[Level, float] = defaultdict(float)
        self._by_level: dict[Level, list[tuple[int, ...]]] = defaultdict(list)
        for place, score in self.cells.items():
            for level in enumerate(place):
                self.counts[level] += 1
                self._by_level[level].append(place)
                if sums:
                    self.sums[level] += score

    @property
    def size(self) -> int:
        """Return how many combinations the values that are left have."""
        return math.prod(len(levels) for levels in self.levels)

    def removable(self, kept: tuple[int, ...]) -> list[Level]:
        """Return the values that may go."""
        return [
            (axis, level) for axis, levels in enumerate(self.levels) for level in sorted(levels) if level != kept[axis]
        ]

    def thin(self, worst: Callable[["_Thinner"], Level | None], least: int) -> None:
        """Take out the worst value until there is none, or too few cells are left."""
        while len(self.cells) >= least and (level := worst(self)) is not None:
            self._remove(level)

    def part(self) -> Factorial:
        """Return what is left."""
        grid = self._grid
        left_out = {
            axis: tuple(values[level] for level in before if level not in now)
            for axis, values, before, now in zip(grid.axes, grid.values, grid.levels, self.levels, strict=True)
        }
        gone = {axis: (*grid.left_out.get(axis, ()), *values) for axis, values in left_out.items()}
        levels = tuple(tuple(sorted(levels)) for levels in self.levels)
        return Factorial(grid.axes, levels, grid.values, self.cells, {a: v for a, v in gone.items() if v})

    def _remove(self, level: Level) -> None:
        axis, number = level
        self.levels[axis].discard(number)
        for place in self._by_level[level]:
            score = self.cells.pop(place, None)
            if score is None:
                continue
            for other in enumerate(place):
                self.counts[other] -= 1
                if other in self.sums:
                    self.sums[other] -= score
