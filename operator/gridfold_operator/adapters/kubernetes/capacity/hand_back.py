"""Hands back what a record says is held. The operator does it, and the reaper when there is no operator."""

from collections.abc import Mapping

from gridfold_operator.adapters.kubernetes.capacity.driver import Driver
from gridfold_operator.adapters.kubernetes.capacity.finalizers import unbind
from gridfold_operator.adapters.kubernetes.capacity.leases import Leases
from gridfold_operator.adapters.kubernetes.capacity.records import Lease

#: By kind of provider.
Drivers = Mapping[str, Driver]


async def hand_back(lease: Lease, leases: Leases, drivers: Drivers) -> bool:
    """Hand everything back, or go on with it: nodes, finalizer, then the record. Return whether nothing is left.

    That it is leaving is recorded first: whoever looks next grants nothing beside it.

    Raises:
        ConflictError: the record is another one by now.
    """
    if not lease.record.leaving:
        leaving = lease.record.model_copy(update={"leaving": True})
        lease = await leases.save(leaving, lease)
    if not await drivers[lease.record.kind].release(lease.record):
        return False
    await unbind(leases.client, lease.record.job, lease.record.uid)
    await leases.remove(lease)
    return True
