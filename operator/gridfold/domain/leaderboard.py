"""Scores for people: rounded texts, the leaderboard, targets."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from heapq import nsmallest

from gridfold.api.handoff import CellReport, RankedReport
from gridfold.api.status import LEADERBOARD_SIZE, MeanStd, RankedCell
from gridfold.domain.grid import Grid, shown_parameters

MeansAndStds = Mapping[str, tuple[float | None, float | None]]


def format_score(value: float | None) -> str:
    """Return a score as text: four decimals below 1000, six digits above; "NaN" for none."""
    if value is None or math.isnan(value):
        return "NaN"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def format_difference(value: float) -> str:
    """Return a difference of scores with its sign and three decimals; a small one with two digits."""
    if value == 0 or abs(value) >= 0.001:
        return f"{value:+.3f}" if abs(value) < 1000 else f"{value:+.4g}"
    return f"{value:+.1e}"


def ranked_cell(line: RankedReport | CellReport, objective: str, grid: Grid) -> RankedCell:
    """Return a line of the leaderboard."""
    scores = line.scores
    return RankedCell(
        cell=line.cell,
        score=format_score(scores.get(objective, (None, None))[0]),
        parameters=shown_parameters(grid[line.cell if line.grid_cell is None else line.grid_cell]),
        scores={name: MeanStd(mean=format_score(mean), std=format_score(std)) for name, (mean, std) in scores.items()},
    )


def final_leaderboard(ranked: Iterable[RankedReport], objective: str, grid: Grid) -> list[RankedCell]:
    """Return refit's leaderboard, in its order: it knows every digit."""
    return [ranked_cell(line, objective, grid) for line in ranked][:LEADERBOARD_SIZE]


def live_leaderboard(
    previous: list[RankedCell], reports: Iterable[CellReport], objective: str, grid: Grid
) -> list[RankedCell]:
    """Return the ten best of the previous leaderboard and of new reports (ties: lower cell first).

    Reports vanish with their pods, so the previous status remembers; a rounded text stands where no report is left.
    """
    lines = {line.cell: line for line in previous if line.score != "NaN"}
    scores = {cell: Decimal(line.score) for cell, line in lines.items()}
    found: dict[int, CellReport] = {}
    for report in reports:
        mean = report.scores.get(objective, (None, None))[0]
        if mean is not None:
            scores[report.cell], found[report.cell] = Decimal(repr(mean)), report
    # Lines are made of the best alone: there may be thousands of reports.
    best = nsmallest(LEADERBOARD_SIZE, scores, key=lambda cell: (-scores[cell], cell))
    return [ranked_cell(found[cell], objective, grid) if cell in found else lines[cell] for cell in best]


def missed_targets(targets: Mapping[str, str], scores: Mapping[str, float | str | None]) -> list[str]:
    """Return a phrase for every target that the scores do not reach; a score that is not a number reaches none."""
    missed = []
    for metric, target in targets.items():
        score = scores.get(metric)
        number = Decimal(repr(score) if isinstance(score, float) else score or "NaN")
        if number.is_nan() or number < Decimal(target):
            shown = score if isinstance(score, str) else format_score(score)
            missed.append(f"{metric} is {shown}, wanted {target}")
    return missed
