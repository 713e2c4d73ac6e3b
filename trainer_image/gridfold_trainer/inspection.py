"""Look at a job without running it: `python -m gridfold_trainer.inspection WHAT --job job.json`.

WHAT is plan, results, report or estimator.

Prints one JSON document (gridfold.api.inspection, or a FailureReport) and writes nothing into object storage.
"""

import argparse
import logging
import math
import secrets
import shutil
import sys
from pathlib import Path

from gridfold.api.handoff import PreparedRun, StageInput
from gridfold.api.inspection import EstimatorReport, PlanReport, ResultsReport
from gridfold.api.plots import PLOTS_FILE
from gridfold.domain.visible_log import make_visible
from gridfold_trainer import preflight
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.results import CellResult, load_result
from gridfold_trainer.cells.stored import find_stored
from gridfold_trainer.data import reuse
from gridfold_trainer.data.sources import locate
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import environment, estimators, scorers
from gridfold_trainer.learning.column_checks import column_problems
from gridfold_trainer.outcome.current_run import current_run, fetch_file
from gridfold_trainer.outcome.page import REPORT, make_page
from gridfold_trainer.outcome.script import describe
from gridfold_trainer.printed import print_answer
from gridfold_trainer.stages import open_context
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.local_files import is_full


class CopyFailedError(DataError):
    """A file was found, but the copy that was asked for cannot be written."""

    reason = "CopyFailed"


def main(arguments: list[str] | None = None) -> int:
    """Print what is found and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gridfold_trainer.inspection", description=__doc__)
    parser.add_argument("what", choices=["plan", "results", "report", "estimator"])
    parser.add_argument("--job", type=Path, required=True, help="job.json, as of prepare")
    parser.add_argument("--csv", type=Path, help="file for results.csv")
    parser.add_argument("--parquet", type=Path, help="file for results.parquet")
    parser.add_argument("--html", type=Path, help="file for report.html, made anew")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    make_visible()
    job = StageInput.model_validate_json(options.job.read_bytes())
    copies = {"results.csv": options.csv, "results.parquet": options.parquet, REPORT: options.html}
    wanted = {name: path for name, path in copies.items() if path is not None}
    return print_answer(lambda: _answer(options.what, job, wanted))


def _answer(what: str, job: StageInput, copies: dict[str, Path]) -> PlanReport | ResultsReport | EstimatorReport:
    if what == "estimator":
        return estimator(job)
    with open_context(job) as context:
        if what == "report":
            return report(job, copies[REPORT], context)
        return plan(job, context) if what == "plan" else results(job, copies, context)


def estimator(job: StageInput) -> EstimatorReport:
    """Return what is known of the estimator; neither data nor storage is needed for it.

    Raises:
        TrainerError: the job cannot name it, or gives it parameters that it does not have.
    """
    cls = estimators.load_class(job.spec.estimator.class_name)
    classifier, scoring = estimators.is_classifier(cls), job.spec.scoring
    problems = [*preflight.spec_problems(job.spec, cls), *column_problems(job.spec, cls)]
    problems += scorers.kind_problems(scoring, scorers.choose(scoring, classifier=classifier)[1], classifier=classifier)
    if problems:
        raise DataError(*problems)
    return describe(job.spec)


def plan(job: StageInput, context: Context) -> PlanReport:
    """Return how much of a job is there already.

    Raises:
        TrainerError: the sources or the cache cannot be reached, or the job cannot run on the prepared data.
    """
    spec = job.spec
    cls = estimators.load_class(spec.estimator.class_name)
    classifier = estimators.is_classifier(cls)
    located = locate(spec.dataset.sources, context)
    found = reuse.find(reuse.index_uri(spec, located, classifier=classifier), spec, located, context)
    if found is None:
        return PlanReport(prepared=False)
    digest, data = found
    positive, problems = preflight.find_positive(spec, data.target.classes)
    resolved = preflight.resolve(spec, cls, data.target.classes, positive)
    parts, more = preflight.target_problems(spec, resolved, data.target, data.orders)
    problems += [*preflight.spec_problems(spec, cls), *column_problems(spec, cls, data.columns), *more]
    if parts is None or problems:
        raise DataError(*problems)
    infeasible = preflight.find_infeasible(spec, cls, data, resolved.random_state).cells
    versions = environment.digest(spec.estimator.class_name)
    run = PreparedRun(digest=digest, environment=versions, resolved=resolved, split_digest=parts.digest)
    stored = find_stored(job, run, context)
    seconds = _seconds(job.model_copy(update={"prepared": run}), stored.cached, context)
    return PlanReport(
        prepared=True,
        cached=len(stored.cached),
        damaged=stored.damaged,
        infeasible=len(infeasible - stored.cached),
        measured=len(seconds),
        measured_seconds=math.fsum(seconds),
    )


def results(job: StageInput, copies: dict[str, Path], context: Context) -> ResultsReport:
    """Return the current run of a job, and copy files of its folder.

    Raises:
        TrainerError: there is none, it is another job's, or a file is not what status.json says.
    """
    found, _ = current_run(job, context)
    for name, path in copies.items():
        _place(fetch_file(found, name, context), name, path)
    return found


def report(job: StageInput, path: Path, context: Context) -> ResultsReport:
    """Return the current run of a job, and make the page about it anew.

    Raises:
        TrainerError: as of `results`.
    """
    found, content = current_run(job, context)
    plots = fetch_file(found, PLOTS_FILE, context).read_bytes() if PLOTS_FILE in found.status["files"] else None
    page = make_page(content, fetch_file(found, "results.csv", context).read_bytes(), plots)
    made = context.scratch / f"{secrets.token_hex(4)}-{REPORT}"
    made.write_bytes(page.content or b"")
    _place(made, REPORT, path)
    return found.model_copy(update={"status": {**found.status, "summary": page.summary}})


def _place(fetched: Path, name: str, path: Path) -> None:
    try:
        shutil.move(fetched, path)
    except OSError as error:
        better = "on a disk with room" if is_full(error) else "that exists and that you may write to"
        raise CopyFailedError(
            f"{name} cannot be written to {path}: {error.strerror}; name a file in a folder {better}."
        ) from error


def _seconds(job: StageInput, cells: frozenset[int], context: Context) -> list[float]:
    """Return the seconds of each of these cells that was timed in all of its folds."""
    found = []
    for item in make_cells(job, sorted(cells)):
        result = load_result(context, job.spec.cache_uri, item.key)
        seconds = _timed(result) if result else None
        if seconds is not None:
            found.append(seconds)
    return found


def _timed(result: CellResult) -> float | None:
    """Return the seconds of all fits and scores of a cell, or None where one has none."""
    seconds = [second for second in (*result.fit_seconds, *result.score_seconds) if second is not None]
    return math.fsum(seconds) if len(seconds) == 2 * result.splits > 0 else None


if __name__ == "__main__":
    sys.exit(main())
