"""The cell stage: cross-validate combinations of parameters on the training part and keep the result of each."""

import logging
from collections.abc import Callable
from functools import cached_property

from gridfold.api.handoff import CellReport, GroupReport, StageInput
from gridfold.domain.groups import Group, parse_groups
from gridfold_trainer.after_prepare import load_parts, objective_of
from gridfold_trainer.cells.cell import Cell, make_cells
from gridfold_trainer.cells.judging import judge
from gridfold_trainer.cells.results import load_result, result_uri, to_report
from gridfold_trainer.cells.telling import tell
from gridfold_trainer.errors import DataError, TrainerError
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.storage.context import Context
from gridfold_trainer.termination import leave_note

log = logging.getLogger("gridfold")


def run(
    job: StageInput, index: int, context: Context, begin: Callable[[], None] = lambda: None
) -> CellReport | GroupReport:
    """Return how the cells of the index-th group of this wave did, one after the other; `begin` is called before each.

    The result of each is in object storage before the next begins, and a note says so. A valid result that is there
    already is reported and nothing is computed. Whatever one cell raises, the others are computed.

    Raises:
        TrainerError: data or storage cannot be used. That a fit failed is no error but a cell's outcome.
        Exception: what a cell has raised, after all others.
    """
    group, objective, stage = _group(job, index), objective_of(job), _CellStage(job, context)
    reports: dict[int, CellReport] = {}
    raised: Exception | None = None
    for cell in make_cells(job, group):
        begin()
        try:
            reports[cell.index] = stage.run(cell, objective)
        except TrainerError:
            raise
        except Exception as error:
            log.warning("cell %d raised %r", cell.index, error, exc_info=len(group) > 1)
            # The traceback of this one keeps alive what there was no room for.
            raised = raised or (MemoryError() if isinstance(error, MemoryError) else error)
        if reports and len(reports) < len(group):
            leave_note(tell(group, reports, objective))
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

    def __init__(self, job: StageInput, context: Context) -> None:
        self._job, self._context = job, context

    @cached_property
    def _training(self) -> TrainingRows:
        data, parts = load_parts(self._job, self._context)
        return TrainingRows.of(data, parts.train)

    def run(self, cell: Cell, objective: str) -> CellReport:
        """Return how a cell did."""
        cache_uri = self._job.spec.cache_uri
        stored = load_result(self._context, cache_uri, cell.key)
        result = stored
        if result is None:
            result = judge(self._job, [cell], self._training)[0]
            self._context.store.put(result_uri(cache_uri, cell.key), result.to_bytes())
        report = to_report(result, cell.index, objective, reused=stored is not None)
        return report.model_copy(update={"grid_cell": cell.grid_cell})
