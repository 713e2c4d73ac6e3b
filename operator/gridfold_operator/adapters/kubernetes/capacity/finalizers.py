"""Our finalizer on a TrainingJob: there only while something is held, so that a deletion waits for the hand-back."""

from typing import Any

from gridfold.api import labels
from gridfold.api.v1alpha1 import Metadata
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import JSON_PATCH, KubernetesClient
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError

Document = dict[str, Any]


async def read_job(client: KubernetesClient, key: JobKey) -> Document | None:
    """Return a TrainingJob's metadata as it is now, None where it is gone."""
    try:
        document = await client.get(paths.training_job(key.namespace, key.name))
    except ApiNotFoundError as error:
        if not error.names(key.name):
            raise
        return None
    metadata: Document = document["metadata"]
    return metadata


async def bind(client: KubernetesClient, owner: Metadata) -> None:
    """Have a job wait, when it is deleted, until all is handed back.

    Raises:
        ConflictError: it is not what it was when it was decided that it is to have nodes.
    """
    now = await check(client, owner)
    before = now.get("finalizers") or []
    if labels.CAPACITY_FINALIZER not in before:
        await _write(client, JobKey(owner.namespace, owner.name), now, [*before, labels.CAPACITY_FINALIZER])


async def check(client: KubernetesClient, owner: Metadata) -> Document:
    """Return a job's metadata as it is now.

    Raises:
        ConflictError: it is not what it was.
    """
    now = await read_job(client, JobKey(owner.namespace, owner.name))
    if now is None or (now["uid"], now["generation"]) != (owner.uid, owner.generation) or now.get("deletionTimestamp"):
        raise ConflictError(f"TrainingJob {owner.namespace}/{owner.name} has changed since: observe again")
    return now


async def unbind(client: KubernetesClient, key: JobKey, uid: str) -> None:
    """Have a job wait no longer; one that is gone is fine."""
    now = await read_job(client, key)
    if now is None or now["uid"] != uid:
        return
    before = now.get("finalizers") or []
    if labels.CAPACITY_FINALIZER in before:
        await _write(client, key, now, [name for name in before if name != labels.CAPACITY_FINALIZER])


async def _write(client: KubernetesClient, key: JobKey, now: Document, finalizers: list[str]) -> None:
    patch = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": now["resourceVersion"]},
        {"op": "add", "path": "/metadata/finalizers", "value": finalizers},
    ]
    try:
        await client.patch(paths.training_job(key.namespace, key.name), patch, JSON_PATCH)
    except (ApiConflictError, ApiNotFoundError) as error:
        raise ConflictError(f"TrainingJob {key.namespace}/{key.name} has changed since: observe again") from error
