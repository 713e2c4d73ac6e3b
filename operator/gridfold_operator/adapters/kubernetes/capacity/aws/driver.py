"""Nodes by the desired capacity of an Auto Scaling group, which other jobs and people share.

A job adds and takes back its own share, which stands in tags of the group. What is taken back is ended by name where a
machine is known on which no pod of anybody else runs.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gridfold.api.conditions import Reason
from gridfold.domain.capacity.held import Trouble
from gridfold.engine.ports import Clock, ConflictError
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.aws.activities import trouble_of
from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import BotoCloud, Cloud
from gridfold_operator.adapters.kubernetes.capacity.aws.errors import AwsError
from gridfold_operator.adapters.kubernetes.capacity.aws.group import AwsGroup, AwsShare, nodes_of
from gridfold_operator.adapters.kubernetes.capacity.aws.service import GroupService
from gridfold_operator.adapters.kubernetes.capacity.aws.spare import spare_machines
from gridfold_operator.adapters.kubernetes.capacity.aws.steps import Steps
from gridfold_operator.adapters.kubernetes.capacity.aws.turns import Turns
from gridfold_operator.adapters.kubernetes.capacity.driver import Machines, ProviderError
from gridfold_operator.adapters.kubernetes.capacity.records import Record
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.pods import EPOCH
from gridfold_operator.capacity_settings import AwsSettings, AwsTarget


@dataclass(frozen=True)
class _Guarded:
    """What AWS does by itself has been put off, or that was tried."""

    at: datetime
    desired: int  #: capacity of the group at that time
    trouble: Trouble | None = None


@dataclass(frozen=True)
class AwsDriver:
    """Reads and changes Auto Scaling groups."""

    client: KubernetesClient
    providers: tuple[AwsSettings, ...]
    clock: Clock
    hand_back_seconds: float  #: after which AWS takes everything back by itself, if nobody looks
    clouds: Callable[[str], Cloud] = BotoCloud  #: by region
    turn: Callable[[str], AbstractAsyncContextManager[Any]] = field(default_factory=Turns)
    ahead: bool = True
    spares_busy: bool = False  #: a machine with pods on it goes where no other can be spared
    _clouds: dict[str, Cloud] = field(default_factory=dict)
    _guarded: dict[str, _Guarded] = field(default_factory=dict)  #: by name of the group

    async def ensure(self, record: Record, settings: AwsSettings, system: str) -> None:  # noqa: ARG002
        """Have a share of so many machines in the group."""
        service = await self._service(_target(record))
        async with self.turn(service.target.place):
            group = await service.read(self.clock.now())
            if group is None or group.is_leaving:
                raise _missing(service.target)
            if group.held_by(record.digest) != record.nodes or group.has_step(record.digest):
                if service.node_group and service.node_group.is_busy:
                    raise _busy(service.target)
                share = AwsShare.of(record, 0, system)
                async with Steps(service, self.clock, record.digest, share, group) as steps:
                    group = steps.group
                    nodes = group.grant(record.nodes, steps.share.nodes)
                    await steps.set_nodes(nodes, await self._spare(steps, record, nodes))
                    await self._guard(steps)
                    if nodes < record.nodes:
                        raise _at_maximum(service.target, steps.group, record)

    async def observe(self, record: Record) -> Machines:
        """Return what of the group is there for the job."""
        service = await self._service(_target(record))
        group = await service.read(self.clock.now())
        if group is None:
            return Machines()
        unguarded = None
        if record.digest in group.shares and not record.leaving:
            unguarded = await self._renew(service, group, record)
        nodes = nodes_of(group, await self._nodes(service.target))
        machines = group.seen_from(record.digest).machines(nodes, record.nodes if record.leaving else 0)
        if len(group.alive) < group.desired and machines.granted and not record.leaving:
            return replace(machines, trouble=await self._why_none_comes(service) or unguarded)
        return replace(machines, trouble=unguarded)

    async def release(self, record: Record) -> bool:
        """Take back the job's share, and nothing else."""
        service = await self._service(_target(record))
        async with self.turn(service.target.place):
            group = await service.read(self.clock.now())
            if group is None:
                return True
            share = group.shares.get(record.digest)
            if share is None:
                return group.is_down
            async with Steps(service, self.clock, record.digest, share, group) as steps:
                await steps.set_nodes(0, await self._spare(steps, record, 0))
                await self._guard(steps)
            return steps.group.is_down

    async def held(self, system: str) -> list[Record]:
        """Return the shares of an operator in all groups that are configured; there may be other operators'."""
        found = []
        for target in {provider.target.place: provider.target for provider in self.providers}.values():
            group = await (await self._service(target)).read(self.clock.now())
            shares = group.shares.values() if group else ()
            found += [share.record(target) for share in shares if share.system == system]
        return found

    async def _renew(self, service: GroupService, group: AwsGroup, record: Record) -> Trouble | None:
        """Put off what AWS does by itself, from time to time; return why that cannot be done.

        Where somebody is at work, the next look does it.
        """
        known = self._guarded.get(service.name, _Guarded(EPOCH, -1))
        soon = known.at + timedelta(seconds=self.hand_back_seconds / 4)
        if known.desired == group.desired and self.clock.now() < soon:
            return known.trouble
        try:
            async with self.turn(service.target.place):
                share = group.shares[record.digest]
                async with Steps(service, self.clock, record.digest, share, group) as steps:
                    await self._guard(steps)
        except ConflictError:
            return known.trouble
        except AwsError as error:
            trouble = Trouble(error.reason, error.message)
            self._guarded[service.name] = _Guarded(self.clock.now(), group.desired, trouble)
            return trouble
        return None

    async def _guard(self, steps: Steps) -> None:
        now = self.clock.now()
        await steps.guard(now + timedelta(seconds=self.hand_back_seconds))
        self._guarded[steps.service.name] = _Guarded(now, steps.group.desired)

    async def _why_none_comes(self, service: GroupService) -> Trouble | None:
        try:
            said = service.node_group and service.node_group.trouble(service.target.place)
            return said or trouble_of(await service.activities(), service.target.place)
        except AwsError as error:
            return Trouble(error.reason, error.message)

    async def _spare(self, steps: Steps, record: Record, nodes: int) -> list[str]:
        """Return the machines that can go, where fewer are wanted."""
        if nodes >= steps.share.nodes or not steps.group.alive:
            return []
        there = nodes_of(steps.group, await self._nodes(steps.service.target))
        return spare_machines(there, await self.client.items(paths.collection(paths.CORE, "pods")), record)

    async def _nodes(self, target: AwsTarget) -> list[dict[str, Any]]:
        selector = ",".join(f"{name}={value}" for name, value in sorted(target.node_labels.items()))
        return await self.client.items(paths.collection(paths.CORE, "nodes"), labelSelector=selector)

    async def _service(self, target: AwsTarget) -> GroupService:
        if target.region not in self._clouds:
            self._clouds[target.region] = self.clouds(target.region)
        return await GroupService.find(self._clouds[target.region], target)


def _target(record: Record) -> AwsTarget:
    if not isinstance(record.target, AwsTarget):
        raise ProviderError(Reason.PROVIDER_FAILED, f"the record of the nodes of {record.job} names no group of AWS")
    return record.target


def _missing(target: AwsTarget) -> ProviderError:
    return ProviderError(
        Reason.PROVIDER_MISSING,
        f"there is no {target.place} in {target.region}, or it is being deleted: create it, or have the platform name "
        "another one (the chart's value capacity.providers)",
    )


def _at_maximum(target: AwsTarget, group: AwsGroup, record: Record) -> ProviderError:
    return ProviderError(
        Reason.PROVIDER_FAILED,
        f"{target.place} may have {group.most} machines (its maximum size) and its desired capacity is "
        f"{group.desired}, {group.others(record.digest)} of them for other jobs: it is tried again; have the maximum "
        "raised for more at a time",
    )


def _busy(target: AwsTarget) -> ProviderError:
    return ProviderError(
        Reason.PROVIDER_FAILED,
        f"{target.place} is being updated by EKS, which changes its number of machines meanwhile: it is tried again "
        "when that is over",
    )
