"""Follow a TrainingJob and its Events as they change, through broken connections, until somebody has seen enough."""

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from gridfold_cli.cluster import paths
from gridfold_cli.cluster.port import ApiServer, Document
from gridfold_cli.cluster.refusals import ClusterError, GapError, NotFoundError, UnreachableError
from gridfold_cli.cluster.training_jobs import TrainingJobs, events_selector, moment

WATCH_SECONDS = 290.0
#: Between two tries to reach the API server: doubles from the first to the longest.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
#: So long no answer at all is borne, then it is told.
PATIENCE_SECONDS = 300.0
#: So often something is yielded, if only that nothing was seen.
TICK_SECONDS = 1.0

JOB, EVENT = "job", "event"
#: Stands where a list ends, in place of a change.
END = "END"
Item = tuple[str, str, Document] | Exception | str


@dataclass(frozen=True)
class Seen:
    """One thing that was seen: the TrainingJob as it is now, an Event about it, or nothing for a while."""

    job: Document | None = None
    event: Document | None = None
    trouble: str = ""  #: why nothing can be seen at the moment


@dataclass
class _Stream:
    """One collection, listed and then watched; whatever changes is given to `take`."""

    api: ApiServer
    path: str
    selector: str
    found: "queue.Queue[Item]"
    kind: str
    ended: threading.Event
    pause: float = field(default=FIRST_PAUSE_SECONDS)

    def run(self) -> None:
        """Follow until nobody listens; an error that does not pass ends it and is told."""
        silent_since: float | None = None
        told = ""  # once for each time that this one is away, whatever the other brings meanwhile
        while not self.ended.is_set():
            try:
                for _ in self._looks():
                    silent_since, told, self.pause = None, "", FIRST_PAUSE_SECONDS
                    if self.ended.is_set():
                        return
            except GapError:
                continue
            except UnreachableError as error:
                silent_since = silent_since if silent_since is not None else time.monotonic()
                if time.monotonic() - silent_since > PATIENCE_SECONDS:
                    self.found.put(error)
                    return
                if error.message != told:
                    self.found.put(error.message)
                    told = error.message
                self.ended.wait(self.pause)
                self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)
            except Exception as error:  # whatever it is, whoever follows has to be told
                self.found.put(error)
                return

    def _looks(self) -> Iterator[None]:
        """List, then watch from where the list ended; yield after each look."""
        page = self.api.get(self.path, fieldSelector=self.selector)
        version = page["metadata"]["resourceVersion"]
        for document in sorted(page.get("items") or (), key=moment):
            self.found.put((self.kind, "LISTED", document))
        self.found.put((self.kind, END, {}))
        yield
        while not self.ended.is_set():
            before = version
            for change, document in self.api.watch(self.path, version, WATCH_SECONDS, fieldSelector=self.selector):
                version = document["metadata"]["resourceVersion"]
                if change != "BOOKMARK":
                    self.found.put((self.kind, change, document))
                yield
            if version == before:
                self.ended.wait(self.pause)
            yield


def follow(jobs: TrainingJobs, job: Document) -> Iterator[Seen]:
    """Yield what is seen of a TrainingJob; something every second at least. Ends never by itself: close it.

    Raises:
        NotFoundError: it was deleted.
        ClusterError: the cluster can be asked no longer.
    """
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    found: queue.Queue[Item] = queue.Queue()
    ended = threading.Event()
    for kind, path, selector in (
        (JOB, paths.training_jobs(jobs.namespace), f"metadata.name={name}"),
        (EVENT, paths.events(jobs.namespace), events_selector(uid)),
    ):
        stream = _Stream(jobs.api, path, selector, found, kind, ended)
        threading.Thread(target=stream.run, name=f"follow-{kind}", daemon=True).start()
    view = _View(uid, f"the TrainingJob {name} was deleted")
    try:
        while True:
            try:
                item = found.get(timeout=TICK_SECONDS)
            except queue.Empty:
                yield Seen()
                continue
            if seen := view.take(item):
                yield seen
    finally:
        ended.set()


class _View:
    """Tells of what both streams bring only what is new."""

    def __init__(self, uid: str, gone: str) -> None:
        self._uid, self._gone = uid, gone
        self._listed = False  #: whether the list that is being read has the TrainingJob
        self._told: set[str] = set()

    def take(self, item: Item) -> Seen | None:
        """Return what there is to see in an item, if anything."""
        if isinstance(item, Exception):
            raise item if isinstance(item, ClusterError) else ClusterError(f"following ended: {item!r}") from item
        if isinstance(item, str):
            return Seen(trouble=item)
        kind, change, document = item
        return self._job(change, document) if kind == JOB else self._event(change, document)

    def _job(self, change: str, document: Document) -> Seen | None:
        if change == END:
            listed, self._listed = self._listed, False
            if not listed:
                raise NotFoundError(self._gone)
            return None
        if document["metadata"]["uid"] != self._uid:  # a namesake
            return None
        if change == "DELETED":
            raise NotFoundError(self._gone)
        self._listed = True
        return Seen(job=document)

    def _event(self, change: str, document: Document) -> Seen | None:
        if change in {END, "DELETED"}:
            return None
        key = f"{document['metadata']['uid']}/{document.get('count')}"  # one that happens again is the same object
        if key in self._told:
            return None
        self._told.add(key)
        return Seen(event=document)
