"""The TrainingJobs of one namespace, with their Events, Jobs and pods."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from gridfold.api import labels
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import KIND
from gridfold.domain.naming import label_value
from gridfold.domain.plan import Event
from gridfold_cli.cluster import paths
from gridfold_cli.cluster.port import ApiServer, Document
from gridfold_cli.cluster.refusals import NotFoundError

PAGE_SIZE = "500"
#: Name as kubectl prints it.
RESOURCE = "trainingjob.gridfold.dev"


class TrainingJobs:
    """What commands do with TrainingJobs. `place` says which cluster it is, for people."""

    def __init__(self, api: ApiServer, namespace: str, place: str = "the cluster") -> None:
        self.api, self.namespace, self.place = api, namespace, place

    def find(self, name: str) -> Document:
        """Return a TrainingJob.

        Raises:
            NotFoundError: there is none; the message says which others there are.
        """
        try:
            return self.api.get(paths.training_job(self.namespace, name))
        except NotFoundError as error:
            names = sorted(found["metadata"]["name"] for found in self.all())
            others = f"it has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names else "it has none"
            raise NotFoundError(
                f"{self.place} has no TrainingJob {name} in the namespace {self.namespace} ({others}); name another "
                "namespace by -n, or a file as ./FILE"
            ) from error

    def all(self, *, everywhere: bool = False) -> Iterator[Document]:
        """Yield all TrainingJobs, of the namespace or of all."""
        yield from self._items(paths.training_jobs("" if everywhere else self.namespace))

    def apply(self, document: Document, *, force: bool = False) -> tuple[Document, str]:
        """Have a TrainingJob be so; return it and what that meant: created, configured or unchanged."""
        path = paths.training_job(self.namespace, document["metadata"]["name"])
        try:
            before = self.api.get(path)["metadata"]["resourceVersion"]
        except NotFoundError:
            before = ""
        now = self.api.apply(path, document, force=force)
        same = now["metadata"]["resourceVersion"] == before
        return now, "unchanged" if same else "configured" if before else "created"

    def delete(self, name: str) -> None:
        """Delete a TrainingJob with its Jobs and pods; what it has stored stays."""
        self.api.delete(paths.training_job(self.namespace, name))

    def events(self, uid: str) -> list[Document]:
        """Return the Events about the TrainingJob of that uid, oldest first."""
        found = self._items(paths.events(self.namespace), fieldSelector=events_selector(uid))
        return sorted(found, key=moment)

    def jobs(self, name: str) -> list[Document]:
        """Return the Jobs of a TrainingJob, oldest first."""
        found = self._items(paths.jobs(self.namespace), labelSelector=f"{labels.JOB}={label_value(name)}")
        return sorted(found, key=_created)

    def pods(self, name: str) -> list[Document]:
        """Return the pods of a TrainingJob, oldest first."""
        found = self._items(paths.pods(self.namespace), labelSelector=f"{labels.JOB}={label_value(name)}")
        return sorted(found, key=_created)

    def log(self, pod: str, *, follow: bool = False) -> Iterator[bytes]:
        """Yield the lines of a pod's log, to its end if it is followed."""
        yield from self.api.lines(paths.log(self.namespace, pod), follow="true" if follow else "false")

    def _items(self, path: str, **query: str) -> Iterator[Document]:
        token = ""
        while True:
            page = self.api.get(path, limit=PAGE_SIZE, **query, **({"continue": token} if token else {}))
            yield from page.get("items") or ()
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return


def events_selector(uid: str) -> str:
    """Return the field selector of the Events about one TrainingJob."""
    return f"involvedObject.kind={KIND},involvedObject.uid={uid}"


def status_of(document: Mapping[str, Any]) -> TrainingJobStatus:
    """Return the status of a TrainingJob."""
    return TrainingJobStatus.model_validate(document.get("status") or {})


def event_of(document: Mapping[str, Any]) -> Event:
    """Return an Event in our words."""
    kind: Literal["Normal", "Warning"] = "Warning" if document.get("type") == "Warning" else "Normal"
    return Event(kind, str(document.get("reason") or ""), str(document.get("message") or ""))


def moment(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return what Events are sorted by: our operator's names end with their microsecond."""
    when = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    return str(when or ""), str(event["metadata"]["name"])


def _created(document: Mapping[str, Any]) -> tuple[str, str]:
    return document["metadata"].get("creationTimestamp") or "", document["metadata"]["name"]
