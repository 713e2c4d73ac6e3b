"""The port Capacity on Kubernetes: the protocol of records, finalizers and drivers.

What a job is to have is recorded first; then it gets our finalizer, then nodes. All of that is taken back in the
reverse order. So whoever is killed at any moment leaves nothing that is not recorded, and every record expires.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

from gridfold.api import labels
from gridfold.api.conditions import Reason
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import NONE, Metadata
from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.capacity.held import Held, Shape, Trouble
from gridfold.domain.naming import capacity_digest
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Event
from gridfold.engine.ports import Clock, ConflictError, EventRecorder, JobKey
from gridfold_operator.adapters.kubernetes.capacity.driver import Machines
from gridfold_operator.adapters.kubernetes.capacity.finalizers import bind, check, read_job, unbind
from gridfold_operator.adapters.kubernetes.capacity.hand_back import Drivers, hand_back
from gridfold_operator.adapters.kubernetes.capacity.leases import Leases
from gridfold_operator.adapters.kubernetes.capacity.limits import go_before, is_shared, most_nodes
from gridfold_operator.adapters.kubernetes.capacity.records import Lease, Record
from gridfold_operator.adapters.kubernetes.capacity.troubles import REFUSALS, Troubles, words_of
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.pods import parse_time
from gridfold_operator.capacity_settings import CapacitySettings, ProviderSettings
from gridfold_operator.errors import ApiNotFoundError

LOG = logging.getLogger(__name__)

#: A job that is being deleted is looked at again after so long, while nodes go.
LOOK_AGAIN_SECONDS = 2.0
#: So long a deletion waits for nodes to go; then the reaper sees to what is left.
DELETION_SECONDS = 600.0
IN_VAIN = f"in {DELETION_SECONDS:.0f} seconds"


@dataclass(frozen=True)
class KubernetesCapacity:
    """Implements gridfold.engine.ports.Capacity."""

    client: KubernetesClient
    leases: Leases
    drivers: Drivers
    settings: CapacitySettings
    clock: Clock
    recorder: EventRecorder
    troubles: Troubles = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "troubles", Troubles(self.clock))

    # ── the port ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def observe(self, job: ObservedJob) -> Held | None:
        """Return what is held for a job; a record that is about to expire is renewed."""
        wanted = job.spec.capacity.provider if job.spec else NONE
        bound = labels.CAPACITY_FINALIZER in (job.metadata.finalizers or ())
        if wanted == NONE and not bound:
            return None
        if not self.settings.providers:
            return Held(wanted, trouble=self._unknown(wanted), bound=bound)
        lease: Lease | None = None
        machines, most = Machines(), None
        try:
            lease = await self.leases.find(_digest(job.metadata))
            if lease is not None:
                lease = await self.leases.renew(lease)
                machines = await self.drivers[lease.record.kind].observe(lease.record)
            most = await self._most_nodes(job.metadata, lease.record.provider if lease else wanted)
        except REFUSALS as error:
            # What may not be seen counts as being there as it is recorded, so that no hour is forgotten.
            there = lease.record.nodes if lease and not isinstance(error, ApiNotFoundError) else 0
            machines = Machines(launched=there, trouble=Trouble(*words_of(error)))
        return replace(self._held(job, wanted, lease, machines), most_nodes=most)

    async def ensure(self, job: ObservedJob, nodes: int) -> None:
        """Have so many nodes in all: record, finalizer, then nodes."""
        settings = self._provider(job.spec.capacity.provider if job.spec else NONE)
        if settings is None:
            return
        with self.troubles.noted(job.metadata.uid):
            lease = await self.leases.find(_digest(job.metadata))
            if lease is not None and (lease.record.leaving or lease.record.provider != settings.name):
                raise ConflictError(f"the nodes of {lease.record.job} are to be handed back first: observe again")
            await check(self.client, job.metadata)
            lease = await self.leases.save(self._record(job.metadata, settings, lease, nodes), lease)
            lease = await self._limited(lease, settings)
            await bind(self.client, job.metadata)
            await self.drivers[settings.kind].ensure(lease.record, settings, self.leases.namespace)
            await self._check_that_it_is_still_recorded(lease)

    async def release(self, job: ObservedJob) -> None:
        """Hand everything back: nodes, finalizer, then record."""
        owner = job.metadata
        with self.troubles.noted(owner.uid):
            lease = await self.leases.find(_digest(owner))
            if lease is not None:
                await hand_back(lease, self.leases, self.drivers)
            else:
                await unbind(self.client, JobKey(owner.namespace, owner.name), owner.uid)

    async def let_go(self, key: JobKey) -> float | None:
        """Hand back what is held for a job that is gone or being deleted."""
        if not self.settings.providers:
            return None
        now = await read_job(self.client, key)
        going = now if now and now.get("deletionTimestamp") else None
        stays = now["uid"] if now and not going else ""
        waits = going is not None and not self._is_late(going)
        try:
            held = await self._still_held(key, stays)
        except REFUSALS as error:
            if going is None or waits:
                raise
            await self._end_waiting(key, going, f"what is held could not be seen {IN_VAIN}: {words_of(error)[1]}")
            return None
        if held and (going is None or waits):
            return LOOK_AGAIN_SECONDS
        if going is not None:
            await self._end_waiting(key, going, self._words_of_what_is_left(held) if held else "")
        return None

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _held(self, job: ObservedJob, wanted: str, lease: Lease | None, machines: Machines) -> Held:
        name = lease.record.provider if lease else wanted
        settings = self._provider(name)
        unknown = None if settings or name == NONE else self._unknown(name)
        return Held(
            provider=name,
            nodes=machines.granted,
            launched=machines.launched,
            ready=machines.ready,
            arrived=machines.arrived,
            ready_since=machines.ready_since,
            ahead=settings is not None and self.drivers[settings.kind].ahead,
            spares_busy=settings is not None and self.drivers[settings.kind].spares_busy,
            since=lease.record.since if lease else None,
            leaving=lease is not None and lease.record.leaving,
            shape=Shape({name: amount(text) for name, text in settings.shape.items()}) if settings else None,
            trouble=self.troubles.of(job.metadata.uid) or machines.trouble or unknown,
            bound=labels.CAPACITY_FINALIZER in (job.metadata.finalizers or ()) or lease is not None,
        )

    async def _others(self, digest: str) -> list[Record]:
        return [lease.record async for lease in self.leases.all() if lease.record.digest != digest]

    async def _most_nodes(self, owner: Metadata, provider: str) -> int | None:
        """Return how many nodes of a provider a job may have now, None where the platform limits nothing."""
        settings = self._provider(provider)
        if settings is None:
            return None
        others = await self._others(_digest(owner)) if is_shared(settings) else []
        return most_nodes(settings, owner.namespace, others)

    async def _limited(self, lease: Lease, settings: ProviderSettings) -> Lease:
        """Return a record with no more nodes than are left, now that other jobs can see it.

        Raises:
            ConflictError: none are left, as another job was quicker.
        """
        record = lease.record
        if not is_shared(settings):
            return lease
        before = go_before(record, await self._others(record.digest))
        most = most_nodes(settings, record.namespace, before)
        if most is None or record.nodes <= most:
            return lease
        lease = await self.leases.save(record.model_copy(update={"nodes": most}), lease)
        if not most:
            await hand_back(lease, self.leases, self.drivers)
            raise ConflictError(f"another job was given the last nodes of {settings.name}: observe again")
        return lease

    def _record(self, owner: Metadata, settings: ProviderSettings, lease: Lease | None, nodes: int) -> Record:
        now = self.clock.now()
        if lease is None:
            return Record.of(owner, settings, nodes, now)
        if lease.record.nodes == nodes:
            return lease.record
        return lease.record.model_copy(update={"nodes": nodes, "since": now})

    def _provider(self, name: str) -> ProviderSettings | None:
        return next((provider for provider in self.settings.providers if provider.name == name), None)

    def _unknown(self, name: str) -> Trouble:
        known = ", ".join(provider.name for provider in self.settings.providers)
        there = f"has configured {known}" if known else "has configured none"
        return Trouble(
            Reason.PROVIDER_UNKNOWN,
            f"spec.capacity.provider is {name}, and the platform {there}: name one of these, or {NONE}, or have it "
            "configured (the chart's value capacity.providers)",
        )

    async def _check_that_it_is_still_recorded(self, lease: Lease) -> None:
        """Hand back at once what was made while another process took its record away: this one was stopped meanwhile.

        Where it is killed before it comes to this, the reaper finds what has no record.
        """
        if await self.leases.find(lease.record.digest) is None:
            await self.drivers[lease.record.kind].release(lease.record)
            await unbind(self.client, lease.record.job, lease.record.uid)
            raise ConflictError(f"the nodes of {lease.record.job} were handed back meanwhile: observe again")

    async def _still_held(self, key: JobKey, stays: str) -> list[Lease]:
        """Return what is held for a job, but for that of a uid, and cannot be handed back yet."""
        left = [lease for lease in await self.leases.of_job(key) if lease.record.uid != stays]
        return [lease for lease in left if not await self._is_handed_back(lease)]

    async def _is_handed_back(self, lease: Lease) -> bool:
        with self.troubles.noted(lease.record.uid):
            return await hand_back(lease, self.leases, self.drivers)
        trouble = self.troubles.of(lease.record.uid)
        LOG.warning("%s: its nodes are not handed back yet: %s", lease.record.job, trouble and trouble.message)
        return False

    def _is_late(self, metadata: dict[str, Any]) -> bool:
        passed = self.clock.now() - parse_time(metadata["deletionTimestamp"])
        return passed.total_seconds() > DELETION_SECONDS

    def _words_of_what_is_left(self, held: list[Lease]) -> str:
        left = ", ".join(f"{lease.record.nodes} nodes of {lease.record.provider}" for lease in held)
        trouble = self.troubles.of(held[0].record.uid)
        return f"{left} have not been handed back {IN_VAIN}" + (f": {trouble.message}" if trouble else "")

    async def _end_waiting(self, key: JobKey, metadata: dict[str, Any], left: str) -> None:
        """Have a deletion not wait any longer, and tell for what it has waited in vain, if for anything."""
        if labels.CAPACITY_FINALIZER not in (metadata.get("finalizers") or ()):
            return
        if left:
            job = ObservedJob(Metadata.model_validate(metadata), None, TrainingJobStatus())
            event = Event("Warning", Reason.PROVIDER_FAILED, f"{left.rstrip('. ')}. The reaper goes on with it.")
            await self.recorder.record(job, event)
        await unbind(self.client, key, metadata["uid"])


def _digest(owner: Metadata) -> str:
    return capacity_digest(owner.namespace, owner.name, owner.uid)
