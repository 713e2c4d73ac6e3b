"""Leases: where it is kept who holds which nodes. Every write is guarded by the version that was read."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from gridfold.api import labels
from gridfold.domain.naming import label_value
from gridfold.engine.ports import Clock, ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.records import (
    Lease,
    Record,
    UnreadableRecordError,
    build_lease,
    lease_name,
    read_lease,
)
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError

LOG = logging.getLogger(__name__)

SELECTOR = f"{labels.MANAGED_BY}={labels.MANAGED_BY_VALUE},{labels.CAPACITY}"


@dataclass(frozen=True)
class Leases:
    """The records of one operator, in its own namespace."""

    client: KubernetesClient
    clock: Clock
    namespace: str
    seconds: int  #: after which a record expires that nobody renews
    holder: str = "gridfold-operator"

    async def find(self, digest: str) -> Lease | None:
        """Return the record of a job."""
        try:
            document = await self.client.get(paths.lease(self.namespace, lease_name(digest)))
        except ApiNotFoundError as error:
            if not error.names(lease_name(digest)):
                raise
            return None
        return read_lease(document)

    async def of_job(self, key: JobKey) -> list[Lease]:
        """Return the records of all jobs that have, or had, this name."""
        selector = f"{SELECTOR},{labels.JOB}={label_value(key.name)}"
        return [lease async for lease in self.all(selector) if lease.record.job == key]

    async def all(self, selector: str = SELECTOR) -> AsyncIterator[Lease]:
        """Yield all records that can be read; of one that cannot, the log tells."""
        path = paths.collection(paths.COORDINATION, "leases", self.namespace)
        for document in await self.client.items(path, labelSelector=selector):
            try:
                yield read_lease(document)
            except UnreadableRecordError as error:
                LOG.warning("%s", error)

    async def names(self) -> AsyncIterator[str]:
        """Yield the names of all Leases that may be records, whether they can be read or not."""
        path = paths.collection(paths.COORDINATION, "leases", self.namespace)
        for document in await self.client.items(path):
            yield document["metadata"]["name"]

    async def save(self, record: Record, before: Lease | None) -> Lease:
        """Keep a record, renewed; `before` is the Lease that was read.

        Raises:
            ConflictError: somebody else has kept another one since.
        """
        lease = Lease(record, self.clock.now(), self.seconds, before.version if before else "")
        document = build_lease(lease, self.namespace, self.holder)
        try:
            if before is None:
                path = paths.collection(paths.COORDINATION, "leases", self.namespace)
                kept = await self.client.create(path, document)
            else:
                kept = await self.client.replace(paths.lease(self.namespace, lease_name(record.digest)), document)
        except (ApiConflictError, ApiNotFoundError) as error:
            raise ConflictError(f"the record of the nodes of {record.job} has changed since: observe again") from error
        return replace(lease, version=kept["metadata"]["resourceVersion"])

    async def renew(self, lease: Lease) -> Lease:
        """Keep a record from expiring, if it is time to."""
        return await self.save(lease.record, lease) if lease.is_due(self.clock.now()) else lease

    async def remove(self, lease: Lease) -> None:
        """Forget what is not held any more.

        Raises:
            ConflictError: somebody else has changed the record since.
        """
        path = paths.lease(self.namespace, lease_name(lease.record.digest))
        try:
            await self.client.delete(path, lease.version)
        except ApiConflictError as error:
            raise ConflictError(f"the record of the nodes of {lease.record.job} has changed since") from error
