"""Pods, projected to what a decision needs, and the store that the watch keeps up to date."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gridfold.api import labels
from gridfold.domain.observed import ProcessEnd, Span
from gridfold.engine.ports import JobKey

Document = Mapping[str, Any]

#: Of the Job controller, on every pod of an Indexed Job.
INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index"
KILLED_EXIT_CODE = 137  #: of a pod that failed without a container that did: evicted, or its node is gone
EVICTED = "Evicted"  #: the kubelet's word, in the status of the pod
#: Our word for a pod for which the scheduler makes others leave.
NOMINATED = "Nominated"
#: Reasons of a waiting container that are no trouble.
STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Pod:
    """What is kept of a pod: about one kilobyte, mostly its termination message."""

    uid: str
    name: str
    key: JobKey
    job_uid: str
    index: int | None
    created: datetime
    running: bool
    end: ProcessEnd | None
    ended: datetime  #: of the container, where there is an end
    waiting: tuple[str, str] | None  #: reason and message of what keeps it from starting
    since: datetime  #: of waiting or starting
    starting: bool  #: has a node, and its container is being made: no trouble is known yet
    node: str = ""  #: on which it is, until it has ended


def project_pod(document: Document) -> Pod | None:
    """Return the projection of a pod, or None where it is no pod of a Job of ours."""
    metadata, status = document["metadata"], document.get("status") or {}
    owner = controller_of(metadata)
    name = (metadata.get("annotations") or {}).get(labels.JOB)
    if owner is None or owner.get("kind") != "Job" or not name:
        return None
    index = (metadata.get("annotations") or {}).get(INDEX_ANNOTATION)
    container = _container_state(status)
    end = _end(status, container)
    leaving = end is not None or metadata.get("deletionTimestamp") is not None
    waiting, since = (None, None) if leaving else _waiting(status, container)
    created = parse_time(metadata.get("creationTimestamp"))
    return Pod(
        uid=metadata["uid"],
        name=metadata["name"],
        key=JobKey(metadata["namespace"], name),
        job_uid=owner["uid"],
        index=int(index) if index is not None else None,
        created=created,
        running=not leaving and "running" in container,
        end=end,
        ended=parse_time((container.get("terminated") or {}).get("finishedAt")) if end else EPOCH,
        waiting=waiting,
        since=since or created,
        starting=not leaving and waiting is None and "running" not in container and _is_scheduled(status),
        node=(document.get("spec") or {}).get("nodeName", "") if end is None else "",
    )


def controller_of(metadata: Document) -> Document | None:
    """Return the ownerReference of the one owner that controls an object."""
    return next((ref for ref in metadata.get("ownerReferences") or () if ref.get("controller")), None)


def parse_time(text: str | None) -> datetime:
    """Return a time of the API server; of none, the epoch."""
    return datetime.fromisoformat(text) if text else EPOCH


def condition(status: Document, kind: str) -> Document:
    """Return a condition of an object's status, {} where there is none."""
    return next((c for c in status.get("conditions") or () if c.get("type") == kind), {})


def _container_state(status: Document) -> Document:
    statuses = status.get("containerStatuses") or ()
    return (statuses[0].get("state") or {}) if statuses else {}


def _end(status: Document, container: Document) -> ProcessEnd | None:
    """Return how a pod ended; one that was taken away says so, whatever its container's reason is."""
    terminated = container.get("terminated")
    phase = status.get("phase")
    if terminated is None and phase not in {"Succeeded", "Failed"}:
        return None
    if terminated is None:
        code = 0 if phase == "Succeeded" else KILLED_EXIT_CODE
        return ProcessEnd(code, status.get("reason") or "Unknown", status.get("message") or "")
    code, reason = int(terminated.get("exitCode", KILLED_EXIT_CODE)), terminated.get("reason") or "Error"
    disrupted = condition(status, "DisruptionTarget")
    if code and disrupted.get("status") == "True":
        # A killed process of an evicted pod can carry OOMKilled, too: the pod's memory was not the cause.
        reason = disrupted.get("reason") or "DisruptionTarget"
    elif code and status.get("reason") == EVICTED:
        # For its own temporary files: no disruption, and whatever the container has left is the last of its log.
        return ProcessEnd(code, EVICTED, status.get("message") or "", _span(terminated))
    return ProcessEnd(code, reason, terminated.get("message") or "", _span(terminated))


def _span(terminated: Document) -> Span | None:
    """Return when a container ran, in whole seconds."""
    start, end = terminated.get("startedAt"), terminated.get("finishedAt")
    return Span(parse_time(start), parse_time(end)) if start and end else None


def _waiting(status: Document, container: Document) -> tuple[tuple[str, str] | None, datetime | None]:
    """Return (reason, message) of what keeps a pod from starting, if anything does, and since when."""
    scheduled = condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        cause = (scheduled.get("reason") or "Unschedulable", scheduled.get("message") or "")
        if node := status.get("nominatedNodeName"):  # no new node is needed for it
            cause = (NOMINATED, f"the scheduler makes room on node {node}. {cause[1]}".rstrip())
        return cause, parse_time(scheduled.get("lastTransitionTime"))
    waiting = container.get("waiting") or {}
    since = parse_time(scheduled["lastTransitionTime"]) if scheduled.get("lastTransitionTime") else None
    if waiting.get("reason", "") in STARTING:
        return None, since
    return (waiting["reason"], waiting.get("message") or ""), since


def _is_scheduled(status: Document) -> bool:
    return condition(status, "PodScheduled").get("status") == "True"


class PodStore:
    """The last known pods, by the uid of their Job."""

    def __init__(self) -> None:
        self._by_job: dict[str, dict[str, Pod]] = {}

    def of_job(self, job_uid: str) -> tuple[Pod, ...]:
        """Return the pods of a Job."""
        return tuple(self._by_job.get(job_uid, {}).values())

    def put(self, pod: Pod) -> bool:
        """Keep a pod and tell whether anything is new about it."""
        pods = self._by_job.setdefault(pod.job_uid, {})
        if pods.get(pod.uid) == pod:
            return False
        pods[pod.uid] = pod
        return True

    def remove(self, pod: Pod) -> None:
        """Forget a pod."""
        pods = self._by_job.get(pod.job_uid, {})
        pods.pop(pod.uid, None)
        if not pods:
            self._by_job.pop(pod.job_uid, None)

    def replace(self, namespace: str, pods: Iterable[Pod]) -> set[JobKey]:
        """Take a whole list of a namespace ("" for all) for the truth; return the jobs about which that was news."""
        listed = {pod.uid: pod for pod in pods}
        news = set()
        for pod in [*self._all(namespace)]:
            if pod.uid not in listed:
                self.remove(pod)
                news.add(pod.key)
        news.update(pod.key for pod in listed.values() if self.put(pod))
        return news

    def _all(self, namespace: str) -> Iterator[Pod]:
        for pods in self._by_job.values():
            yield from (pod for pod in pods.values() if namespace in {"", pod.key.namespace})
