"""All cells of a run with what became of them: the record that refit ranks."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gridfold.api.handoff import FailedCell, Outcome, StageInput
from gridfold.domain.grid import Grid, Parameters, cell_count, format_ranges, parse_ranges
from gridfold.domain.numbers.choosing import BEST, Choice
from gridfold.domain.numbers.judged import JudgedCell
from gridfold.domain.selection import choice_of
from gridfold_trainer.after_prepare import objective_of, prepared_run
from gridfold_trainer.cells.cell import Cell, make_cells
from gridfold_trainer.cells.judging import problem_of, provenance, refused
from gridfold_trainer.cells.results import CellResult, load_result
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import estimators, ranking
from gridfold_trainer.storage.context import Context

#: Requests to object storage at the same time; each waits far longer than it computes.
REQUESTS = 16


class ResultsMissingError(DataError):
    """Cells that are said to have ended have no valid result in object storage."""

    reason = "ResultsMissing"


@dataclass(frozen=True)
class Row:
    """One cell: a stored result, or how its process ended without one."""

    cell: Cell
    objective: str
    chosen: Parameters  #: the cell's own parameters, in the user's names
    result: CellResult | None
    failed: FailedCell | None
    memory: str | None = None  #: that its pod had; None: nobody limited it, or the result was there before

    @property
    def outcome(self) -> Outcome:
        """Return how the cell ended."""
        return self.result.outcome_for(self.objective) if self.result else Outcome.FAILED

    @property
    def message(self) -> str:
        """Return why the cell lacks scores; "" if it has all."""
        if self.result:
            return self.result.message
        return f"{self.failed.reason}: {self.failed.message}" if self.failed else ""


@dataclass(frozen=True)
class Record:
    """All rows in grid order, with their numbers as matrices of shape (cells, splits), NaN where there is none."""

    rows: Sequence[Row]
    metrics: tuple[str, ...]
    objective: str
    splits: int
    choice: Choice = BEST
    train: bool = False  #: whether fits were scored on their own rows, too

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """Return the scores of each metric."""
        return {metric: self._matrix(lambda result, m=metric: result.scores.get(m)) for metric in self.metrics}

    @cached_property
    def train_scores(self) -> dict[str, np.ndarray]:
        """Return the scores of each metric on the rows of the fits; {} where the job does not want them."""
        wanted = self.metrics if self.train else ()
        return {metric: self._matrix(lambda result, m=metric: result.train_scores.get(m)) for metric in wanted}

    @cached_property
    def fit_seconds(self) -> np.ndarray:
        """Return the seconds of each fit."""
        return self._matrix(lambda result: result.fit_seconds)

    @cached_property
    def score_seconds(self) -> np.ndarray:
        """Return the seconds of each prediction with its metrics."""
        return self._matrix(lambda result: result.score_seconds)

    @cached_property
    def summary(self) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return means, standard deviations and ranks of each metric, one of each per cell."""
        averaged = {metric: ranking.means_and_stds(matrix) for metric, matrix in self.scores.items()}
        return {metric: (means, stds, ranking.ranks(means)) for metric, (means, stds) in averaged.items()}

    @cached_property
    def judged(self) -> list[JudgedCell]:
        """Return the cells by what decides: parameters, scores of the objective, mean seconds of a fit."""
        seconds = ranking.means_and_stds(self.fit_seconds)[0].tolist()
        scores = self.scores[self.objective].tolist()
        return [JudgedCell(row.chosen, *found) for row, *found in zip(self.rows, scores, seconds, strict=True)]

    @cached_property
    def winner(self) -> int | None:
        """Return the chosen cell, or None where no cell has a mean of the objective."""
        return self.choice.of(self.judged)

    @property
    def leaders(self) -> list[int]:
        """Return all cells with a mean of the objective, best first, ties in grid order."""
        means, _, ranks = self.summary[self.objective]
        return [int(number) for number in np.argsort(ranks, kind="stable") if not np.isnan(means[number])]

    def count(self, outcome: Outcome) -> int:
        """Return how many cells ended so."""
        return sum(row.outcome == outcome for row in self.rows)

    def grouped_messages(self, groups: int = 5) -> str:
        """Return the commonest causes of cells without a score, with their counts."""
        counts = Counter(row.message.strip().splitlines()[0][:300] for row in self.rows if row.message.strip())
        shown = [f"{count} cell{'' if count == 1 else 's'}: {message}" for message, count in counts.most_common(groups)]
        rest = len(counts) - len(shown)
        return "; ".join([*shown, f"and {rest} other causes"] if rest else shown)

    def _matrix(self, column: Any) -> np.ndarray:
        empty = [None] * self.splits
        return np.array([(row.result and column(row.result)) or empty for row in self.rows], dtype=np.float64)


def collect(job: StageInput, data: PreparedData, context: Context) -> Record:
    """Return the record of a run.

    Raises:
        ResultsMissingError: naming the cells that have neither a valid result nor a known failure.
    """
    grid = Grid.of(job.spec.search.grid)
    cells = make_cells(job, range(cell_count(job.spec.search)))
    objective, metrics = objective_of(job), tuple(prepared_run(job).resolved.metrics)
    splits, train = job.spec.cross_validation.folds * job.spec.cross_validation.repeats, job.spec.scoring.train_scores
    stored = [
        result if result and is_complete(result, metrics, splits, train=train) else None
        for result in _load_all(job, cells, context)
    ]
    failed = {end.cell: end for end in job.failed}
    memory = {number: size for size, ranges in job.memory.items() for number in parse_ranges(ranges)}
    rows = [
        Row(
            item,
            objective,
            grid[item.grid_index],
            result or _refused(job, item, data),
            failed.get(item.index),
            memory.get(item.index),
        )
        for item, result in zip(cells, stored, strict=True)
    ]
    missing = [row.cell.index for row in rows if row.result is None and row.failed is None]
    if missing:
        raise ResultsMissingError(
            f"{len(missing)} of {len(rows)} cells have no valid result below {job.spec.cache_uri}cells/: "
            f"{format_ranges(missing)[:256]}. Objects were removed, changed or damaged meanwhile; run the "
            "job again, which computes them again (on a cluster, change spec.retry)."
        )
    return Record(rows, metrics, objective, splits, choice_of(job.spec.scoring), train)


def _load_all(job: StageInput, cells: Sequence[Cell], context: Context) -> list[CellResult | None]:
    """Return the stored results, in order. The first is read alone, so that the client is made by one thread."""
    cache_uri = job.spec.cache_uri
    first = [load_result(context, cache_uri, item.key) for item in cells[:1]]
    with ThreadPoolExecutor(REQUESTS) as pool:
        return first + list(pool.map(lambda item: load_result(context, cache_uri, item.key), cells[1:]))


def is_complete(result: CellResult, metrics: Sequence[str], splits: int, *, train: bool) -> bool:
    """Tell whether a result has the numbers that its key promises."""
    if not result.scores:
        return result.outcome != Outcome.SUCCEEDED
    scored = set(result.train_scores) == set(metrics if train else ())
    return scored and result.splits == splits and set(result.scores) == set(metrics)


def _refused(job: StageInput, item: Cell, data: PreparedData) -> CellResult | None:
    """Return the result of a cell that was never run because prepare saw that the estimator refuses it."""
    cls = estimators.load_class(item.estimator)
    problem = problem_of(job, cls, item, data)
    return refused(item, problem, provenance(job)) if problem else None
