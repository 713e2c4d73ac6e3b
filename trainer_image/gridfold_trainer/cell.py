"""The cell stage: cross-validate one combination of parameters on the training part and keep its result."""

from gridfold.api.handoff import CellReport, StageInput
from gridfold.domain.grid import parse_ranges
from gridfold_trainer.after_prepare import load_parts, objective_of
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.judging import judge
from gridfold_trainer.cells.results import load_result, result_uri, to_report
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.storage.context import Context


def run(job: StageInput, index: int, context: Context) -> CellReport:
    """Return how the index-th cell of this wave did; its result is in object storage.

    A valid result that is there already is reported and nothing is computed.

    Raises:
        TrainerError: data or storage cannot be used. That a fit failed is no error but the report's outcome.
    """
    numbers = parse_ranges(job.cells)
    if not 0 <= index < len(numbers):
        raise DataError(f"the completion index is {index}, but this wave has the cells {job.cells!r}; start it anew.")
    number = numbers[index]
    cell = make_cells(job, [number])[0]
    stored = load_result(context, job.spec.cache_uri, cell.key)
    result = stored
    if result is None:
        data, parts = load_parts(job, context)
        result = judge(job, [cell], TrainingRows.of(data, parts.train))[0]
        context.store.put(result_uri(job.spec.cache_uri, cell.key), result.to_bytes())
    report = to_report(result, number, objective_of(job), reused=stored is not None)
    return report.model_copy(update={"grid_cell": cell.grid_cell})
