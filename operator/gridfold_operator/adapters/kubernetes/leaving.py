"""Ends the Jobs that must not go on: of a TrainingJob that is gone or going, and of a namespace that is deleted.

Kubernetes deletes the pods of such a namespace first and the Jobs only when they are gone; but a pod that failed with
tries left waits for its replacement, which is refused there: without its Job's end it stayed for 20 minutes.
"""

from collections.abc import Iterable
from typing import NoReturn

from gridfold.api import labels
from gridfold.api.v1alpha1 import KIND
from gridfold.domain.naming import label_value
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document, KubernetesClient
from gridfold_operator.adapters.kubernetes.draining import is_draining, remove
from gridfold_operator.adapters.kubernetes.pods import controller_of
from gridfold_operator.errors import ApiRefusedError

#: Of a resource whose owner wants its children to stay (`kubectl delete --cascade=orphan`).
ORPHAN_FINALIZER = "orphan"


async def end_jobs_of(client: KubernetesClient, key: JobKey, finalizers: Iterable[str] = ()) -> None:
    """End all Jobs that a TrainingJob of that name controls; the TrainingJob is gone, or held by finalizers.

    Where children are to stay, those that are drained cannot: they are being deleted.
    """
    selector = f"{labels.JOB}={label_value(key.name)}"
    await _end(client, key.namespace, selector, key.name, drained_only=ORPHAN_FINALIZER in finalizers)


async def is_leaving(client: KubernetesClient, namespace: str) -> bool:
    """Tell whether a namespace is being deleted; one that may not be looked at is not, as far as is known."""
    try:
        found = await client.get(paths.namespace(namespace))
    except ApiRefusedError:
        return False
    return found["metadata"].get("deletionTimestamp") is not None


async def leave(client: KubernetesClient, namespace: str) -> NoReturn:
    """End all Jobs of ours in a namespace that is being deleted.

    Raises:
        ConflictError: always, as nothing that was planned there can be done.
    """
    await _end(client, namespace, f"{labels.MANAGED_BY}={labels.MANAGED_BY_VALUE},{labels.STAGE}")
    raise ConflictError(f"the namespace {namespace} is being deleted: its Jobs were ended, nothing is started in it")


async def _end(
    client: KubernetesClient, namespace: str, selector: str, owner: str = "", *, drained_only: bool = False
) -> None:
    path = paths.collection(paths.BATCH, "jobs", namespace)
    for job in await client.items(path, labelSelector=selector):
        stays = not job["metadata"].get("deletionTimestamp") and not drained_only
        if _is_controlled(job, owner) and (stays or is_draining(job["metadata"])):
            await remove(client, namespace, job)


def _is_controlled(job: Document, owner: str) -> bool:
    """Tell whether a TrainingJob, of that name if one is given, controls a Job."""
    controller = controller_of(job["metadata"]) or {}
    return controller.get("kind") == KIND and owner in {"", controller.get("name")}
