"""The refit stage: rank all cells, fit the winner again, judge it on validation and test part, write the results."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gridfold.api.handoff import Outcome, RankedReport, RefitReport, StageInput
from gridfold.api.v1alpha1 import SplitMethod
from gridfold.domain.learning_curve import curve_status
from gridfold.domain.selection import selection_status
from gridfold_trainer.after_prepare import load_parts, prepared_run
from gridfold_trainer.cells.kept_answers import kept_answers
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.learning import frequent_class
from gridfold_trainer.learning.fold_answers import answers_of
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Rows
from gridfold_trainer.learning.splits import Parts, part_warnings
from gridfold_trainer.learning.suspicions import Looker
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome import claims, doubts, openings, output
from gridfold_trainer.outcome.collect import Record, Row, collect
from gridfold_trainer.outcome.fold_figures import OutOfFold, with_folds
from gridfold_trainer.outcome.learning_curve import Curve
from gridfold_trainer.outcome.ownership import check_owner
from gridfold_trainer.outcome.selection import selection
from gridfold_trainer.outcome.winner import check_winner, refit_winner
from gridfold_trainer.storage.context import Context

_ARCHITECTURES = 2


def run(job: StageInput, context: Context) -> RefitReport:
    """Return the winner and its scores; tables, model, its card and status are in the run's folder.

    Where no cell has a score, tables and status are written, and the report's best is None.

    Raises:
        TrainerError: the folder is someone else's, results are missing or wrong, or the winner cannot be fitted.
    """
    check_owner(job, context)
    claims.check(job, context)
    data, parts = load_parts(job, context)
    record = collect(job, data, context)
    grouped = prepared_run(job).resolved.split == SplitMethod.GROUPED
    notes = [*(part_warnings(parts, job.spec.split) if grouped else []), *_architecture_notes(record)]
    found = output.RunOutput(record=record, sizes=parts.sizes, notes=[*_told_before(job, data, parts), *notes])
    if record.winner is not None:
        found = _judged(job, found, (data, parts), context)
    uri, sha256 = output.write(job, found, data, context)
    claims.release(job, context)  # latest.json says from now on whose the folder is
    return _report(found, uri, sha256)


def _judged(
    job: StageInput, found: output.RunOutput, rows: tuple[PreparedData, Parts], context: Context
) -> output.RunOutput:
    """Return the output with the winner's last fits; the look at the test part is counted before it is taken."""
    data, parts = rows
    record, prepared = found.record, prepared_run(job)
    best = record.rows[record.winner or 0]
    training = TrainingRows.of(data, parts.train)
    curve = Curve.asked(job, training)

    checked, out_of_fold, train_scores = _folds_of_winner(job, best, training, curve, context)
    notes = [*found.notes, *checked]
    opening = openings.opening_of(best.cell, data, parts, prepared.environment, job.spec.execution.threads)
    opened, more = openings.add(opening, job.spec.cache_uri, parts.digest, context)
    refitted = refit_winner(job, best, data, parts)
    drawn = with_folds(refitted.plots, out_of_fold, data.classes, job.spec.cross_validation.repeats)
    if opened > 1:
        more.append(f"{opened} different models have been scored on this test part: it is no fresh test any more.")
    return replace(
        found,
        refitted=replace(refitted, plots=drawn),
        openings=opened,
        selection=selection(job, record, training, context),
        learning_curve=curve.document(best, train_scores, context) if curve else None,
        notes=[*doubts.of_folds(record), *refitted.doubts, *notes, *more, *refitted.warnings],
    )


def _folds_of_winner(
    job: StageInput, best: Row, training: TrainingRows, curve: Curve | None, context: Context
) -> tuple[list[str], OutOfFold, Sequence[Any]]:
    """Return warnings, what the winner says of its folds' rows and, for a curve, the training scores of its fits.

    Its folds are fitted again unless a process of this run has left what it says of them, and nobody asks for more.
    """
    kept = None if curve else kept_answers(context, best.cell.key, best.result)
    if kept is not None:
        return [], OutOfFold(training.positive, kept), ()

    def hear(truth: np.ndarray, responses: Responses, own: Callable[[], Rows]) -> tuple[Any, Any]:
        return answers_of(truth, responses, training.positive), curve.train_scores(responses, own) if curve else None

    warnings, heard = check_winner(job, best, training, hear)
    answers, train_scores = zip(*(split or (None, None) for split in heard), strict=True)
    return warnings, OutOfFold(training.positive, [fold for fold in answers if fold is not None]), train_scores


def _told_before(job: StageInput, data: PreparedData, parts: Parts) -> list[str]:
    """Return what prepare has warned of that the reader of the scores must know, too."""
    y, resolved = data.y[parts.train], prepared_run(job).resolved
    frequent = frequent_class.warning(job.spec, resolved, y, data.classes, data.positive)
    looker = Looker(y, data.classes, len(data.columns))
    for number, column in enumerate(data.columns):
        looker.look(column, np.asarray(data.X[:, number]), parts.train)
    return [*([frequent] if frequent else []), *looker.found.warnings(job.spec.dataset.target)]


def _architecture_notes(record: Record) -> list[str]:
    """Return a note where cells were computed on different BLAS architectures, whose last bits can differ."""
    known = {tuple(sorted(row.result.recorded.blas.items())) for row in record.rows if row.result}
    if len(known) < _ARCHITECTURES:
        return []
    return [f"the cells ran on {len(known)} BLAS architectures, so the last bits of their scores are not comparable."]


def _chosen(record: Record) -> RankedReport | None:
    """Return the winner where it is not the first of the leaderboard."""
    if record.winner is None or record.winner == record.leaders[0]:
        return None
    return output.ranked_report(record, record.winner)


def _report(found: output.RunOutput, uri: str, sha256: str) -> RefitReport:
    record, refitted = found.record, found.refitted
    message = "; ".join(filter(None, (doubts.infeasible_headline(record), *found.notes)))
    if record.winner is None:
        message = f"No cell has a score: {record.grouped_messages()}"
    return output.fit_report(
        RefitReport(
            best=record.winner,
            leaderboard=output.leaderboard(record),
            chosen=_chosen(record),
            selection=selection_status(found.selection),
            learning_curve=curve_status(found.learning_curve),
            validation=dict(refitted.validation) if refitted else {},
            test=dict(refitted.test) if refitted else {},
            intervals=dict(refitted.intervals) if refitted else {},
            openings=found.openings,
            indistinguishable=found.indistinguishable,
            succeeded=record.count(Outcome.SUCCEEDED),
            infeasible=record.count(Outcome.INFEASIBLE),
            failed=record.count(Outcome.FAILED),
            results_uri=uri,
            results_sha256=sha256,
            no_model=refitted.stored.note if refitted else "",
            message=message,
        ),
        record.objective,
    )
