"""From Jobs and pods to Children: the manifests' words become stages, waves and cells. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridfold.api import labels
from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.cell_ends import Indexes, facts_of_cells
from gridfold.domain.grid import parse_ranges
from gridfold.domain.groups import Groups, parse_groups
from gridfold.domain.observed import Children, Progress, SingleStage, Waiting, Wave
from gridfold.domain.outage import ended_for_storage, still_away
from gridfold_operator.adapters.kubernetes.draining import ended_indexes, is_draining
from gridfold_operator.adapters.kubernetes.pods import Pod, condition, controller_of, parse_time

Document = Mapping[str, Any]


@dataclass(frozen=True)
class JobView:
    """A Job of ours."""

    uid: str
    name: str
    stage: Stage
    run_digest: str
    progress: Progress
    created: datetime
    parallelism: int
    completions: int
    number: int  #: of a wave
    groups: Groups  #: of a wave: the i-th is completion index i's
    succeeded: frozenset[int]  #: completion indexes
    failed: frozenset[int]  #: completion indexes
    active: int  #: pods that are there and have not finished
    input: str = ""  #: name of its ConfigMap
    memory: str = ""  #: of its pods, as a quantity
    template: str = ""  #: digest of what it was started with; "" where an older operator noted none
    ttl_seconds: int | None = None  #: so long after its end the cluster removes it
    image: str = ""  #: of its pods
    queue: str = ""  #: LocalQueue of Kueue that admits it
    suspended: datetime | None = None  #: since when nobody may make pods; None where they may
    draining: bool = False  #: is being deleted, and held until its pods have ended: no more are made

    @property
    def missing_pods(self) -> int:
        """Return how many pods should be there and are not."""
        return 0 if self.suspended else self.lacking_pods

    @property
    def lacking_pods(self) -> int:
        """Return how many pods are not there, or will be made as soon as the Job is not suspended any more."""
        if self.progress is not Progress.ACTIVE or self.draining:
            return 0
        left = self.completions - len(self.succeeded) - len(self.failed)
        return max(0, min(self.parallelism, left) - self.active)


def project_job(document: Document, owner_uid: str) -> JobView | None:
    """Return the projection of a Job, or None where it is not, or no longer, a child of that owner."""
    metadata, spec, status = document["metadata"], document["spec"], document.get("status") or {}
    owner = controller_of(metadata)
    draining = is_draining(metadata)
    if owner is None or owner.get("uid") != owner_uid or (metadata.get("deletionTimestamp") and not draining):
        return None
    marks, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    stage = marks.get(labels.STAGE)
    if stage not in set(Stage):
        return None
    return JobView(
        uid=metadata["uid"],
        name=metadata["name"],
        stage=Stage(stage),
        run_digest=annotations.get(labels.RUN, ""),
        progress=_progress(status),
        created=parse_time(metadata.get("creationTimestamp")),
        parallelism=spec.get("parallelism", 1),
        completions=spec.get("completions", 1),
        number=int(marks.get(labels.WAVE, 0)),
        groups=parse_groups(annotations.get(labels.CELLS, "")),
        succeeded=frozenset(parse_ranges(status.get("completedIndexes") or "")),
        failed=frozenset(parse_ranges(status.get("failedIndexes") or "")),
        active=status.get("active") or 0,
        input=annotations.get(labels.INPUT, ""),
        memory=annotations.get(labels.MEMORY, ""),
        template=annotations.get(labels.TEMPLATE, ""),
        ttl_seconds=spec.get("ttlSecondsAfterFinished"),
        image=_image(spec),
        queue=marks.get(labels.QUEUE, ""),
        suspended=_suspended(metadata, spec, status),
        draining=draining,
    )


def _suspended(metadata: Document, spec: Document, status: Document) -> datetime | None:
    """Return since when a Job is suspended; the Job controller says so a moment after it is asked to."""
    if not spec.get("suspend"):
        return None
    said = condition(status, "Suspended")
    since = said.get("lastTransitionTime") if said.get("status") == "True" else None
    return parse_time(since or metadata.get("creationTimestamp"))


def _image(spec: Document) -> str:
    containers: list[Document] = spec.get("template", {}).get("spec", {}).get("containers") or [{}]
    image: str = containers[0].get("image", "")
    return image


def _progress(status: Document) -> Progress:
    """Return how far a Job is. SuccessCriteriaMet and FailureTarget come before the pods are gone: not yet the end."""
    if condition(status, "Complete").get("status") == "True":
        return Progress.SUCCEEDED
    if condition(status, "Failed").get("status") == "True":
        return Progress.FAILED
    return Progress.ACTIVE


@dataclass(frozen=True)
class Child:
    """A Job, its pods and what Events say of pods that are missing or cannot start."""

    job: JobView
    pods: tuple[Pod, ...]
    trouble: tuple[Waiting, ...] = ()
    outdated: bool = False
    spec: TrainingJobSpec | None = None  #: of a wave of another run


def lacks_ends(job: JobView, pods: Iterable[Pod]) -> bool:
    """Tell whether a finished Job has a message that is needed and not among these pods'."""
    if job.progress is Progress.ACTIVE:
        return False
    if job.stage is Stage.CELL:
        return not job.failed <= {pod.index for pod in pods if pod.end}
    # Of a failure the last attempt's message counts: a list of a few pods is cheaper than a verdict on an earlier one.
    return job.progress is Progress.FAILED or not any(pod.end and pod.end.exit_code == 0 for pod in pods)


def lacks_input(child: Child) -> bool:
    """Tell whether pods wait for their input because somebody has removed it."""
    missing = f'configmap "{child.job.input}" not found'
    return bool(child.job.input) and any(missing in cause.message for cause in child.trouble)


def collect_children(children: Iterable[Child], now: datetime) -> Children:
    """Return all children as the engine knows them."""
    children = sorted(children, key=lambda child: (child.job.number, child.job.name))
    return Children(
        tuple(_single_stage(child, now) for child in children if child.job.stage is Stage.PREPARE),
        tuple(_wave(child, now) for child in children if child.job.stage is Stage.CELL),
        tuple(_single_stage(child, now) for child in children if child.job.stage is Stage.REFIT),
    )


def _single_stage(child: Child, now: datetime) -> SingleStage:
    ended = [pod for pod in child.pods if pod.end]
    if child.job.progress is Progress.SUCCEEDED:
        ended = [pod for pod in ended if pod.end and pod.end.exit_code == 0]
    last = max(ended, key=_finished_at, default=None)
    return SingleStage(
        name=child.job.name,
        run_digest=child.job.run_digest,
        progress=child.job.progress,
        end=last.end if last else None,
        waiting=_waiting(child, now),
        running_pods=sum(pod.running for pod in child.pods),
        outdated=child.outdated,
        ttl_seconds=child.job.ttl_seconds,
        away_seconds=_away_seconds(child.pods, now) if child.job.progress is Progress.ACTIVE else None,
        memory=child.job.memory,
        image=child.job.image,
        suspended=child.job.suspended is not None,
        nodes=_nodes(child),
        uid=child.job.uid,
    )


def _away_seconds(pods: Iterable[Pod], now: datetime) -> float | None:
    """Return for how long the pods of one process have ended because storage was out of reach; None: they have not."""
    pods = tuple(pods)
    # What was taken away says nothing of storage.
    ended = sorted((pod for pod in pods if pod.end and pod.end.exit_code != ExitCode.TERMINATED), key=_finished_at)
    running = max(((now - pod.since).total_seconds() for pod in pods if pod.running), default=None)
    if not ended or not still_away(ended[-1].end, running):
        return None
    since = ended[-1].ended
    for pod in reversed(ended):
        if not ended_for_storage(pod.end):
            break
        since = pod.ended
    return max(0.0, (now - since).total_seconds())


def _away_indexes(child: Child, now: datetime) -> frozenset[int]:
    """Return the unfinished indexes of a wave whose pods end for want of storage."""
    if child.job.progress is not Progress.ACTIVE or not any(ended_for_storage(pod.end) for pod in child.pods):
        return frozenset()
    by_index: dict[int, list[Pod]] = {}
    for index, pod in _indexed(child):
        by_index.setdefault(index, []).append(pod)
    done = child.job.succeeded | child.job.failed
    away = (index for index, pods in by_index.items() if index not in done and _away_seconds(pods, now) is not None)
    return frozenset(away)


def _wave(child: Child, now: datetime) -> Wave:
    job = child.job
    succeeded, failed = ended_indexes(child.pods) if job.draining else (job.succeeded, job.failed)
    pods = sorted(_indexed(child), key=lambda pod: _finished_at(pod[1]))
    known = frozenset(range(len(job.groups)))
    seen = Indexes(
        succeeded=(job.succeeded | succeeded) & known,
        failed=((job.failed | failed) - succeeded) & known,
        running={index for index, pod in pods if pod.running},
        starting={index for index, pod in pods if not pod.running and pod.end is None},
        away=_away_indexes(child, now),
        ends={index: pod.end for index, pod in pods if pod.end},
    )
    return Wave(
        name=job.name,
        run_digest=job.run_digest,
        number=job.number,
        groups=job.groups,
        parallelism=job.parallelism,
        progress=job.progress,
        waiting=_waiting(child, now),
        outdated=child.outdated,
        ttl_seconds=job.ttl_seconds,
        memory=job.memory,
        image=job.image,
        queue=job.queue,
        suspended=job.suspended is not None,
        spec=child.spec,
        nodes=_nodes(child),
        draining=job.draining,
        uid=job.uid,
        **facts_of_cells(job.groups, seen),
    )


def _nodes(child: Child) -> frozenset[str]:
    return frozenset(pod.node for pod in child.pods if pod.node)


def _indexed(child: Child) -> list[tuple[int, Pod]]:
    """Return the pods of a wave with their completion indexes."""
    count = len(child.job.groups)
    return [(pod.index, pod) for pod in child.pods if pod.index is not None and 0 <= pod.index < count]


def _finished_at(pod: Pod) -> tuple[datetime, datetime, str]:
    return (pod.ended, pod.created, pod.name)


def _waiting(child: Child, now: datetime) -> tuple[Waiting, ...]:
    """Return the pods that cannot start, grouped by reason; the longest wait's message stands for its group."""
    if child.job.progress is not Progress.ACTIVE:
        return ()
    groups: dict[str, list[Pod]] = {}
    for pod in child.pods:
        if pod.waiting:
            groups.setdefault(pod.waiting[0], []).append(pod)
    found = []
    for reason, pods in sorted(groups.items()):
        oldest = min(pods, key=lambda pod: (pod.since, pod.name))
        message = oldest.waiting[1] if oldest.waiting else ""
        found.append(Waiting(reason, message, len(pods), max(0.0, (now - oldest.since).total_seconds())))
    return (*found, *child.trouble)
