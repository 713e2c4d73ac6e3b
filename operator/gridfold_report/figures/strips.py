"""A strip for each parameter: what its values can reach, and what they reach with the others as they come."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from gridfold_report import texts
from gridfold_report.figures.scale import Scale, scale_of
from gridfold_report.run import Run

MOST_PARAMETERS, MOST_VALUES = 12, 20


@dataclass(frozen=True)
class Strip:
    """One value of a parameter, over all cells that have it; places are percent of the width."""

    value: str
    cells: int
    low: float
    box: tuple[float, float]  #: quartiles
    median: float
    high: float
    numbers: tuple[str, str, str]  #: least, median and best, as texts
    below: bool  #: the least lies below the scale
    chosen: bool  #: the winner has it


@dataclass(frozen=True)
class Parameter:
    """All strips of a parameter."""

    name: str
    strips: Sequence[Strip]
    left_out: int  #: values that are not drawn


@dataclass(frozen=True)
class Strips:
    """The figure; every parameter on the same scale."""

    scale: Scale
    parameters: Sequence[Parameter]
    left_out: int


def strips(run: Run) -> Strips | None:
    """Return the figure, or None where nothing varies or nothing has a score."""
    names = list(run.axes)
    if not names or not run.ranked:
        return None
    scale = scale_of([cell.mean(run.objective) for cell in run.ranked])
    drawn = [_parameter(run, name, scale) for name in names[:MOST_PARAMETERS]]
    return Strips(scale, drawn, max(0, len(names) - MOST_PARAMETERS))


def _parameter(run: Run, name: str, scale: Scale) -> Parameter:
    found: dict[str, list[float]] = {value: [] for value in run.axes[name]}
    for cell in run.ranked:
        found[cell.parameters[name]].append(cell.mean(run.objective))
    kept = found
    if len(found) > MOST_VALUES:  # those that reach most, in their order
        best = sorted(found, key=lambda value: -max(found[value], default=-math.inf))[:MOST_VALUES]
        kept = {value: scores for value, scores in found.items() if value in set(best)}
    return Parameter(name, list(_strips(run, name, kept, scale)), len(found) - len(kept))


def _strips(run: Run, name: str, found: dict[str, list[float]], scale: Scale) -> Iterator[Strip]:
    chosen = run.winner.parameters.get(name) if run.winner else None
    for value, scores in found.items():
        if not scores:
            yield Strip(value, 0, 0.0, (0.0, 0.0), 0.0, 0.0, ("–", "–", "–"), below=False, chosen=False)
            continue
        first, middle, third = quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else scores * 3
        yield Strip(
            value,
            len(scores),
            scale.at(min(scores)),
            (scale.at(first), scale.at(third)),
            scale.at(middle),
            scale.at(max(scores)),
            (texts.score(min(scores)), texts.score(middle), texts.score(max(scores))),
            below=min(scores) < scale.low,
            chosen=value == chosen,
        )
