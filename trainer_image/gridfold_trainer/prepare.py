"""The prepare stage: sources to a prepared data set, and everything that would go wrong later, told now."""

import logging
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gridfold.api.handoff import PreparedRun, PrepareReport, StageInput, encode_cells
from gridfold.api.status import DatasetStatus, Resolved
from gridfold.api.v1alpha1 import CrossValidationMethod, SplitMethod, TrainingJobSpec
from gridfold.domain.grid import cell_count
from gridfold_trainer import preflight
from gridfold_trainer.cells.stored import find_stored
from gridfold_trainer.data import reuse
from gridfold_trainer.data.assemble import Assembled, assemble
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared_writer import Draft, save_prepared
from gridfold_trainer.data.sources import Located, check_unchanged, fetch, locate
from gridfold_trainer.data.targets import Target
from gridfold_trainer.data.telling import listed, shown
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import before_fit, environment, estimators, platform_estimators, predefined_folds
from gridfold_trainer.learning.column_checks import column_problems
from gridfold_trainer.learning.findings import Findings, cause_of, headline
from gridfold_trainer.learning.splits import Parts, part_warnings
from gridfold_trainer.outcome import claims
from gridfold_trainer.outcome.ownership import OutputInUseError, check_owner, write_problems
from gridfold_trainer.outcome.storability import storage_warnings
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")

#: Of the report; the log has all of them, whole.
_WARNINGS = 5
_WARNING_CHARACTERS = 512


def run(job: StageInput, context: Context) -> PrepareReport:
    """Prepare the data of a job and return what was found.

    Raises:
        DataError: the job cannot run; every problem that could be found is in it.
    """
    with claims.held(job, context), tempfile.TemporaryDirectory(prefix="prepare-", dir=context.scratch) as scratch:
        return _run(job, replace(context, scratch=Path(scratch)))


def _run(job: StageInput, context: Context) -> PrepareReport:
    spec = job.spec
    helper = ThreadPoolExecutor(1)
    notes: list[str] = []  # of what is not read
    locating = helper.submit(
        locate, spec.dataset.sources, context, notes
    )  # hashes files while scikit-learn is imported
    helper.shutdown(wait=False)
    cls = estimators.load_class(spec.estimator.class_name)
    early = _early(job, cls, context)
    add_frames()
    judge = _Judge(spec, cls)
    try:
        source = _read(spec, locating, context, judge)
    except DataError as error:
        raise type(error)(*error.problems, *early.problems, *column_problems(spec, cls)) from error
    named = column_problems(spec, cls, source.data.columns)
    early = DataError(*early.problems, *named) if named else early
    checked = _check(spec, cls, judge.judged(source.data), source.data, early)
    infeasible = preflight.find_infeasible(spec, cls, source.data, checked.resolved.random_state)
    digest = source.digest or _store(spec, source, checked.positive, context)
    prepared = PreparedRun(
        digest=digest,
        environment=environment.digest(spec.estimator.class_name),
        resolved=checked.resolved,
        split_digest=checked.parts.digest,
    )
    stored = find_stored(job, prepared, context)
    total = cell_count(spec.search)
    warnings = [*stored.warnings, *notes, *source.data.warnings, *checked.warnings]
    return PrepareReport(
        digest=digest,
        environment=prepared.environment,
        dataset=_status(source.data, digest, checked.parts),
        resolved=checked.resolved,
        total=total,
        cached=encode_cells(stored.cached, total),
        infeasible=encode_cells(infeasible.cells - stored.cached, total),
        warnings=_bounded(
            [
                *_with_refusals(warnings, infeasible, total),
                *_storability(job.model_copy(update={"prepared": prepared}), infeasible, context),
            ]
        ),
    )


def _early(job: StageInput, cls: type, context: Context) -> DataError:
    """Return what is wrong whatever the data is, as the error to raise; without problems, nothing is."""
    problems = [*preflight.spec_problems(job.spec, cls), *write_problems(job, context)]
    try:
        check_owner(job, context)
    except OutputInUseError as error:
        return DataError(*error.problems, *problems) if problems else error
    return DataError(*problems)


@dataclass(frozen=True)
class _Source:
    """The data of a job, and where it came from."""

    data: Assembled
    index_uri: str | None
    sha256s: tuple[str, ...]  #: of every object that was read
    digest: str | None  #: of the stored data set, where it was found and nothing had to be read


@dataclass(frozen=True)
class _Judged:
    """What preflight made of the target; the parts are None where there are problems."""

    resolved: Resolved
    positive: int | None
    parts: Parts | None
    problems: list[str]


@dataclass(frozen=True)
class _Checked:
    """What preflight made of the spec and the data."""

    resolved: Resolved
    positive: int | None
    parts: Parts
    warnings: list[str]


class _Judge:
    """Preflight of the target, in a thread of its own: the matrix is being written meanwhile."""

    def __init__(self, spec: TrainingJobSpec, cls: type) -> None:
        self._spec, self._cls = spec, cls
        self.classifier = estimators.is_classifier(cls)
        self._thread = ThreadPoolExecutor(1)
        self._judging: Future[_Judged] | None = None

    def begin(self, target: Target, orders: Orders) -> None:
        """Start."""
        self._judging = self._thread.submit(self._judge, target, orders)
        self._thread.shutdown(wait=False)

    def judged(self, data: Assembled) -> _Judged:
        """Wait for what was found; data that was stored already is judged now."""
        orders = Orders(data.groups, data.time, data.folds)
        return self._judging.result() if self._judging else self._judge(data.target, orders)

    def _judge(self, target: Target, orders: Orders) -> _Judged:
        positive, problems = preflight.find_positive(self._spec, target.classes)
        resolved = preflight.resolve(self._spec, self._cls, target.classes, positive)
        parts, more = preflight.target_problems(self._spec, resolved, target, orders)
        return _Judged(resolved, positive, parts, [*problems, *more])


def _read(spec: TrainingJobSpec, locating: Future[list[Located]], context: Context, judge: _Judge) -> _Source:
    located, classifier = locating.result(), judge.classifier
    uri = reuse.index_uri(spec, located, classifier=classifier)
    found = reuse.find(uri, spec, located, context)
    if found is not None:
        return _Source(found[1], uri, (), found[0])
    files = fetch(spec.dataset.sources, located, context)
    data = assemble(spec, files, context, classifier=classifier, on_target=judge.begin)
    check_unchanged(located)
    return _Source(data, uri, tuple(file.sha256 for file in files), None)


def _check(spec: TrainingJobSpec, cls: type, judged: _Judged, data: Assembled, early: DataError) -> _Checked:
    parts, problems, found = judged.parts, judged.problems, Findings()
    if parts is not None:
        problems = [*problems, *preflight.memory_problems(spec, data.columns, len(parts.train))]
        problems += preflight.scratch_problems(spec, len(data.columns), len(data.target.y))
    if parts is not None and not judged.problems:
        rows = before_fit.Rows(
            data.columns, _matrix(data), data.target, Orders(data.groups, data.time, data.folds), parts
        )
        found = before_fit.look(spec, cls, judged.resolved, judged.positive, rows)
    problems = [*problems, *found.problems]
    if parts is None or early.problems or problems:
        more = [*problems, *_lost_targets(spec, data)]
        raise DataError(*early.problems, *more) if more else early
    grouped = judged.resolved.split == SplitMethod.GROUPED
    warnings = [*found.warnings, *(part_warnings(parts, spec.split) if grouped else [])]
    if data.folds is not None and judged.resolved.cross_validation == CrossValidationMethod.PREDEFINED:
        warnings += predefined_folds.lost(data.folds, parts.train)
    return _Checked(judged.resolved, judged.positive, parts, warnings)


def _matrix(data: Assembled) -> np.ndarray:
    """Return X, (n, p), mapped: of a new data set from the scratch folder, else as it is stored."""
    if data.stored is not None:
        return data.stored
    if data.matrix is None:
        raise AssertionError("data is in a file or stored")
    found: np.ndarray = np.load(data.matrix, mmap_mode="r", allow_pickle=False)
    return found


def _lost_targets(spec: TrainingJobSpec, data: Assembled) -> list[str]:
    """Return what to look at where a class may be gone because its label was taken for a missing value."""
    lost, classes = data.dropped_rows.get("missingTarget", 0), data.target.classes
    if lost == 0 or classes is None or len(classes) > 1:
        return []
    own = spec.dataset.column_missing_values.get(spec.dataset.target, [])
    why = "is empty"
    if own:
        why += f" or one of its spec.dataset.columnMissingValues ({listed(list(map(shown, own)), 100)})"
    if spec.dataset.csv.missing_values:
        marks = listed(list(map(shown, spec.dataset.csv.missing_values)), 100)
        why += f" or one of spec.dataset.csv.missingValues ({marks}), which hold for every column"
    return [f"{lost} rows were dropped before, because their target {why}."]


def _store(spec: TrainingJobSpec, source: _Source, positive: int | None, context: Context) -> str:
    data = source.data
    if data.matrix is None:
        raise AssertionError("data without a matrix is stored already")
    draft = Draft(
        data.matrix, data.columns, spec.dataset.target, data.target, positive, data.groups, data.time, data.folds
    )
    digest = save_prepared(draft, spec.cache_uri, context)
    reuse.remember(source.index_uri, digest, data, source.sha256s, context)
    return digest


def _bounded(warnings: list[str]) -> list[str]:
    """Return the first warnings, shortened; the log has all of them."""
    for warning in warnings:
        log.warning("%s", warning)
    most = _WARNING_CHARACTERS
    return [text if len(text) <= most else f"{text[: most - 1]}…" for text in warnings[: 2 * _WARNINGS]]


def _with_refusals(warnings: list[str], infeasible: preflight.Infeasible, total: int) -> list[str]:
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


def _storability(job: StageInput, infeasible: preflight.Infeasible, context: Context) -> list[str]:
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
