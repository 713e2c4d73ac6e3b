"""How a cell is judged: refused for its parameters, or cross-validated on the training part."""

from collections.abc import Sequence
from typing import Any

from gridfold.api.handoff import Outcome, StageInput
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.cells.cell import Cell
from gridfold_trainer.cells.results import MESSAGE_CHARACTERS, CellResult, Recorded
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.learning import column_parameters, environment, estimators, scorers
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.evaluate import Evaluation, evaluate
from gridfold_trainer.learning.training import TrainingRows


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
    recorded = provenance(job)
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


def provenance(job: StageInput) -> Recorded:
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
    return _result(cell, Outcome.INFEASIBLE, problem, recorded)


def _evaluated(cell: Cell, evaluation: Evaluation, metrics: Sequence[str], recorded: Recorded) -> CellResult:
    return _result(
        cell,
        evaluation.outcome,
        evaluation.message,
        recorded,
        warnings=evaluation.warnings,
        scores={metric: [fold[metric] if fold else None for fold in evaluation.scores] for metric in metrics},
        fit_seconds=evaluation.fit_seconds,
        score_seconds=evaluation.score_seconds,
    )


def _result(cell: Cell, outcome: Outcome, message: str, recorded: Recorded, **numbers: Any) -> CellResult:
    return CellResult(
        key=cell.key,
        estimator=cell.estimator,
        parameters=cell.parameters,
        preprocessing={kind: dict(steps) for kind, steps in cell.preprocessing.items()},
        outcome=outcome,
        message=message[:MESSAGE_CHARACTERS],
        recorded=recorded,
        **numbers,
    )
