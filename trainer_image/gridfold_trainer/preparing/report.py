"""What prepare tells: the data set, what is to be done, and warnings."""

import logging
from collections.abc import Sequence

from gridfold.api.handoff import PrepareReport, StageInput, encode_cells
from gridfold.api.status import DatasetStatus
from gridfold.domain.grid import cell_count
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.cells.stored import find_stored
from gridfold_trainer.data.assemble import Assembled
from gridfold_trainer.learning import platform_estimators
from gridfold_trainer.learning.findings import cause_of, headline
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.outcome.storability import storage_warnings
from gridfold_trainer.preflight import Infeasible
from gridfold_trainer.preparing.judging import Judged
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")

#: Of the report; the log has all of them, whole.
_WARNINGS = 5
_WARNING_CHARACTERS = 512


def report(job: StageInput, data: Assembled, judged: Judged, notes: Sequence[str], context: Context) -> PrepareReport:
    """Return the report of a job with what is prepared for it; the notes are warned of, too."""
    prepared, total = prepared_run(job), cell_count(job.spec.search)
    stored = find_stored(job, prepared, context)
    warnings = [*stored.warnings, *notes, *data.warnings, *judged.warnings]
    warnings = [
        *_with_refusals(warnings, judged.infeasible, total),
        *_storability(job, judged.infeasible, context),
    ]
    return PrepareReport(
        digest=prepared.digest,
        environment=prepared.environment,
        dataset=_status(data, prepared.digest, judged.parts),
        resolved=prepared.resolved,
        total=total,
        cached=encode_cells(stored.cached, total),
        infeasible=encode_cells(judged.infeasible.cells - stored.cached, total),
        warnings=_bounded(warnings),
    )


def _bounded(warnings: list[str]) -> list[str]:
    """Return the first warnings, shortened; the log has all of them."""
    for warning in warnings:
        log.warning("%s", warning)
    most = _WARNING_CHARACTERS
    return [text if len(text) <= most else f"{text[: most - 1]}…" for text in warnings[: 2 * _WARNINGS]]


def _with_refusals(warnings: list[str], infeasible: Infeasible, total: int) -> list[str]:
    """Add what the estimator says of the cells that it refuses: first, where many have one cause; else last."""
    ordered = sorted(infeasible.messages.items(), key=lambda item: -item[1])
    for message, count in ordered[_WARNINGS:]:
        log.warning("%d cells are infeasible: %s", count, message)
    told = {
        message: f"{count} cell{' is' if count == 1 else 's are'} infeasible: {message}"
        for message, count in ordered[:_WARNINGS]
    }
    first = headline(infeasible.messages, total)
    if first is None:
        return [*warnings, *told.values()]
    others = [text for message, text in told.items() if cause_of(message) not in cause_of(first)]
    return [first, *warnings, *others]


def _storability(job: StageInput, infeasible: Infeasible, context: Context) -> list[str]:
    if not platform_estimators.is_allowed(job.spec.estimator.class_name):
        return []
    return storage_warnings(job, infeasible.cells, context)


def _status(data: Assembled, digest: str, parts: Parts) -> DatasetStatus:
    return DatasetStatus(
        rows=len(data.target.y),
        columns=len(data.columns),
        classes=None if data.target.classes is None else len(data.target.classes),
        digest=digest,
        split_digest=parts.digest,
        parts={"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        dropped_rows=data.dropped_rows,
        dropped_columns=data.dropped_columns,
    )
