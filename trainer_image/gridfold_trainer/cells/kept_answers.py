"""What the best cell of a process says of each fold's rows, kept for the refit of the same run on the same machine.

Refit computes the winner's folds again, because a stored result may come from anywhere, and draws from these fits. Of a
cell that a process of this run has computed on this machine a moment ago, they would tell nothing new: its answers lie
in the scratch folder that only the processes of this run share. A pod has a scratch folder of its own, so that in a
cluster nothing is kept, and refit checks every winner.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any
from zipfile import BadZipFile

import numpy as np

from gridfold.api.handoff import Outcome
from gridfold_trainer.cells.cell import Cell
from gridfold_trainer.cells.results import CellResult
from gridfold_trainer.learning.fold_answers import FoldAnswers, answers_of
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")

#: Most of a process's time that goes into answers that no metric asks for, such as probabilities beside classes.
MOST_OF_TIME = 0.02
#: Cells of a process are listened to only where the answers of all of them take less.
MOST_BYTES = 64 * 1024 * 1024
_ROW_BYTES = 24  # truth, prediction and score
_FOLDER = "answers"


class BestAnswers:
    """Listens to the cells of one process and keeps the answers of the best."""

    def __init__(
        self, context: Context, objective: str, positive: int | None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._folder = _folder(context)
        self._objective, self._positive, self._clock = objective, positive, clock
        self._start, self._spent = clock(), 0.0
        self._best: tuple[float, int] | None = None
        self._kept: Path | None = None

    def listens(self, cells: int, rows: int) -> bool:
        """Tell whether so many cells on so many rows are listened to."""
        return self._folder is not None and cells * rows * _ROW_BYTES <= MOST_BYTES

    def hear(self, truth: np.ndarray, responses: Responses, _: Any) -> FoldAnswers | None:
        """Return what a fit says of its rows, None where that has taken too long before."""
        now = self._clock()
        if self._spent > MOST_OF_TIME * (now - self._start):
            return None
        found = answers_of(truth, responses, self._positive)
        self._spent += self._clock() - now
        return found

    def keep(self, cell: Cell, result: CellResult, heard: Sequence[FoldAnswers | None]) -> None:
        """Keep the answers of a cell if it is the best so far; of equals the first in the grid is the winner."""
        answers = [fold for fold in heard if fold is not None]
        scores = [score for score in result.scores.get(self._objective, ()) if score is not None]
        if self._folder is None or not len(answers) == len(scores) == len(result.fit_seconds):
            return
        if result.outcome is not Outcome.SUCCEEDED or (self._best and (fmean(scores), -cell.index) <= self._best):
            return
        self._best = (fmean(scores), -cell.index)
        path = self._folder / f"{cell.key}.npz"
        try:
            _write(path, result, answers)
        except OSError as error:
            log.warning("what cell %d says of its folds is not kept: %s", cell.index, error)
            return
        if self._kept is not None and self._kept != path:
            self._kept.unlink(missing_ok=True)
        self._kept = path


def kept_answers(context: Context, key: str, result: CellResult | None) -> list[FoldAnswers] | None:
    """Return what a process of this run has kept of the cell with this very result, None where there is nothing."""
    folder = _folder(context)
    if folder is None or result is None:
        return None
    try:
        with (folder / f"{key}.npz").open("rb") as file, np.load(file, allow_pickle=False) as found:
            if str(found["result"]) != _digest(result):
                return None
            return [_read(found, number) for number in range(len(result.fit_seconds))]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return None


def _folder(context: Context) -> Path | None:
    """Return where answers are kept; None in a cluster, whose pods share no folder."""
    return None if context.base_folder is None else context.scratch / _FOLDER


def _write(path: Path, result: CellResult, answers: Sequence[FoldAnswers]) -> None:
    arrays: dict[str, Any] = {"result": np.array(_digest(result))}
    for number, fold in enumerate(answers):
        arrays |= {f"truth{number}": fold.truth, f"predicted{number}": fold.predicted}
        if fold.score is not None:
            arrays |= {f"score{number}": fold.score, f"probability{number}": np.array(fold.probability)}
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f"{path.stem}-{os.getpid()}.tmp")
    with draft.open("wb") as file:
        np.savez(file, **arrays)
    draft.replace(path)


def _read(found: Any, number: int) -> FoldAnswers:
    truth, predicted = found[f"truth{number}"], found[f"predicted{number}"]
    if f"score{number}" not in found:
        return FoldAnswers(truth, predicted)
    return FoldAnswers(truth, predicted, found[f"score{number}"], bool(found[f"probability{number}"]))


def _digest(result: CellResult) -> str:
    return hashlib.sha256(result.to_bytes()).hexdigest()
