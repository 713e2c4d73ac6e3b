"""How a cell is judged: refused for its parameters, or cross-validated on the training part."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gridfold.api.handoff import Outcome, StageInput
from gridfold.domain.keys import digest
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.cells.begun import Beginnings
from gridfold_trainer.cells.cell import Cell
from gridfold_trainer.cells.kept_answers import BestAnswers
from gridfold_trainer.cells.results import MESSAGE_CHARACTERS, CellResult, Recorded
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.learning import column_parameters, environment, estimators, scorers
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.evaluate import Evaluation, Splits
from gridfold_trainer.learning.scorers import Heard, by_metric
from gridfold_trainer.learning.sharing.plan import Described
from gridfold_trainer.learning.sharing.side_by_side import evaluate_side_by_side
from gridfold_trainer.learning.sharing.together import Candidate, Task, evaluate_together
from gridfold_trainer.learning.training import TrainingRows


def judge(
    job: StageInput,
    cells: Sequence[Cell],
    training: TrainingRows,
    begin: Callable[[], None] = lambda: None,
    beginnings: Beginnings | None = None,
    answers: BestAnswers | None = None,
) -> Iterator[tuple[Cell, CellResult]]:
    """Yield each cell with its result, as soon as it is complete. Cells that the estimator refuses are not fitted.

    Several cells share what they can (`gridfold_trainer.learning.sharing`); their numbers are those of each alone.
    `begin` is called before each fit, or all fits of a cell. `beginnings` keeps and has the first splits of cells that
    are not complete, and `answers` what the best cell says of its folds.
    """
    recorded, cls = provenance(job), estimators.load_class(job.spec.estimator.class_name)
    accepted = []
    for cell in cells:
        problem = problem_of(job, cls, cell, training)
        if problem is None:
            accepted.append(cell)
        else:
            yield cell, refused(cell, problem, recorded)
    hear = answers.hear if answers and answers.listens(len(accepted), len(training.y)) else None
    for cell, evaluation in _evaluations(job, accepted, training, recorded, begin, beginnings, hear):
        result = _evaluated(job, cell, evaluation, recorded)
        if answers:
            answers.keep(cell, result, evaluation.heard)
        yield cell, result


def judge_again(job: StageInput, cell: Cell, training: TrainingRows, hear: Heard) -> tuple[CellResult, list[Any]]:
    """Return the result of a cell that has scores, and what `hear` has made of each split; None where there is none."""
    recorded = provenance(job)
    ((_, evaluation),) = _evaluations(job, [cell], training, recorded, hear=hear)
    return _evaluated(job, cell, evaluation, recorded), evaluation.heard


def _evaluations(
    job: StageInput,
    cells: Sequence[Cell],
    training: TrainingRows,
    recorded: Recorded,
    begin: Callable[[], None] = lambda: None,
    beginnings: Beginnings | None = None,
    hear: Heard | None = None,
) -> Iterator[tuple[Cell, Evaluation]]:
    """Yield each cell that the estimator accepts with what it has on the job's splits."""
    prepared = prepared_run(job)
    scorer = scorers.make_scorer(prepared.resolved, training.classes, training.positive, hear)
    scorer = replace(scorer, train=job.spec.scoring.train_scores)
    splits = make_splits(training.y, job.spec.cross_validation, prepared.resolved, training.orders)
    found = beginnings.find([cell.key for cell in cells], recorded) if beginnings and cells else {}
    begun = {key: kept.evaluation(scorer.metrics, len(splits), training.classes) for key, kept in found.items()}
    candidates = [_candidate(cell, training, begun.get(cell.key)) for cell in cells]

    def keep(number: int, evaluation: Evaluation) -> None:
        if beginnings:
            beginnings.keep(cells[number].key, recorded, evaluation)

    task, processes = Task(training, splits, scorer, begin, keep), job.spec.execution.parallel_folds
    for number, evaluation in evaluate_side_by_side(candidates, task, processes):
        yield cells[number], evaluation


def evaluate_on(cell: Cell, training: TrainingRows, splits: Splits, scorer: scorers.Scorer) -> Evaluation:
    """Return what a cell that the estimator accepts has on other splits than the job's."""
    ((_, evaluation),) = evaluate_together([_candidate(cell, training, None)], Task(training, splits, scorer))
    return evaluation


def _candidate(cell: Cell, training: TrainingRows, begun: Evaluation | None) -> Candidate:
    from sklearn.pipeline import Pipeline

    pipeline = cell.pipeline(training.columns, training.classes, names=False)
    preparation = digest(cell.preprocessing) if type(pipeline) is Pipeline else None
    parameters = pipeline.steps[-1][1].get_params(deep=False)
    return Candidate(Described(cell.estimator, parameters, preparation), pipeline, begun)


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


def _evaluated(job: StageInput, cell: Cell, evaluation: Evaluation, recorded: Recorded) -> CellResult:
    metrics, train = prepared_run(job).resolved.metrics, job.spec.scoring.train_scores
    return _result(
        cell,
        evaluation.outcome,
        evaluation.message,
        recorded,
        warnings=evaluation.warnings,
        scores=by_metric(evaluation.scores, metrics),
        train_scores=by_metric(evaluation.train_scores, metrics) if train else {},
        fit_seconds=evaluation.fit_seconds,
        score_seconds=evaluation.score_seconds,
        shared=list(evaluation.shared),
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
