"""What is stored for a job, and what of it is reached: whatever cannot be told for certain is held."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from gridfold.api.handoff import StageInput
from gridfold.api.inspection import ResultsReport
from gridfold_trainer.data import reuse
from gridfold_trainer.errors import DataError, ObjectMissingError
from gridfold_trainer.outcome import users
from gridfold_trainer.outcome.current_run import STATUS_BYTES, NoResultsError, current_run
from gridfold_trainer.outcome.ownership import LATEST, LATEST_BYTES, Latest, finished_at
from gridfold_trainer.outcome.reach import RUN, Reach, reach_of
from gridfold_trainer.pruning.items import (
    CACHE,
    IN_CACHE,
    IN_OUTPUT,
    OUTPUT,
    Item,
    Kind,
    Rules,
    items_of,
    newest_runs,
    unfinished_item,
)
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.stores import Unfinished

_RUNS = "runs/"


class Look:
    """One look at an output folder and its cache.

    Raises:
        TrainerError: there is no current run, it is another job's, or storage cannot be read.
    """

    def __init__(self, job: StageInput, context: Context) -> None:
        self._job, self._context = job, context
        self._output, self._cache = job.spec.output.uri, job.spec.cache_uri
        self.mark = self.current_mark()  #: before all else: what is different later began after it
        self.run = current_run(job, context)[0].run  #: its folder
        self.entries = users.entries(self._cache, context)
        self.doubts: list[str] = []  #: why more stays than has to
        self._held: set[Kind] = set()
        self.items = list(self._all())

    def current_mark(self) -> Any:
        """Return what changes whenever a run of whoever uses the cache begins, and when one of this job ends."""
        store = self._context.store
        begun = [(uri, stat.modified, stat.etag) for uri, stat in store.list_objects(f"{self._cache}{users.FOLDER}")]
        try:
            return begun, store.get(f"{self._output}{LATEST}", LATEST_BYTES)
        except ObjectMissingError:
            return begun, b""

    def rules(self, before: datetime, keep_runs: int) -> Rules:
        """Return what stays: what was written after `before`, so many runs, and what these and other jobs' reach."""
        current = self.run.removeprefix(f"{self._output}{_RUNS}").rstrip("/")
        kept = newest_runs(self.items, self._whole_runs(), current, keep_runs)
        reach = Reach()
        for name in kept:
            reach |= self._reach(f"{self._output}{_RUNS}{name}/")
        own = users.entry_uri(self._job, self._context)
        for entry in self.entries:
            reach |= self._of_user(entry, mine=entry.uri == own)
        if all(entry.uri != own for entry in self.entries):
            self._hold(
                IN_CACHE,
                f"nothing in {self._cache} says that this job uses it: an earlier Gridfold has filled it. Run the job "
                "once more, and others with the same cache, too: from then on all of them are known",
            )
        reached = {
            Kind.RUN: frozenset(kept),
            Kind.SOURCES: self._sources(reach, before),
            Kind.PREPARED: reach.prepared,
            Kind.BEGUN: reach.cells,
            Kind.CURVE: reach.curves,
            Kind.CELL: reach.cells,
        }
        return Rules(before, frozenset(self._held), reached)

    def _all(self) -> Iterator[Item]:
        """Yield all that has a name of Gridfold's, and what was to get one."""
        for base, places in ((self._output, OUTPUT), (self._cache, CACHE)):
            for place in places:
                folder = f"{base}{place.folder}"
                yield from items_of(folder, place, self._context.store.list_objects(folder))
                yield from map(unfinished_item, self._unfinished(folder))

    def _unfinished(self, folder: str) -> Iterable[Unfinished]:
        """Return writes that have not ended; to ask takes a right of its own, and not every server can answer."""
        if Kind.UNFINISHED in self._held:
            return ()
        try:
            return list(self._context.store.list_unfinished(folder))
        except DataError as error:
            self._hold({Kind.UNFINISHED}, f"unfinished uploads cannot be seen: {error}")
            return ()

    def _hold(self, kinds: Iterable[Kind], why: str) -> None:
        self._held.update(kinds)
        self.doubts.append(why)

    def _whole_runs(self) -> dict[str, datetime | None]:
        """Return when the status.json of each run was written."""
        folder, end = f"{self._output}{_RUNS}", "/status.json"
        listed = self._context.store.list_objects(folder)
        return {uri.removeprefix(folder).removesuffix(end): stat.modified for uri, stat in listed if uri.endswith(end)}

    def _reach(self, run: str) -> Reach:
        """Return what a run is made of."""
        try:
            status = json.loads(self._context.store.get(f"{run}status.json", STATUS_BYTES))
            return reach_of(self._job, ResultsReport(run=run, status=status))
        except (DataError, ValueError) as error:  # ValidationError is one, too
            self._hold(IN_CACHE, f"it cannot be told what the run {run} needs of the cache: {error}")
            return Reach()

    def _of_user(self, entry: users.Entry, *, mine: bool) -> Reach:
        """Return what the current run of a job that uses the cache is made of."""
        if entry.user is None:
            self._hold(IN_CACHE, f"{entry.uri}, which says who uses the cache, is damaged or of another Gridfold")
            return Reach()
        try:
            run, finished = _latest(entry, self._context)
        except (DataError, ValidationError) as error:
            self._hold(
                IN_CACHE,
                f"{entry.who} uses the cache, too, and has no results that can be read in {entry.output_uri} "
                f"({str(error).splitlines()[0]}). If that job is gone for good, remove {entry.uri}",
            )
            return Reach()
        if entry.uri.partition(":")[0] != entry.output_uri.partition(":")[0]:
            self._hold(
                IN_CACHE | IN_OUTPUT if mine else IN_CACHE,
                f"{entry.who} has its results in {entry.output_uri}: between two storages, each with a clock of its "
                "own, it cannot be told whether a run goes on. Have output and cache in the same storage to prune them",
            )
        elif entry.goes_on(finished):
            then = "" if mine else f"; if that job is gone for good, remove {entry.uri}"
            self._hold(
                IN_CACHE | IN_OUTPUT if mine else IN_CACHE,
                f"a run of {entry.who} has begun{_at(entry.since)} and not finished. Have it come to its end: run it "
                f"again if it was broken off{then}",
            )
        return self._reach(run)

    def _sources(self, reach: Reach, before: datetime) -> frozenset[str]:
        """Return what says which sources became a data set that is reached; what cannot be read here is kept, too."""
        found = set()
        for item in self.items:
            old = item.written is not None and item.written <= before
            if item.kind is Kind.SOURCES and old and item.kind not in self._held:
                digest = reuse.named(next(iter(item.sizes)), self._context)
                if digest is None or digest.removeprefix("sha256:") in reach.prepared:
                    found.add(item.name)
        return frozenset(found)


def _latest(entry: users.Entry, context: Context) -> tuple[str, datetime | None]:
    """Return the folder of the current run of a user, and since when it is the current one."""
    uri = f"{entry.output_uri}{LATEST}"
    latest = Latest.model_validate_json(context.store.get(uri, LATEST_BYTES))
    if entry.user is None or latest.owner != entry.user.owner:
        raise NoResultsError(f"they are those of {latest.owner.namespace}/{latest.owner.name} by now")
    match = RUN.search(latest.run, max(0, latest.run.rfind(_RUNS)))  # a laptop's URI may be relative to its folder
    if match is None:
        raise NoResultsError(f"{uri} names no run")
    return f"{entry.output_uri}{match[0]}", finished_at(entry.output_uri, context)


def _at(time: datetime | None) -> str:
    return f" at {time:%Y-%m-%d %H:%M:%S} UTC" if time else ""
