"""A cell of the current run computed again, and compared with what is stored of it."""

import argparse
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from gridfold.api.answers import ReplayAnswer, ScoreDifference
from gridfold.api.handoff import StageInput
from gridfold.domain.grid import Grid
from gridfold_trainer.after_prepare import load_split
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.judging import judge
from gridfold_trainer.cells.results import CellResult, Recorded, load_result, result_uri
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import sampling
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome.current_run import NoResultsError, current_run
from gridfold_trainer.outcome.reach import as_it_was
from gridfold_trainer.storage.context import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which cell is meant."""
    parser.add_argument("--cell", type=int, required=True, help="number of the cell")


def answer(options: argparse.Namespace, job: StageInput, context: Context) -> ReplayAnswer:
    """Return how the cell does here and in what that differs from its stored result. Nothing is stored.

    Raises:
        TrainerError: there is no such run, cell or result, or the prepared data cannot be read.
    """
    found, _ = current_run(job, context)
    then = as_it_was(job, found)
    drawn, number = sampling.draw(then.spec.search), options.cell
    if not 0 <= number < len(drawn):
        raise DataError(f"the run {found.run} has the cells 0 to {len(drawn) - 1}; {number} is none of them.")
    (cell,) = make_cells(then, [number])
    uri = result_uri(then.spec.cache_uri, cell.key)
    stored = load_result(context, then.spec.cache_uri, cell.key)
    if stored is None:
        raise NoResultsError(
            f"{uri}, the result of cell {number}, is not there, or was changed: the cell ended without one "
            "(results.csv says how), or it was removed since; there is nothing to compare with."
        )
    data, parts = load_split(then, context)
    ((_, again),) = judge(then, [cell], TrainingRows.of(data, parts.train))
    return ReplayAnswer(
        uri=uri,
        parameters=dict(Grid.of(then.spec.search.grid)[drawn[number]]),
        metrics=list(stored.every_score),
        folds=stored.splits,
        outcomes=(str(stored.outcome), str(again.outcome)),
        differences=list(_differences(stored, again)),
        surroundings=_different_surroundings(stored.recorded, again.recorded),
    )


def _differences(stored: CellResult, again: CellResult) -> Iterator[ScoreDifference]:
    """Yield each score that is not the same float."""
    before_all, now_all = stored.every_score, again.every_score
    for metric in dict.fromkeys([*before_all, *now_all]):
        pairs = zip_longest(before_all.get(metric, []), now_all.get(metric, []))
        for fold, (before, now) in enumerate(pairs):
            if before != now:
                yield ScoreDifference(metric=metric, fold=fold, stored=before, computed=now)


def _different_surroundings(stored: Recorded, here: Recorded) -> dict[str, tuple[str, str]]:
    before, now = _named(stored), _named(here)
    names = dict.fromkeys([*before, *now])
    return {name: (before.get(name, ""), now.get(name, "")) for name in names if before.get(name) != now.get(name)}


def _named(recorded: Recorded) -> Mapping[str, Any]:
    return {
        **recorded.versions,
        **{f"BLAS {name}": value for name, value in recorded.blas.items()},
        "threads of a cell": str(recorded.threads),
    }
