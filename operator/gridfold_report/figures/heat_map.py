"""Two parameters at once: what each pair of their values reaches, coloured by rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median, pvariance
from typing import Any

from gridfold_report import texts
from gridfold_report.run import Run
from gridfold_report.standing import Standing

#: Steps of the colour; a field has one of them by its rank.
SHADES = 8
_FEWEST_VALUES, MOST_VALUES = 2, 16


@dataclass(frozen=True)
class Field:
    """One pair of values."""

    best: str  #: the highest score of the cells that have both
    middle: str  #: their median
    cells: int
    shade: int  #: 0 (lowest rank) to SHADES - 1
    chosen: bool  #: the winner's


@dataclass(frozen=True)
class HeatMap:
    """The figure: fields by row and column, None where no cell has a score."""

    rows: str
    columns: str
    row_values: Sequence[str]
    column_values: Sequence[str]
    fields: Sequence[Sequence[Field | None]]
    others: bool  #: whether more parameters vary, so that a field holds several cells


def heat_map(standing: Standing) -> HeatMap | None:
    """Return the map of the strongest pair, or None where fewer than two parameters vary."""
    run = standing.run
    if run.winner is None:
        return None
    names = [name for name, values in run.axes.items() if _FEWEST_VALUES <= len(values) <= MOST_VALUES]
    pairs = list(combinations(names, 2))
    if not pairs:
        return None
    known = standing.selection.get("importance") or {}
    shares = known.get("betterHalf") or known.get("all")
    rows, columns = max(pairs, key=lambda pair: _share(shares, pair) if shares else _spread(run, *pair))
    if len(run.axes[rows]) < len(run.axes[columns]):  # tall rather than wide: telephones
        rows, columns = columns, rows
    return _map(run, rows, columns)


def _share(shares: Mapping[str, Any], pair: tuple[str, str]) -> float:
    """Return what two parameters make of the variance between cells, alone and together."""
    together = sum(found["share"] for found in shares["pairs"] if set(found["parameters"]) == set(pair))
    return float(sum(shares["main"].get(name, 0.0) for name in pair) + together)


def _spread(run: Run, one: str, other: str) -> float:
    """Return how far the means of the pairs' values differ, over the better half of the cells.

    For grids that are not balanced. Over all cells two hopeless values would hide what matters among the good ones.
    """
    better = run.ranked[: max(2, (len(run.ranked) + 1) // 2)]
    groups: dict[tuple[str, str], list[float]] = {}
    for cell in better:
        key = (cell.parameters[one], cell.parameters[other])
        groups.setdefault(key, []).append(cell.mean(run.objective))
    return pvariance([fmean(scores) for scores in groups.values() for _ in scores])


def _map(run: Run, rows: str, columns: str) -> HeatMap:
    found: dict[tuple[str, str], list[float]] = {}
    for cell in run.ranked:
        key = (cell.parameters[rows], cell.parameters[columns])
        found.setdefault(key, []).append(cell.mean(run.objective))
    best = {key: max(scores) for key, scores in found.items()}
    order = sorted(set(best.values()))
    chosen = (run.winner.parameters[rows], run.winner.parameters[columns]) if run.winner else None

    def field(key: tuple[str, str]) -> Field | None:
        if key not in found:
            return None
        shade = round(order.index(best[key]) / max(1, len(order) - 1) * (SHADES - 1)) if len(order) > 1 else SHADES // 2
        middle = texts.score(median(found[key]))
        return Field(texts.score(best[key]), middle, len(found[key]), shade, key == chosen)

    fields = [[field((row, column)) for column in run.axes[columns]] for row in run.axes[rows]]
    return HeatMap(rows, columns, run.axes[rows], run.axes[columns], fields, others=len(run.axes) > 2)
