"""Nodes by the number of replicas of a group of machines that is there.

It is a MachineDeployment or MachinePool of the Cluster API, a static NodePool of Karpenter, or whatever else has
spec.replicas and a scale subresource. Jobs share the group, and the platform may scale it, too: each adds and takes
back its own share.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gridfold.api.conditions import Reason
from gridfold.engine.ports import ConflictError
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.driver import Machines, ProviderError
from gridfold_operator.adapters.kubernetes.capacity.records import Record
from gridfold_operator.adapters.kubernetes.capacity.scaled_group import ScaledGroup, Share, held_by
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, KubernetesClient
from gridfold_operator.capacity_settings import ScaleSettings, ScaleTarget
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError


@dataclass(frozen=True)
class ScaleDriver:
    """Reads and patches groups."""

    client: KubernetesClient
    providers: tuple[ScaleSettings, ...]
    ahead: bool = True
    #: Whoever makes the machines chooses which go, and may choose one with pods on it.
    spares_busy: bool = False

    async def ensure(self, record: Record, settings: ScaleSettings, system: str) -> None:
        """Have a share of so many replicas in the group."""
        target = _target(record)
        document = await self._read(target)
        if document is None or document["metadata"].get("deletionTimestamp"):
            raise ProviderError(
                Reason.PROVIDER_MISSING,
                f"there is no {target.resource} {target.place} to be scaled: create it, or have the platform name "
                "another group (the chart's value capacity.providers)",
            )
        group = ScaledGroup.of(document, record.digest)
        nodes = group.grant(record.nodes, settings.max_replicas)
        if nodes != group.ours:
            await self._patch(target, group.patch(Share.of(record, nodes, system)))
        if nodes < record.nodes:
            raise ProviderError(
                Reason.PROVIDER_FAILED,
                f"{target.resource} {target.place} has {group.replicas + nodes - group.ours} replicas, and may have "
                f"{settings.max_replicas} (maxReplicas), {group.others} of them for other jobs: it is tried again; "
                "have maxReplicas raised for more at a time",
            )

    async def observe(self, record: Record) -> Machines:
        """Return what of the group is there for the job."""
        target = _target(record)
        document = await self._read(target)
        if document is None:
            return Machines()
        selector = ",".join(f"{name}={value}" for name, value in sorted(target.node_labels.items()))
        nodes = await self.client.items(paths.collection(paths.CORE, "nodes"), labelSelector=selector)
        return ScaledGroup.of(document, record.digest).machines(nodes, record.nodes if record.leaving else 0)

    async def release(self, record: Record) -> bool:
        """Take back the job's share, and nothing else; whoever makes the machines ends as many."""
        group = await self._drop(_target(record), record.digest)
        return group is None or group.is_down

    async def held(self, system: str) -> list[Record]:
        """Return the shares of an operator in all groups that are configured; there may be other operators'."""
        found = []
        for target in (provider.target for provider in self.providers):
            with suppress(ApiNotFoundError):
                document = await self._read(target)
                shares = held_by(document).values() if document else ()
                found += [share.record(target) for share in shares if share.system == system]
        return found

    async def _drop(self, target: ScaleTarget, digest: str) -> ScaledGroup | None:
        """Return the group without a job's share; None where there is no group."""
        document = await self._read(target)
        if document is None:
            return None
        group = ScaledGroup.of(document, digest)
        if not group.ours:
            return group
        return ScaledGroup.of(await self._patch(target, group.patch(None)), digest)

    async def _read(self, target: ScaleTarget) -> dict[str, Any] | None:
        try:
            return await self.client.get(_path(target))
        except ApiNotFoundError as error:
            if not error.names(target.name):
                raise
            return None

    async def _patch(self, target: ScaleTarget, patch: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self.client.patch(_path(target), patch, MERGE_PATCH)
        except (ApiConflictError, ApiNotFoundError) as error:
            raise ConflictError(f"{target.resource} {target.place} has changed since: observe again") from error


def _target(record: Record) -> ScaleTarget:
    if not isinstance(record.target, ScaleTarget):
        raise ProviderError(Reason.PROVIDER_FAILED, f"the record of the nodes of {record.job} names no group")
    return record.target


def _path(target: ScaleTarget) -> str:
    group = f"/apis/{target.api_version}" if "/" in target.api_version else f"/api/{target.api_version}"
    return f"{paths.collection(group, target.resource, target.namespace)}/{quote(target.name)}"
