"""The Lease for which operators that serve the same namespaces are elected, at the API server."""

from datetime import UTC, datetime
from typing import Any

from gridfold.domain.visible import excerpt
from gridfold.engine.ports import ConflictError
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document, KubernetesClient
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError, ApiRefusedError, NamespaceLeavingError
from gridfold_operator.lease import LeaseRecord

#: The same of every release, or two of them would not meet.
LEASE_NAME = "gridfold-operator"
HTTP_FORBIDDEN = 403
#: Of a namespace, a slash and a pod's name.
HOLDER_LIMIT = 63 + 1 + 253


class KubernetesLeaseStore:
    """Implements gridfold_operator.lease.LeaseStore. What others have written beside it (labels) stays."""

    def __init__(self, client: KubernetesClient, namespace: str) -> None:
        """Take a client that lets pass what is written by somebody who does not lead yet."""
        self._client, self._namespace = client, namespace
        self.name = f"the Lease {namespace}/{LEASE_NAME}"
        self._document: Document = {}

    async def read(self) -> LeaseRecord | None:
        """Return it as it is now."""
        try:
            self._document = await self._client.get(paths.lease(self._namespace, LEASE_NAME))
        except ApiNotFoundError as error:
            if not error.names(LEASE_NAME):
                raise
            return None
        return _read(self._document)

    async def write(self, record: LeaseRecord) -> LeaseRecord:
        """Write it."""
        try:
            self._document = await (self._replace(record) if record.version else self._create(record))
        except (ApiConflictError, ApiNotFoundError) as error:
            if isinstance(error, ApiNotFoundError) and not error.names(LEASE_NAME):
                raise
            raise ConflictError(f"{self.name} has changed since") from error
        except NamespaceLeavingError as error:  # no conflict: reading again does not help
            raise ApiRefusedError(str(error), HTTP_FORBIDDEN) from error
        return _read(self._document)

    async def _create(self, record: LeaseRecord) -> Document:
        metadata = {"name": LEASE_NAME, "namespace": self._namespace}
        path = paths.collection(paths.COORDINATION, "leases", self._namespace)
        return await self._client.create(path, _build(record, metadata))

    async def _replace(self, record: LeaseRecord) -> Document:
        metadata = {**self._document["metadata"], "resourceVersion": record.version}
        return await self._client.replace(paths.lease(self._namespace, LEASE_NAME), _build(record, metadata))


async def read_leases(client: KubernetesClient) -> dict[str, LeaseRecord]:
    """Return the Leases of all namespaces, as the API server's cache has them: nobody is elected by these.

    A list by the name of what is listed is allowed to whoever may list what has that name.
    """
    path = paths.collection(paths.COORDINATION, "leases")
    found = await client.items(path, fieldSelector=f"metadata.name={LEASE_NAME}", resourceVersion="0")
    return {document["metadata"]["namespace"]: _read(document) for document in found}


def _build(record: LeaseRecord, metadata: dict[str, Any]) -> Document:
    spec: dict[str, Any] = {
        "leaseDurationSeconds": max(1, round(record.seconds)),
        "leaseTransitions": record.transitions,
        "acquireTime": _spell(record.acquired),
        "renewTime": _spell(record.renewed),
    }
    if record.holder:
        spec["holderIdentity"] = record.holder
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def _read(document: Document) -> LeaseRecord:
    spec = document.get("spec") or {}
    return LeaseRecord(
        holder=excerpt(spec.get("holderIdentity") or "", HOLDER_LIMIT),  # whoever has written it
        seconds=spec.get("leaseDurationSeconds") or 0,
        transitions=spec.get("leaseTransitions") or 0,
        acquired=_moment(spec.get("acquireTime")),
        renewed=_moment(spec.get("renewTime")),
        version=document["metadata"]["resourceVersion"],
    )


def _spell(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
