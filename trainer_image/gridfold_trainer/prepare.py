"""The prepare stage: sources to a prepared data set, and everything that would go wrong later, told now."""

import logging
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gridfold.api.handoff import PreparedRun, PrepareReport, StageInput, encode_cells
from gridfold.api.status import DatasetStatus
from gridfold.domain.grid import Grid
from gridfold.domain.keys import CellKeys
from gridfold_trainer import environment, estimators, preflight, results
from gridfold_trainer.assemble import Assembled, assemble
from gridfold_trainer.context import Context
from gridfold_trainer.errors import DataError, ObjectMissingError
from gridfold_trainer.frames import add_frames
from gridfold_trainer.prepared_writer import Draft, save_prepared
from gridfold_trainer.splits import Parts

log = logging.getLogger("gridfold")

#: Results are fetched side by side: each is small, and the waiting is for the network.
_READERS = 8
#: Of the report; the log has all of them, whole.
_WARNINGS = 5
_WARNING_CHARACTERS = 256
_KEYS_PER_PAGE = 1000  # of S3's ListObjectsV2


def run(job: StageInput, context: Context) -> PrepareReport:
    """Prepare the data of a job and return what was found.

    Raises:
        DataError: the job cannot run; every problem that could be found is in it.
    """
    with tempfile.TemporaryDirectory(prefix="prepare-", dir=context.scratch) as scratch:
        return _run(job, replace(context, scratch=Path(scratch)))


def _run(job: StageInput, context: Context) -> PrepareReport:
    spec = job.spec
    cls = estimators.load_class(spec.estimator.class_name)
    early = preflight.spec_problems(spec, cls)
    add_frames()
    try:
        data = assemble(spec, context, classifier=estimators.is_classifier(cls))
    except DataError as error:
        raise type(error)(*error.problems, *early) from error
    classes = data.target.classes
    positive, problems = preflight.find_positive(spec, classes)
    resolved = preflight.resolve(spec, cls, classes, positive)
    parts, more = preflight.target_problems(spec, resolved, data.target)
    if parts is None or early or problems or more:
        raise DataError(*early, *problems, *more)
    infeasible = preflight.find_infeasible(spec, cls, classes, resolved.random_state)
    draft = Draft(data.matrix, data.columns, spec.dataset.target, data.target, positive)
    digest = save_prepared(draft, spec.cache_uri, context)
    prepared = PreparedRun(
        digest=digest, environment=environment.digest(), resolved=resolved, split_digest=parts.digest
    )
    cached = find_cached(job, prepared, context)
    total = len(Grid.of(spec.search.grid))
    return PrepareReport(
        digest=digest,
        environment=prepared.environment,
        dataset=_status(data, digest, parts),
        resolved=resolved,
        total=total,
        cached=encode_cells(cached, total),
        infeasible=encode_cells(infeasible.cells - cached, total),
        warnings=[*data.warnings, *_refusals(infeasible)],
    )


def _refusals(infeasible: preflight.Infeasible) -> list[str]:
    """Return what the estimator says of the cells that it refuses, most frequent first."""
    ordered = sorted(infeasible.messages.items(), key=lambda item: -item[1])
    for message, count in ordered:
        log.warning("%d cells are infeasible: %s", count, message)
    return [f"{count} cells are infeasible: {message}"[:_WARNING_CHARACTERS] for message, count in ordered[:_WARNINGS]]


def find_cached(job: StageInput, prepared: PreparedRun, context: Context) -> frozenset[int]:
    """Return the cells that have a valid result in object storage."""
    keys = CellKeys(job.spec, prepared)
    wanted = {keys.key(parameters): cell for cell, parameters in enumerate(Grid.of(job.spec.search.grid))}
    candidates = list(_present(wanted, job.spec.cache_uri, context))

    def is_valid(key: str) -> bool:
        try:
            content = context.store.get(results.result_uri(job.spec.cache_uri, key), results.RESULT_BYTES)
        except (ObjectMissingError, DataError):
            return False
        return results.load(content, key) is not None

    with ThreadPoolExecutor(_READERS) as readers:
        valid = readers.map(is_valid, candidates)
        return frozenset(wanted[key] for key, ok in zip(candidates, valid, strict=True) if ok)


def _present(wanted: dict[str, int], cache_uri: str, context: Context) -> Iterator[str]:
    """Yield the keys that may have a result.

    One listing answers for all cells, a thousand results a request; where the cache of other jobs is so large that
    the listing would take more requests than asking for each cell, every key is yielded.
    """
    first = results.result_uri(cache_uri, "")
    prefix = first.removesuffix(".json")
    limit = max(1, len(wanted)) * _KEYS_PER_PAGE
    listed = list(islice(context.store.list_uris(prefix), limit))
    if len(listed) == limit:
        yield from wanted
        return
    for uri in listed:
        key = uri.removeprefix(prefix).removesuffix(".json")
        if key in wanted:
            yield key


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
