"""Jobs that make no more pods, and whose pods go on.

There is no such state of a Job: a lower parallelism ends pods, and the same one makes another pod for each that ends.
But of a Job that is being deleted the Job controller makes no more pods (Kubernetes 1.31 to 1.36: job_controller.go
does not call manageJob), and pods are removed only when their Job is gone. So the Job is deleted, and a finalizer of
ours holds it until nothing of use runs in it. It counts no ends any more: those are read from its pods.
"""

from collections.abc import Iterable
from functools import partial

from gridfold.api import labels
from gridfold.domain.ends import is_final
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document, KubernetesClient
from gridfold_operator.adapters.kubernetes.guarded import change, check_uid, delete
from gridfold_operator.adapters.kubernetes.pods import Pod


def is_draining(metadata: Document) -> bool:
    """Tell whether a Job is being deleted and held for its pods."""
    return bool(metadata.get("deletionTimestamp")) and _is_held(metadata)


def ended_indexes(pods: Iterable[Pod]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the completion indexes that have succeeded, and those that failed in a way that a retry cannot help.

    Any other end, such as that of a node, leaves the cell to the next wave.
    """
    ends = [(pod.index, pod.end) for pod in pods if pod.index is not None and pod.end is not None]
    succeeded = frozenset(index for index, end in ends if end.exit_code == 0)
    return succeeded, frozenset(index for index, end in ends if is_final(end)) - succeeded


def holding_patches(job: Document) -> list[Document]:
    """Return the patches of a Job that hold it when it is deleted."""
    held = [*(job["metadata"].get("finalizers") or ()), labels.DRAINING]
    return [] if _is_held(job["metadata"]) else [{"metadata": {"finalizers": held}}]


async def remove(client: KubernetesClient, namespace: str, job: Document) -> None:
    """Delete a Job that was read, and hold it no longer: its pods end.

    Raises:
        ConflictError: there is another one of its name.
    """
    path = paths.job(namespace, job["metadata"]["name"])
    await delete(client, path, job)
    if _is_held(job["metadata"]):
        await change(client, path, partial(check_uid, uid=job["metadata"]["uid"]), _freeing_patches)


def _freeing_patches(job: Document) -> list[Document]:
    """Return the patches of a Job that hold it no longer, whoever else does."""
    left = [name for name in job["metadata"].get("finalizers") or () if name != labels.DRAINING]
    return [{"metadata": {"finalizers": left or None}}] if _is_held(job["metadata"]) else []


def _is_held(metadata: Document) -> bool:
    return labels.DRAINING in (metadata.get("finalizers") or ())
