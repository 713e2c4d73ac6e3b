"""Events about TrainingJobs."""

import logging
import secrets

from gridfold.api.v1alpha1 import API_VERSION, KIND
from gridfold.domain.conditions import format_time
from gridfold.domain.naming import label_value
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Event
from gridfold.engine.ports import Clock
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document, KubernetesClient
from gridfold_operator.errors import ClusterError
from gridfold_operator.log import about

LOG = logging.getLogger(__name__)

CONTROLLER = "gridfold.dev/operator"
NOTE_LIMIT_BYTES = 1024  #: of events.k8s.io/v1, in which the API server shows it, too


class KubernetesEventRecorder:
    """Records Events about TrainingJobs, each of which is a line of the log as well; so is one that is lost."""

    def __init__(self, client: KubernetesClient, clock: Clock, instance: str) -> None:
        self._client, self._clock, self._instance = client, clock, instance

    async def record(self, job: ObservedJob, event: Event) -> None:
        """Record one event about the resource."""
        namespace, name = job.metadata.namespace, job.metadata.name
        level = logging.WARNING if event.type == "Warning" else logging.INFO
        with about(wave=event.wave):
            LOG.log(level, "%s/%s: %s: %s", namespace, name, event.reason, event.message)
            try:
                await self._client.create(paths.collection(paths.CORE, "events", namespace), self._build(job, event))
            except ClusterError as error:
                LOG.warning("the Event %s of %s/%s is lost: %s", event.reason, namespace, name, error)

    def _build(self, job: ObservedJob, event: Event) -> Document:
        """Return the Event in its core form: `kubectl describe` sorts by its timestamps alone, then by name."""
        metadata, now = job.metadata, self._clock.now()
        moment = int(now.timestamp() * 1_000_000)
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{label_value(metadata.name)}.{moment:x}{secrets.token_hex(2)}",
                "namespace": metadata.namespace,
            },
            "firstTimestamp": format_time(now),
            "lastTimestamp": format_time(now),
            "count": 1,
            "source": {"component": CONTROLLER},
            "reportingComponent": CONTROLLER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "type": event.type,
            "reason": event.reason[:128],
            "message": _cut(event.message),
            "involvedObject": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "namespace": metadata.namespace,
                "name": metadata.name,
                "uid": metadata.uid,
                "resourceVersion": metadata.resource_version,
            },
        }


def _cut(note: str) -> str:
    data = note.encode()
    if len(data) <= NOTE_LIMIT_BYTES:
        return note
    return data[: NOTE_LIMIT_BYTES - len("…".encode())].decode(errors="ignore") + "…"
