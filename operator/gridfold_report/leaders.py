"""The table of the best cells; all of them are in results.csv, beside the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridfold_report import texts
from gridfold_report.run import Run

MOST_ROWS, MOST_FIELDS = 500, 8000
_MOST_METRICS, _MOST_PARAMETERS = 8, 16


@dataclass(frozen=True)
class Table:
    """The best cells."""

    metrics: Sequence[str]  #: the objective first
    parameters: Sequence[str]
    rows: Sequence[Sequence[str]]  #: rank, cell, mean ± std, means of the other metrics, fit time, values
    winner: int | None  #: row of the winner
    total: int
    left_out: int  #: metrics and parameters that have no column here


def table(run: Run) -> Table:
    """Return as many of the best cells, then of the cells without a score, as a page can hold."""
    metrics = run.metrics[:_MOST_METRICS]
    names = list(run.axes) or list(run.cells[0].parameters if run.cells else ())
    parameters = names[:_MOST_PARAMETERS]
    most = min(MOST_ROWS, MOST_FIELDS // (4 + len(metrics) + len(parameters)))
    shown = [*run.ranked, *run.unscored][:most]
    ranks = _ranks(run)
    rows = [
        [
            ranks.get(cell.index, "–"),
            str(cell.index),
            texts.mean_and_spread(cell.mean(run.objective), cell.stds.get(run.objective)),
            *(texts.score(cell.mean(metric)) for metric in metrics[1:]),
            texts.duration(cell.fit_seconds),
            *(texts.cut(cell.parameters[name]) for name in parameters),
        ]
        for cell in shown
    ]
    winner = next((row for row, cell in enumerate(shown) if cell is run.winner), None)
    left_out = len(run.metrics) - len(metrics) + len(names) - len(parameters)
    return Table(metrics, parameters, rows, winner, len(run.cells), left_out)


def _ranks(run: Run) -> dict[int, str]:
    """Return the rank of each cell; equal means share the better one, as in results.csv."""
    ranks: dict[int, str] = {}
    last, rank = None, 0
    for number, cell in enumerate(run.ranked, 1):
        mean = cell.mean(run.objective)
        rank, last = (rank if mean == last else number), mean
        ranks[cell.index] = str(rank)
    return ranks
