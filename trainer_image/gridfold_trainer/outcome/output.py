"""What refit leaves in the run's folder, and the report of it that fits into a termination message."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridfold.api.handoff import TERMINATION_MESSAGE_BYTES, Outcome, RankedReport, RefitReport, StageInput
from gridfold.api.plots import PLOTS_FILE
from gridfold.api.status import LEADERBOARD_SIZE
from gridfold.domain.keys import run_folder
from gridfold.domain.versions import shareable_document
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.cells.judging import provenance
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.data.raw_rows import prediction_code
from gridfold_trainer.outcome.collect import Record
from gridfold_trainer.outcome.doubts import infeasible_headline
from gridfold_trainer.outcome.mlflow_files import MODEL, mlflow_files
from gridfold_trainer.outcome.model_card import model_card
from gridfold_trainer.outcome.ownership import LATEST, Latest, Owner
from gridfold_trainer.outcome.page import REPORT, page_of
from gridfold_trainer.outcome.script import script_of
from gridfold_trainer.outcome.selection import slimmed
from gridfold_trainer.outcome.table import results_csv, results_parquet
from gridfold_trainer.outcome.winner import Refitted
from gridfold_trainer.storage.context import Context

#: Of a report: what its message may take; the leaderboard gives way to that much.
MESSAGE_BYTES = 1024
#: Of a program that predicts: a longer one, of thousands of columns, is in the model card alone.
_USAGE_CHARACTERS = 8192


@dataclass(frozen=True)
class RunOutput:
    """All that there is to write."""

    record: Record
    sizes: Mapping[str, int]  #: rows of each part
    notes: Sequence[str]
    refitted: Refitted | None = None  #: None where no cell won
    openings: int | None = None
    selection: Mapping[str, Any] | None = None  #: how far the choice can be trusted
    learning_curve: Mapping[str, Any] | None = None  #: whether more rows would help, where the spec asks

    @property
    def indistinguishable(self) -> int | None:
        """Return how many other cells do not differ from the winner."""
        return self.selection["indistinguishable"] if self.selection else None


def write(job: StageInput, run_output: RunOutput, data: PreparedData, context: Context) -> tuple[str, str]:
    """Write the run's folder, then latest.json, and return the folder and the SHA-256 of its status.json."""
    keys = [row.cell.key for row in run_output.record.rows]
    folder = run_folder(job.spec.output.uri, job.uid, job.generation, keys)
    files = {
        "results.csv": results_csv(run_output.record),
        "results.parquet": results_parquet(run_output.record),
    }
    document = status_document(job, run_output, data)
    document |= {"trustedTypes": [], "script": script_of(job)}
    if run_output.refitted is not None:
        stored = run_output.refitted.stored
        if stored.content is not None:
            files[MODEL] = stored.content
            document["trustedTypes"] = list(stored.trusted)
            files |= mlflow_files(document["versions"], stored.trusted)
        if run_output.refitted.plots is not None:
            files[PLOTS_FILE] = run_output.refitted.plots.model_dump_json(by_alias=True).encode()
        files["model-card.md"] = model_card(job, document, data, stored.note).encode()
        document["usage"] = _usage(job, document, data) if stored.content is not None else stored.note
    page = page_of(document, files["results.csv"], files.get(PLOTS_FILE))
    document |= {"summary": page.summary, "notes": [*document["notes"], *filter(None, [page.note])]}
    for name, content in files.items():
        context.store.put(f"{folder}{name}", content)
    if page.content is not None:  # made of the others, and anew by each version: its digest is no one's business
        context.store.put(f"{folder}{REPORT}", page.content)
    document["files"] = {name: {"sha256": _sha256(content)} for name, content in files.items()}
    status = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode()
    context.store.put(f"{folder}status.json", status)
    latest = Latest(owner=Owner(namespace=job.namespace, name=job.name), run=folder, status_sha256=_sha256(status))
    context.store.put(f"{job.spec.output.uri}{LATEST}", latest.model_dump_json().encode())
    return folder, _sha256(status)


def status_document(job: StageInput, run_output: RunOutput, data: PreparedData) -> dict[str, Any]:
    """Return status.json: what is known of the run, every float with all of its digits."""
    record, prepared, recorded = run_output.record, prepared_run(job), provenance(job)
    refitted = run_output.refitted
    ranked = [_ranked(record, number) for number in record.leaders[:LEADERBOARD_SIZE]]
    best = None if record.winner is None else _ranked(record, record.winner)
    return {
        "format": 1,
        "job": {"namespace": job.namespace, "name": job.name, "uid": job.uid, "generation": job.generation},
        "runDigest": job.run_digest,
        "spec": shareable_document(job.spec),
        "cells": {"total": len(record.rows)} | {str(outcome): record.count(outcome) for outcome in Outcome},
        "resolved": prepared.resolved.document(),
        "dataset": {
            "digest": prepared.digest,
            "splitDigest": prepared.split_digest,
            "rows": len(data.y),
            "columns": len(data.columns),
            "classes": None if data.classes is None else len(data.classes),
            "parts": dict(run_output.sizes),
        },
        "estimator": job.spec.estimator.class_name,
        "objective": record.objective,
        "best": best and {**best, "indistinguishableFrom": run_output.indistinguishable},
        "selection": run_output.selection,
        **({"learningCurve": run_output.learning_curve} if run_output.learning_curve else {}),
        "leaderboard": ranked,
        "training": dict(refitted.training) if refitted else {},
        "validation": dict(refitted.validation) if refitted else {},
        "test": {
            "scores": dict(refitted.test) if refitted else {},
            "intervals": {metric: list(ends) for metric, ends in refitted.intervals.items()} if refitted else {},
            "openings": run_output.openings,
        },
        **(refitted.counts if refitted else {}),
        "headline": infeasible_headline(record),
        "notes": list(run_output.notes),
        "errors": record.grouped_messages(),
        "versions": recorded.versions,
        "blas": recorded.blas,
        "threads": recorded.threads,
    }


def _usage(job: StageInput, document: Mapping[str, Any], data: PreparedData) -> str:
    code = prediction_code(job.spec, data, document["trustedTypes"])
    return code if len(code) <= _USAGE_CHARACTERS else ""


def leaderboard(record: Record) -> list[RankedReport]:
    """Return the best cells, best first."""
    return [ranked_report(record, number) for number in record.leaders[:LEADERBOARD_SIZE]]


def ranked_report(record: Record, number: int) -> RankedReport:
    """Return a cell as a line of the leaderboard."""
    return RankedReport(
        cell=number,
        grid_cell=record.rows[number].cell.grid_cell,
        scores={metric: _reported(record, metric, number) for metric in record.metrics},
    )


def fit_report(report: RefitReport, objective: str) -> RefitReport:
    """Return a report that fits into a termination message with room for its text.

    No digit is ever dropped: from the last line of the leaderboard upwards, metrics other than the objective are, and
    where that is not enough the points of the learning curve, then parts of what is said of the choice; status.json
    has them.
    """
    report = report.model_copy(update={"message": _shortened(report.message)})
    limit = TERMINATION_MESSAGE_BYTES - len(json.dumps(report.message, ensure_ascii=False).encode())
    for shorter in _slimmed(report):
        fitted = _fit_lines(shorter, objective, limit)
        if _size(fitted) <= limit:
            break
    return fitted


def _slimmed(report: RefitReport) -> Iterator[RefitReport]:
    """Yield a report whole and with less and less."""
    curve = report.learning_curve
    if curve is not None:
        yield report
        report = report.model_copy(update={"learning_curve": curve.model_copy(update={"points": []})})
    for selection in slimmed(report.selection):
        yield report.model_copy(update={"selection": selection})
    if curve is not None:
        yield report.model_copy(update={"selection": None, "learning_curve": None})


def _fit_lines(report: RefitReport, objective: str, limit: int) -> RefitReport:
    lines = [*filter(None, [report.chosen]), *report.leaderboard]
    for number in reversed(range(len(lines))):
        if _size(report) <= limit:
            break
        lines[number] = lines[number].model_copy(update={"scores": {objective: lines[number].scores[objective]}})
        chosen, board = (lines[0], lines[1:]) if report.chosen else (None, lines)
        report = report.model_copy(update={"chosen": chosen, "leaderboard": board})
    return report


def _shortened(message: str) -> str:
    content = message.encode()
    if len(content) <= MESSAGE_BYTES:
        return message
    return content[:MESSAGE_BYTES].decode(errors="ignore") + "…"


def _size(report: RefitReport) -> int:
    return len(report.model_copy(update={"message": ""}).model_dump_json(by_alias=True).encode())


def _ranked(record: Record, number: int) -> dict[str, Any]:
    row = record.rows[number]
    scores = {}
    for metric in record.metrics:
        mean, std = _reported(record, metric, number)
        scores[metric] = {"mean": mean, "std": std, "rank": int(record.summary[metric][2][number])}
    place = {"cell": number} if row.cell.grid_cell is None else {"cell": number, "gridCell": row.cell.grid_cell}
    return {**place, "key": row.cell.key, "parameters": dict(row.chosen), "scores": scores}


def _reported(record: Record, metric: str, number: int) -> tuple[float | None, float | None]:
    """Return mean and standard deviation, None where a fold has no score of this metric."""
    means, stds, _ = record.summary[metric]
    return (None, None) if np.isnan(means[number]) else (float(means[number]), float(stds[number]))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
