"""Nodes by Karpenter: a NodePool for each job, which goes with all of its nodes when it is deleted.

Whoever dies, nodes go when no pod is on them any more, and at the latest when they expire.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from gridfold.api import labels
from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold.domain.naming import label_value
from gridfold.engine.ports import Clock, ConflictError
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.driver import Machines, ProviderError
from gridfold_operator.adapters.kubernetes.capacity.node_pool import (
    POOL_LABEL,
    build_node_pool,
    is_launched,
    nodes_granted,
    ready_nodes,
    record_of,
    told_of_pods,
    trouble_of,
    trouble_told,
)
from gridfold_operator.adapters.kubernetes.capacity.records import Record, lease_name
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.guarded import change, delete
from gridfold_operator.adapters.kubernetes.pods import parse_time
from gridfold_operator.capacity_settings import KarpenterSettings
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError, ApiRefusedError

#: Events of objects that are in no namespace.
EVENTS = paths.collection(paths.CORE, "events", "default")
#: What was told longer ago tells nothing of now.
NEWS_SECONDS = 300.0
#: Of pods for which it makes no machine; it tells it again after five minutes at the earliest.
OF_PODS = "reason=FailedScheduling,source=karpenter"
NEWS_OF_PODS_SECONDS = 600.0
#: A thousand pods that wait are told of a thousand times: some stand for all.
EVENTS_OF_PODS, PODS_LOOKED_UP = 100, 3


@dataclass(frozen=True)
class KarpenterDriver:
    """Makes, reads and deletes NodePools."""

    client: KubernetesClient
    clock: Clock
    configured: bool = True  #: whether any provider is of this kind, so that its objects may be listed
    ahead: bool = False  #: Karpenter makes no node without a pod that waits for it
    spares_busy: bool = True  #: a lower limit ends no node; those that are empty go by themselves

    async def ensure(self, record: Record, settings: KarpenterSettings, system: str) -> None:
        """Have a NodePool of at most so many nodes; Karpenter makes those that pods wait for."""
        pool = await self._pool(record)
        if pool is None:
            try:
                pool = await self.client.create(
                    paths.collection(paths.KARPENTER, "nodepools"), build_node_pool(record, settings, system)
                )
            except ApiConflictError as error:
                raise ConflictError(
                    f"NodePool {lease_name(record.digest)} was made meanwhile: observe again"
                ) from error
        _check(pool, record)
        if nodes_granted(pool) != record.nodes:
            limits = {"limits": {"nodes": str(record.nodes)}}
            path, check = paths.node_pool(lease_name(record.digest)), partial(_check, record=record)
            await change(self.client, path, check, lambda _: [{"spec": limits}])

    async def observe(self, record: Record) -> Machines:
        """Return what is there: the pool, and machines that may stay on a while when it is gone."""
        pool, claims = await self._pool(record), await self._claims(record)
        ready = ready_nodes(claims)
        return Machines(
            granted=nodes_granted(pool) if pool else 0,
            launched=sum(map(is_launched, claims)),
            ready=frozenset(ready),
            ready_since=max(ready.values(), default=None),
            trouble=await self._trouble(record, pool, claims, ready) if pool else None,
        )

    async def release(self, record: Record) -> bool:
        """Delete the pool; Karpenter drains its nodes, and ends the machines.

        Where its kinds are not known there is perhaps nothing left of them, and perhaps they are so for a moment only:
        that is refused, and tried again.
        """
        if pool := await self._pool(record):
            await delete(self.client, paths.node_pool(lease_name(record.digest)), pool)
        return await self._pool(record) is None and not await self._claims(record)

    async def held(self, system: str) -> list[Record]:
        """Return the records for which there are NodePools."""
        if not self.configured:
            return []
        selector = f"{labels.MANAGED_BY}={labels.MANAGED_BY_VALUE},{labels.SYSTEM}={system}"
        try:
            pools = await self.client.items(paths.collection(paths.KARPENTER, "nodepools"), labelSelector=selector)
        except ApiNotFoundError:
            return []
        return [record for pool in pools if (record := record_of(pool)) is not None]

    async def _trouble(
        self, record: Record, pool: dict[str, Any], claims: list[dict[str, Any]], ready: Collection[str]
    ) -> Trouble | None:
        """Return why nodes do not come: what stands there, or else what was told of machines that are gone again."""
        now = self.clock.now()
        found = trouble_of(pool, claims, now)
        if found or len(ready) >= nodes_granted(pool):
            return found
        events = await self._seen(EVENTS, fieldSelector="type=Warning")
        changed = record.since.replace(microsecond=0)  # Events know whole seconds
        found = trouble_told(events, pool, max(changed, now - timedelta(seconds=NEWS_SECONDS)))
        if found or claims:
            return found
        # It tells of a pod once, for all nodes that may be asked for within the next minutes.
        created = parse_time(pool["metadata"].get("creationTimestamp"))
        return await self._trouble_of_pods(record, max(created, now - timedelta(seconds=NEWS_OF_PODS_SECONDS)))

    async def _trouble_of_pods(self, record: Record, since: datetime) -> Trouble | None:
        """Return why Karpenter makes no machine at all for the pods of the job."""
        where = (paths.CORE, "events", record.namespace)
        events = await self._seen(paths.collection(*where), fieldSelector=OF_PODS, limit=str(EVENTS_OF_PODS))
        for pod, words in told_of_pods(events, record.name, since)[:PODS_LOOKED_UP]:
            if await self._seen(
                paths.collection(paths.CORE, "pods", record.namespace),
                fieldSelector=f"metadata.name={pod}",
                labelSelector=f"{labels.JOB}={label_value(record.name)}",
            ):
                return Trouble(Reason.PROVIDER_FAILED, words)
        return None

    async def _seen(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return what there is for words; nobody has to let us read it: then we have none, and nothing else is lost."""
        try:
            return await self.client.items(path, **query)
        except ApiRefusedError:
            return []

    async def _pool(self, record: Record) -> dict[str, Any] | None:
        name = lease_name(record.digest)
        try:
            return await self.client.get(paths.node_pool(name))
        except ApiNotFoundError as error:
            if not error.names(name):
                raise
            return None

    async def _claims(self, record: Record) -> list[dict[str, Any]]:
        path = paths.collection(paths.KARPENTER, "nodeclaims")
        return await self.client.items(path, labelSelector=f"{POOL_LABEL}={lease_name(record.digest)}")


def _check(pool: dict[str, Any], record: Record) -> None:
    """Make sure that a NodePool of that name is this job's, and there to stay."""
    metadata = pool["metadata"]
    if (metadata.get("labels") or {}).get(labels.CAPACITY) != record.digest:
        raise ProviderError(
            Reason.PROVIDER_FAILED,
            f"there is a NodePool {metadata['name']} that is not this job's (its label {labels.CAPACITY} is "
            f"{(metadata.get('labels') or {}).get(labels.CAPACITY)!r}, expected {record.digest!r}): delete it",
        )
    if metadata.get("deletionTimestamp"):
        raise ConflictError(f"NodePool {metadata['name']} is being deleted: observe again")
