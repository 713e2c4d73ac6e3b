"""Which pod of a job is meant: that of a cell, or the one that something last happened in."""

from collections.abc import Iterator, Mapping
from typing import Any

from gridfold.api import labels
from gridfold.domain.groups import parse_groups
from gridfold_cli.cluster.port import Document
from gridfold_cli.cluster.training_jobs import TrainingJobs

#: Of the Job controller.
JOB_NAME = "batch.kubernetes.io/job-name"
INDEX = "batch.kubernetes.io/job-completion-index"


def pods_of_run(jobs: TrainingJobs, name: str, run_digest: str, cell: int | None = None) -> list[Document]:
    """Return the pods of a job's current run, of one cell if that is given, newest first."""
    wanted = {job["metadata"]["name"]: job for job in jobs.jobs(name) if _of_run(job, run_digest)}
    pods = (pod for pod in jobs.pods(name) if _label(pod, JOB_NAME) in wanted)
    if cell is None:
        return list(pods)[::-1]
    indexes = {job: set(_indexes(document, cell)) for job, document in wanted.items()}
    return [pod for pod in pods if _index(pod) in indexes[_label(pod, JOB_NAME)]][::-1]


def title(pod: Mapping[str, Any]) -> str:
    """Return what a pod is, for people."""
    index = _index(pod)
    stage = _label(pod, labels.STAGE) + (f", index {index}" if index is not None else "")
    return f"pod {pod['metadata']['name']} ({stage}, {(pod.get('status') or {}).get('phase') or 'Pending'})"


def has_started(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod has a log, however short."""
    return (pod.get("status") or {}).get("phase") not in {None, "Pending"}


def _of_run(job: Mapping[str, Any], run_digest: str) -> bool:
    return bool((job["metadata"].get("annotations") or {}).get(labels.RUN) == run_digest)


def _indexes(job: Mapping[str, Any], cell: int) -> Iterator[int]:
    """Yield the completion indexes of a wave whose pods compute a cell; none of another stage."""
    text = (job["metadata"].get("annotations") or {}).get(labels.CELLS)
    if text:
        yield from (index for index, group in enumerate(parse_groups(text)) if cell in group)


def _label(pod: Mapping[str, Any], name: str) -> str:
    return str((pod["metadata"].get("labels") or {}).get(name) or "")


def _index(pod: Mapping[str, Any]) -> int | None:
    found = (pod["metadata"].get("annotations") or {}).get(INDEX)
    return int(found) if found is not None else None
