"""The best cells, a dot for each fold: how far the folds scatter says how much a rank is worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gridfold_report import texts
from gridfold_report.figures.scale import Scale, scale_of
from gridfold_report.run import Cell
from gridfold_report.standing import Standing

MOST = 30


@dataclass(frozen=True)
class Line:
    """One cell."""

    rank: int
    cell: Cell
    parameters: Sequence[tuple[str, str]]  #: those that vary
    dots: Sequence[float]  #: of each fold, percent of the width
    tick: float  #: of the mean
    mean: str
    fit_time: str
    equal: bool  #: it cannot be told apart from the winner
    winner: bool
    cheapest: bool


@dataclass(frozen=True)
class FoldDots:
    """The figure."""

    scale: Scale
    lines: Sequence[Line]
    all_folds: int


def fold_dots(standing: Standing) -> FoldDots | None:
    """Return the figure of the best cells, or None where there is no winner."""
    run = standing.run
    if run.winner is None or not run.winner.folds:
        return None
    best = list(enumerate(run.ranked[:MOST], 1))
    if run.winner not in run.ranked[:MOST]:  # it was chosen for being simple
        best[-1] = (run.ranked.index(run.winner) + 1, run.winner)
    scale = scale_of([value for _, cell in best for value in cell.folds], keep=run.winner.folds)
    lines = [
        Line(
            rank=rank,
            cell=cell,
            dots=[scale.at(value) for value in cell.folds if math.isfinite(value)],
            tick=scale.at(cell.mean(run.objective)),
            parameters=[(texts.short_name(name), cell.parameters[name]) for name in run.axes if cell.parameters[name]],
            mean=texts.score(cell.mean(run.objective)),
            fit_time=texts.duration(cell.fit_seconds),
            equal=cell.index in standing.equal,
            winner=cell is run.winner,
            cheapest=cell is standing.cheapest,
        )
        for rank, cell in best
    ]
    return FoldDots(scale, lines, len(run.winner.folds))
