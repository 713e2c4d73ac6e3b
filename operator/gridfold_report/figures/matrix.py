"""A confusion matrix: what was true, what was predicted; coloured by the share of its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridfold_report import texts
from gridfold_report.figures.heat_map import SHADES

MOST_CLASSES = 20


@dataclass(frozen=True)
class Square:
    """One field."""

    count: int
    share: str  #: of its row
    shade: int
    right: bool  #: on the diagonal


@dataclass(frozen=True)
class Matrix:
    """The figure: rows are true classes, columns predicted ones."""

    title: str
    labels: Sequence[str]
    rows: Sequence[Sequence[Square]]
    left_out: int  #: classes that are not drawn: they are told apart better


def matrix(title: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Matrix:
    """Return the figure; of more classes than a page can hold those that are found worst, in their order."""
    found = [_right(row, number) for number, row in enumerate(counts)]
    order = sorted(range(len(counts)), key=lambda number: (found[number], number))
    kept = sorted(order[:MOST_CLASSES])
    rows = [[_square(counts[row], row, column) for column in kept] for row in kept]
    return Matrix(title, [labels[number] for number in kept], rows, len(counts) - len(kept))


def _square(row: Sequence[int], true: int, predicted: int) -> Square:
    share = row[predicted] / max(sum(row), 1)
    return Square(row[predicted], texts.percent(share), round(share * (SHADES - 1)), true == predicted)


def _right(row: Sequence[int], number: int) -> float:
    return row[number] / sum(row) if sum(row) else 1.0
