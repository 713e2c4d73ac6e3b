"""Which parameters made the difference: exact analysis of variance, where the grid is balanced."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from operator import itemgetter

from gridfold.domain.numbers.balanced import Factorial, balanced_part, better_half, winners_grid
from gridfold.domain.numbers.choosing import BEST, Choice
from gridfold.domain.numbers.judged import JudgedCell, text

#: Standard deviation ÷ largest mean: what is below is rounding, and no parameter has made it.
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class Shares:
    """Shares of the variance of the mean scores; with `rest` they add up to 1."""

    main: Mapping[str, float]  #: by parameter, the greatest first
    pairs: Mapping[tuple[str, str], float]  #: by two parameters, what they do together beyond each alone
    rest: float  #: what three and more do together
    cells: int  #: that this is about
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: values (as JSON) not in it, by parameter

    def total(self, parameter: str) -> float:
        """Return a parameter's share with that of all pairs that it is in: near 0, it has no effect."""
        return self.main[parameter] + sum(share for pair, share in self.pairs.items() if parameter in pair)


@dataclass(frozen=True)
class Importance:
    """The shares over all cells and over the better half; a None has its reason."""

    all: Shares | None = None
    better: Shares | None = None
    reason: str = ""  #: why there are no shares over all cells
    better_reason: str = ""  #: why there are none over the better half


def importance(cells: Sequence[JudgedCell], choice: Choice = BEST) -> Importance:
    """Return how much of the variance of the cells' mean scores each parameter, and each pair, is the cause of.

    Analysis of variance of a full factorial with one value a cell (Fisher 1925; Montgomery, Design and Analysis of
    Experiments, chapter 5). With N cells, grand mean m, means m_a of a parameter's values and m_ab of pairs:

        SS = Σ (y − m)²,   SS_A = N/|A| · Σ (m_a − m)²,   SS_AB = N/(|A||B|) · Σ (m_ab − m_a − m_b + m)²

    The shares SS_A/SS and SS_AB/SS are exact, since in a balanced grid the effects are orthogonal; nothing is
    fitted. The noise of the folds is part of the pairs and the rest.

    Over all cells, a hopeless value can take nearly everything, so the same is told over the better half: the grid
    without its worst values (`better_half`).

    What is balanced: cells with the winner's parameters (of a list of grids, its own). Where combinations have no
    score or are not there (infeasible cells, a draw), it is the part without the values that lack them, and
    `left_out` names these; there are no shares where that part has fewer than half of those cells, or no parameter
    with two values, or where all scores are equal.
    """
    winner = choice.of(cells)
    if winner is None:
        return _without("no cell has a score")
    grid = winners_grid(cells, winner)
    own = _place(grid, cells[winner])
    part = balanced_part(grid, own, (len(grid.cells) + 1) // 2)
    if part is None:
        return _without("too many combinations of values have no score, so what is left is not balanced")
    every, reason = _shares(part)
    if every is None:
        return _without(reason)
    half = better_half(part, own)
    better, better_reason = _shares(half)
    return Importance(every, better, better_reason=better_reason)


def _without(reason: str) -> Importance:
    return Importance(reason=reason, better_reason=reason)


def _place(grid: Factorial, cell: JudgedCell) -> tuple[int, ...]:
    return tuple(
        next(number for number, value in values.items() if value == text(cell.parameters[axis]))
        for axis, values in zip(grid.axes, grid.values, strict=True)
    )


def _shares(grid: Factorial) -> tuple[Shares | None, str]:
    """Return the shares, or why there are none."""
    varied = grid.varied
    if not varied:
        return None, "no parameter has two values"
    largest = max(map(abs, grid.cells.values())) or 1.0  # shares have no unit, and squares of large losses no value
    middle = sum(score / largest for score in grid.cells.values()) / len(grid.cells)
    deviations = {place: score / largest - middle for place, score in grid.cells.items()}
    total = sum(value * value for value in deviations.values())
    if total <= len(deviations) * _NO_SPREAD**2:
        return None, "all scores are equal"
    alone = {axis: _effects(deviations, (axis,)) for axis in varied}
    main = {axis: _squares(effects, len(deviations)) / total for axis, effects in alone.items()}
    pairs = {}
    for one, other in combinations(varied, 2):
        means = _effects(deviations, (one, other))
        joint = {at: mean - alone[one][at[:1]] - alone[other][at[1:]] for at, mean in means.items()}
        pairs[one, other] = _squares(joint, len(deviations)) / total
    rest = max(0.0, 1 - sum(main.values()) - sum(pairs.values()))
    names = grid.axes
    return Shares(
        main={names[axis]: main[axis] for axis in sorted(main, key=lambda axis: -main[axis])},
        pairs={(names[a], names[b]): pairs[a, b] for a, b in sorted(pairs, key=lambda pair: -pairs[pair])},
        rest=rest if len(varied) > 2 else 0.0,  # two parameters have no third: what is left is rounding
        cells=len(deviations),
        left_out=grid.left_out,
    ), ""


def _effects(deviations: Mapping[tuple[int, ...], float], axes: tuple[int, ...]) -> dict[tuple[int, ...], float]:
    """Return the mean deviation at each combination of values of some axes."""
    sums: dict[tuple[int, ...], float] = {}
    counts: Counter[tuple[int, ...]] = Counter()
    for at, value in zip(_at(deviations, axes), deviations.values(), strict=True):
        sums[at] = sums.get(at, 0.0) + value
        counts[at] += 1
    return {at: value / counts[at] for at, value in sums.items()}


def _at(places: Iterable[tuple[int, ...]], axes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield of each cell the numbers of its values on some axes."""
    return zip(*(map(itemgetter(axis), places) for axis in axes), strict=True)


def _squares(effects: Mapping[tuple[int, ...], float], cells: int) -> float:
    return cells / len(effects) * sum(effect * effect for effect in effects.values())
