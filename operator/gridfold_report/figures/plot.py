"""A plane with lines and dots, as numbers from 0 to 100 in both directions; y grows downwards, as on a screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gridfold_report.figures.scale import Scale

Point = tuple[float, float]
#: From nothing to everything.
SHARES = Scale(0.0, 1.0)


@dataclass(frozen=True)
class Line:
    """One line; `style` is main, second, third, or soft for those that are there for comparison."""

    name: str
    points: str
    style: str = "main"


@dataclass(frozen=True)
class Plot:
    """A figure, its words, and some of its numbers as a table."""

    title: str
    note: str
    x_label: str
    y_label: str
    x: Scale
    y: Scale
    lines: Sequence[Line]
    dots: Sequence[tuple[float, float, str]] = ()  #: place, and what it is
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    @property
    def legend(self) -> Sequence[Line]:
        """Return one line of each name."""
        return list({line.name: line for line in self.lines if line.name}.values())


def straight(points: Iterable[Point], x: Scale, y: Scale) -> str:
    """Return a line from point to point."""
    return " ".join(f"{x.at(one):g},{100 - y.at(other):g}" for one, other in points)


def steps(points: Iterable[Point], x: Scale, y: Scale) -> str:
    """Return a line that holds at each point what it has reached there, from the point before on.

    Between two points of a precision–recall curve there is nothing to interpolate: a slope would claim thresholds that
    nobody has tried.
    """
    ordered = sorted(points, key=lambda point: (point[0], -point[1]))
    corners = ordered[:1]
    for (_, _), (reached, value) in pairwise(ordered):
        corners += [(corners[-1][0], value), (reached, value)]
    return straight(corners, x, y)
