"""The cell stage: cross-validate combinations of parameters on the training part and keep the result of each."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from gridfold.api.handoff import CellReport, GroupReport, StageInput
from gridfold.domain.groups import Group, parse_groups
from gridfold_trainer.after_prepare import load_parts, objective_of
from gridfold_trainer.cells.begun import Beginnings
from gridfold_trainer.cells.cell import Cell, make_cells
from gridfold_trainer.cells.judging import judge
from gridfold_trainer.cells.kept_answers import BestAnswers
from gridfold_trainer.cells.results import CellResult, load_result, result_uri, to_report
from gridfold_trainer.cells.telling import tell
from gridfold_trainer.errors import DataError, TrainerError
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.storage.context import Context
from gridfold_trainer.termination import leave_note

log = logging.getLogger("gridfold")


def run(
    job: StageInput, index: int, context: Context, begin: Callable[[], None] = lambda: None
) -> CellReport | GroupReport:
    """Return how the cells of the index-th group of this wave did.

    They share what work they can. The result of each is in object storage as soon as it is complete, and a note says
    so. A valid result that is there already is reported and nothing is computed. Whatever one cell raises, the others
    are computed. `begin` is called whenever the time of another cell begins.

    Raises:
        TrainerError: data or storage cannot be used. That a fit failed is no error but a cell's outcome.
        Exception: what a cell has raised, after all others.
    """
    group, objective, stage = _group(job, index), objective_of(job), _CellStage(job, context, begin)
    reports: dict[int, CellReport] = {}
    raised: Exception | None = None
    cells = make_cells(job, group)
    # Should one raise, nobody knows which it was, nor what the others had in common with it: each is then alone.
    for together in (cells, *([cell] for cell in cells if len(cells) > 1)):
        try:
            for cell, report in stage.run([cell for cell in together if cell.index not in reports], objective):
                reports[cell.index] = report
                if len(reports) < len(group):
                    leave_note(tell(group, reports, objective))
        except TrainerError:
            raise
        except Exception as error:
            if len(together) > 1:
                continue
            log.warning("cell %d raised %r", together[0].index, error, exc_info=len(group) > 1)
            # The traceback of this one keeps alive what there was no room for.
            raised = raised or (MemoryError() if isinstance(error, MemoryError) else error)
    if raised is not None:
        raise raised
    return tell(group, reports, objective)


def _group(job: StageInput, index: int) -> Group:
    try:
        groups = parse_groups(job.cells)
    except ValueError as error:
        raise DataError(f"job.json has the cells {job.cells[:256]!r}: {error}; start the wave anew.") from error
    if not 0 <= index < len(groups):
        raise DataError(f"the completion index is {index}, but this wave has the cells {job.cells!r}; start it anew.")
    return groups[index]


class _CellStage:
    """Runs cells; the data is loaded for the first that has no result."""

    def __init__(self, job: StageInput, context: Context, begin: Callable[[], None]) -> None:
        self._job, self._context, self._begin = job, context, begin
        self._beginnings = Beginnings(context, job.spec.cache_uri)

    @cached_property
    def _training(self) -> TrainingRows:
        data, parts = load_parts(self._job, self._context)
        return TrainingRows.of(data, parts.train)

    def run(self, cells: Sequence[Cell], objective: str) -> Iterator[tuple[Cell, CellReport]]:
        """Yield how each cell did, those first whose result is there already."""
        cache_uri = self._job.spec.cache_uri
        missing = []
        for cell in cells:
            self._begin()
            stored = load_result(self._context, cache_uri, cell.key)
            if stored is None:
                missing.append(cell)
            else:
                yield cell, _report(cell, stored, objective, reused=True)
        if not missing:
            return
        training = self._training
        answers = BestAnswers(self._context, objective, training.positive)
        for cell, result in judge(self._job, missing, training, self._begin, self._beginnings, answers):
            self._context.store.put(result_uri(cache_uri, cell.key), result.to_bytes())
            self._beginnings.forget(cell.key)
            yield cell, _report(cell, result, objective, reused=False)


def _report(cell: Cell, result: CellResult, objective: str, *, reused: bool) -> CellReport:
    report = to_report(result, cell.index, objective, reused=reused)
    return report.model_copy(update={"grid_cell": cell.grid_cell})
