"""The cell stage: cross-validate one combination of parameters on the training part and keep its result."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.handoff import CellReport, Outcome, PreparedRun, StageInput
from gridfold.domain.grid import Grid, parse_ranges
from gridfold.domain.keys import CellKeys, cell_parameters, cell_preprocessing
from gridfold_trainer.advice import same_versions
from gridfold_trainer.data.prepared import Column, PreparedData, load_prepared
from gridfold_trainer.errors import DataError, ObjectMissingError, ObjectTooLargeError
from gridfold_trainer.learning import boosters, column_parameters, environment, estimators, results, sampling, scorers
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.evaluate import Evaluation, evaluate
from gridfold_trainer.learning.pipelines import Preprocessing, build_pipeline
from gridfold_trainer.learning.results import CellResult, Recorded
from gridfold_trainer.learning.splits import Parts, make_parts
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")


class SplitChangedError(DataError):
    """The same split gives other rows here than it gave in prepare."""

    reason = "SplitChanged"


class EnvironmentChangedError(DataError):
    """This process has other versions than prepare had, so its numbers do not belong under prepare's keys."""

    reason = "EnvironmentChanged"


@dataclass(frozen=True)
class Cell:
    """A cell with all that determines its pipeline."""

    index: int
    grid_index: int  #: number in the whole grid, of which a Random search has drawn some
    key: str
    estimator: str
    parameters: dict[str, Any]
    preprocessing: Preprocessing
    threads: int = 1

    @property
    def grid_cell(self) -> int | None:
        """Return the number in the whole grid for reports: None where it is the cell's own."""
        return None if self.grid_index == self.index else self.grid_index

    def pipeline(self, columns: Sequence[Column], classes: Sequence[Any] | None, *, names: bool) -> Any:
        """Return its unfitted pipeline: on names for people, on positions for cells; both for codes."""
        cls: Any = estimators.load_class(self.estimator)
        values = estimators.constructor_values(cls, self.parameters, classes)
        values |= boosters.fixed_values(cls, self.threads)
        return build_pipeline(estimators.build(cls, values), columns, self.preprocessing, names=names)


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
        context.store.put(results.result_uri(job.spec.cache_uri, cell.key), result.to_bytes())
    report = results.to_report(result, number, objective_of(job), reused=stored is not None)
    return report.model_copy(update={"grid_cell": cell.grid_cell})


def prepared_run(job: StageInput) -> PreparedRun:
    """Return what prepare found.

    Raises:
        DataError: this job.json is not one of a stage after prepare.
    """
    if job.prepared is None:
        raise DataError("job.json has no `prepared`, which every stage after prepare needs; start prepare first.")
    return job.prepared


def objective_of(job: StageInput) -> str:
    """Return the metric that decides, as prepare resolved it.

    Raises:
        DataError: prepare was another version, which resolved none.
    """
    resolved = prepared_run(job).resolved
    if resolved.objective is None or resolved.objective not in resolved.metrics:
        raise DataError(
            f"job.json has the objective {resolved.objective} of the metrics {resolved.metrics}; {same_versions()}."
        )
    return resolved.objective


def make_cells(job: StageInput, numbers: Sequence[int]) -> list[Cell]:
    """Return cells by number, with their keys."""
    prepared = prepared_run(job)
    keys, grid, drawn = CellKeys(job.spec, prepared), Grid.of(job.spec.search.grid), sampling.draw(job.spec.search)
    return [
        Cell(
            number,
            drawn[number],
            keys.key(chosen),
            job.spec.estimator.class_name,
            cell_parameters(job.spec, prepared, chosen),
            cell_preprocessing(job.spec, chosen),
            job.spec.execution.threads,
        )
        for number, chosen in ((number, grid[drawn[number]]) for number in numbers)
    ]


def load_result(context: Context, cache_uri: str, key: str) -> CellResult | None:
    """Return the stored result of a cell, or None where there is none that is valid; of a damaged one the log tells."""
    uri = results.result_uri(cache_uri, key)
    try:
        result = results.load(context.store.get(uri, results.RESULT_BYTES), key)
    except ObjectMissingError:
        return None
    except ObjectTooLargeError:
        result = None
    if result is None:
        log.warning("%s was changed or damaged; it counts as not there", uri)
    return result


def load_parts(job: StageInput, context: Context) -> tuple[PreparedData, Parts]:
    """Return the prepared data set and its three parts.

    Raises:
        DataError: the data is corrupt, or this process is not like the one of prepare.
    """
    prepared = prepared_run(job)
    class_name = job.spec.estimator.class_name
    if environment.digest(class_name) != prepared.environment:
        versions = ", ".join(f"{name} {version}" for name, version in environment.versions(class_name).items())
        raise EnvironmentChangedError(
            f"this process runs {versions}, which is not what prepare ran; {same_versions()}."
        )
    data = load_prepared(context.store, job.spec.cache_uri, prepared.digest, context.scratch)
    parts = make_parts(data.y, job.spec.split, prepared.resolved, data.classes, data.orders)
    if parts.digest != prepared.split_digest:
        raise SplitChangedError(
            f"the split is {parts.digest} here, but {prepared.split_digest} in prepare; {same_versions()}."
        )
    return data, parts


def judge(job: StageInput, cells: Sequence[Cell], training: TrainingRows) -> list[CellResult]:
    """Return the result of each cell. Cells that the estimator refuses are not fitted."""
    prepared = prepared_run(job)
    cls = estimators.load_class(job.spec.estimator.class_name)
    problems = [problem_of(job, cls, cell, training) for cell in cells]
    accepted = [cell for cell, problem in zip(cells, problems, strict=True) if problem is None]
    scorer = scorers.make_scorer(prepared.resolved, training.classes, training.positive)
    evaluations = iter(
        evaluate(
            [cell.pipeline(training.columns, training.classes, names=False) for cell in accepted],
            training,
            make_splits(training.y, job.spec.cross_validation, prepared.resolved, training.orders),
            scorer,
        )
    )
    recorded = record(job)
    return [
        refused(cell, problem, recorded)
        if problem is not None
        else _evaluated(cell, next(evaluations), scorer.metrics, recorded)
        for cell, problem in zip(cells, problems, strict=True)
    ]


def problem_of(job: StageInput, cls: type, item: Cell, data: TrainingRows | PreparedData) -> str | None:
    """Return why a cell cannot be fitted or measured, or None if it can."""
    encode = item.preprocessing["categorical"]["encode"]
    problem = estimators.parameter_problem(cls, item.parameters, data.classes)
    problem = problem or column_parameters.refusal(cls, item.parameters, encode, data.columns)
    if problem is not None:
        return problem
    values = estimators.constructor_values(cls, item.parameters, data.classes)
    return scorers.response_problem(estimators.build(cls, values), prepared_run(job).resolved.metrics)


def record(job: StageInput) -> Recorded:
    """Return what is recorded with every number of this process."""
    prepared = prepared_run(job)
    return Recorded(
        versions=environment.versions(job.spec.estimator.class_name),
        blas=environment.blas(),
        threads=job.spec.execution.threads,
        data=prepared.digest,
        split=prepared.split_digest,
    )


def refused(cell: Cell, problem: str, recorded: Recorded) -> CellResult:
    """Return the result of a cell whose parameters the estimator refuses before any fit."""
    return CellResult(
        key=cell.key,
        estimator=cell.estimator,
        parameters=cell.parameters,
        preprocessing=_plain(cell.preprocessing),
        outcome=Outcome.INFEASIBLE,
        message=problem[: results.MESSAGE_CHARACTERS],
        recorded=recorded,
    )


def _evaluated(cell: Cell, evaluation: Evaluation, metrics: Sequence[str], recorded: Recorded) -> CellResult:
    return CellResult(
        key=cell.key,
        estimator=cell.estimator,
        parameters=cell.parameters,
        preprocessing=_plain(cell.preprocessing),
        outcome=evaluation.outcome,
        message=evaluation.message[: results.MESSAGE_CHARACTERS],
        warnings=evaluation.warnings,
        scores={metric: [fold[metric] if fold else None for fold in evaluation.scores] for metric in metrics},
        fit_seconds=evaluation.fit_seconds,
        score_seconds=evaluation.score_seconds,
        recorded=recorded,
    )


def _plain(preprocessing: Preprocessing) -> dict[str, dict[str, str]]:
    return {kind: dict(steps) for kind, steps in preprocessing.items()}
