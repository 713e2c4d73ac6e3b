"""The refit stage: rank all cells, fit the winner again, judge it on validation and test part, write the results."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold.api.handoff import Outcome, RefitReport, StageInput
from gridfold_trainer import cell, output
from gridfold_trainer.collect import Record, Row, collect
from gridfold_trainer.context import Context
from gridfold_trainer.errors import CacheMismatchError, FitFailedError
from gridfold_trainer.evaluate import fit_error
from gridfold_trainer.frames import add_frames
from gridfold_trainer.prepared import PreparedData, labels, to_frame
from gridfold_trainer.scorers import Scorer, make_scorer
from gridfold_trainer.splits import Parts
from gridfold_trainer.training import TrainingRows


@dataclass(frozen=True)
class Refitted:
    """The winner's last two fits."""

    model: Any  #: fitted on training and validation part, on a DataFrame and the original labels
    validation: dict[str, float]
    test: dict[str, float]
    warnings: list[str] = field(default_factory=list)


def run(job: StageInput, context: Context) -> RefitReport:
    """Return the winner and its scores; table, model and status are in the run's folder.

    Where no cell has a score, table and status are written, and the report's best is None.

    Raises:
        TrainerError: the folder is someone else's, results are missing or wrong, or the winner cannot be fitted.
    """
    output.check_owner(job, context)
    data, parts = cell.load_parts(job, context)
    record = collect(job, data.classes, context)
    notes = _architecture_notes(record)
    refitted = None
    if record.winner is not None:
        best = record.rows[record.winner]
        notes += check_winner(job, best, TrainingRows.of(data, parts.train))
        refitted = refit_winner(job, best, data, parts)
        notes += refitted.warnings
    run_output = output.RunOutput(
        record=record,
        sizes={"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        model=refitted and refitted.model,
        validation=refitted.validation if refitted else {},
        test=refitted.test if refitted else {},
        notes=notes,
    )
    uri, sha256 = output.write(job, run_output, context)
    return _report(run_output, uri, sha256)


def check_winner(job: StageInput, best: Row, training: TrainingRows) -> list[str]:
    """Compute the winner's folds again and return a warning where they differ on another BLAS architecture.

    Raises:
        CacheMismatchError: they differ although nothing else does, so the stored numbers cannot be trusted.
    """
    again = cell.judge(job, [best.cell], training)[0]
    if best.result is None or again.scores == best.result.scores:
        return []
    different = (
        f"the stored scores of cell {best.cell.index}, the winner, are not the ones that its folds give now "
        f"({_first_difference(best.result.scores, again.scores)})"
    )
    if again.recorded.blas == best.result.recorded.blas:
        raise CacheMismatchError(
            f"{different}; someone may have changed {job.spec.cache_uri}cells/{best.cell.key}.json. Remove that "
            "object, or name another output.cacheUri, and run the job again."
        )
    return [f"{different}; they were computed on another BLAS architecture."]


def refit_winner(job: StageInput, best: Row, data: PreparedData, parts: Parts) -> Refitted:
    """Fit the winner on the training part and score validation; fit on both and score test, once.

    Raises:
        FitFailedError: the winner of the folds cannot be fitted on more rows.
    """
    add_frames()
    prepared = cell.prepared_run(job)
    frame, targets, classes = to_frame(data), labels(data), data.classes or ()
    judge = _Judge(frame, data.y, classes, make_scorer(job.spec.scoring, prepared.resolved, classes, data.positive))
    both = np.concatenate([parts.train, parts.validation])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            pipeline = best.cell.pipeline(data.columns, classes, names=True)
            first = pipeline.fit(frame.iloc[parts.train], targets[parts.train])
            validation = judge.scores(first, parts.validation)
            model = best.cell.pipeline(data.columns, classes, names=True).fit(frame.iloc[both], targets[both])
            test = judge.scores(model, parts.test)
        except MemoryError:
            raise
        except Exception as error:
            raise FitFailedError(
                f"cell {best.cell.index} won the cross-validation, but cannot be fitted on the whole training part: "
                f"{fit_error(error).text}"
            ) from error
    texts = dict.fromkeys(f"{warning.category.__name__}: {warning.message}"[:256] for warning in caught)
    return Refitted(model, validation, test, list(texts)[:5])


@dataclass(frozen=True)
class _Judge:
    """Scores a model that speaks labels on rows of the data."""

    frame: Any
    y: np.ndarray
    classes: Sequence[Any]
    scorer: Scorer

    def scores(self, model: Any, rows: np.ndarray) -> dict[str, float]:
        codes = {label: code for code, label in enumerate(self.classes)}
        predicted = np.array([codes[label] for label in model.predict(self.frame.iloc[rows]).tolist()], dtype=np.int64)
        return self.scorer.scores(self.y[rows], predicted)


def _first_difference(stored: dict[str, list[float | None]], again: dict[str, list[float | None]]) -> str:
    for metric, column in stored.items():
        other = again.get(metric, [])
        for split, (old, new) in enumerate(zip(column, other, strict=False)):
            if old != new:
                return f"{metric} of split {split}: {old!r} stored, {new!r} now"
    return "another number of scores"


def _architecture_notes(record: Record) -> list[str]:
    """Return a note where cells were computed on different BLAS architectures, whose last bits can differ."""
    known = {tuple(sorted(row.result.recorded.blas.items())) for row in record.rows if row.result}
    if len(known) < 2:
        return []
    return [f"the cells ran on {len(known)} BLAS architectures, so the last bits of their scores are not comparable."]


def _report(run_output: output.RunOutput, uri: str, sha256: str) -> RefitReport:
    record = run_output.record
    message = "; ".join(run_output.notes)
    if record.winner is None:
        message = f"No cell has a score: {record.grouped_messages()}"
    return output.fit_report(
        RefitReport(
            best=record.winner,
            leaderboard=output.leaderboard(record),
            validation=dict(run_output.validation),
            test=dict(run_output.test),
            succeeded=record.count(Outcome.SUCCEEDED),
            infeasible=record.count(Outcome.INFEASIBLE),
            failed=record.count(Outcome.FAILED),
            results_uri=uri,
            results_sha256=sha256,
            message=message,
        ),
        record.objective,
    )
