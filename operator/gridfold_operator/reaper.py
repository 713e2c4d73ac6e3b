"""The reaper: `python -m gridfold_operator.reaper --settings FILE`, by its own identity and from time to time.

It hands back the nodes whose record has expired, because no operator has looked at it for too long, and those without
any record, which an operator has made that was killed while another took the record away; nothing else. It needs not
lead, as it acts for operators that are gone: every record that it takes away is guarded by the version that it read.
"""

import argparse
import asyncio
import logging
import sys
from dataclasses import dataclass

from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.capacity.driver import Driver
from gridfold_operator.adapters.kubernetes.capacity.drivers import build_drivers
from gridfold_operator.adapters.kubernetes.capacity.finalizers import unbind
from gridfold_operator.adapters.kubernetes.capacity.hand_back import Drivers, hand_back
from gridfold_operator.adapters.kubernetes.capacity.leases import Leases
from gridfold_operator.adapters.kubernetes.capacity.records import Lease, Record, lease_name
from gridfold_operator.adapters.kubernetes.capacity.troubles import REFUSALS, words_of
from gridfold_operator.adapters.kubernetes.client import KubernetesClient, load_configuration
from gridfold_operator.errors import ClusterError
from gridfold_operator.log import about_job, begin_log
from gridfold_operator.settings import OperatorSettings, SettingsError, load_settings

LOG = logging.getLogger("gridfold_operator.reaper")

#: So long it waits for nodes to go; what is left then is the next run's.
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Left:
    """What could not be handed back so far, in words."""

    words: str
    job: JobKey | None = None  #: whose it is; None: nobody knows


async def reap(leases: Leases, drivers: Drivers) -> list[Left]:
    """Hand back what has expired, as far as it goes at once; return what is left."""
    left = [one for driver in drivers.values() for one in await _reap_strays(driver, leases)]
    expired = [lease async for lease in leases.all() if lease.is_expired(leases.clock.now()) or lease.record.leaving]
    for lease in expired:
        with about_job(lease.record.job):
            if words := await _reap_expired(lease, leases, drivers):
                left.append(Left(words, lease.record.job))
    return left


async def _reap_expired(lease: Lease, leases: Leases, drivers: Drivers) -> str:
    """Hand back what is recorded; return what is left, in words."""
    record = lease.record
    nodes = f"{record.job}: {record.nodes} nodes of {record.provider}"
    try:
        if not await hand_back(lease, leases, drivers):
            return f"{nodes} are going"
        LOG.info("%s are handed back", nodes)
    except ConflictError as error:
        LOG.info("%s", error)  # an operator is there after all
    except REFUSALS as error:
        return f"{nodes} cannot be handed back: {words_of(error)[1]}"
    return ""


async def _reap_strays(driver: Driver, leases: Leases) -> list[Left]:
    """Hand back what is there without a record; one that cannot be read is one, too."""
    try:
        held = await driver.held(leases.namespace)
        known = {name async for name in leases.names()}
        strays = [record for record in held if lease_name(record.digest) not in known]
        going = [record for record in strays if not await _reap_stray(driver, record, leases)]
    except REFUSALS as error:
        return [Left(f"nodes without a record cannot be handed back: {words_of(error)[1]}")]
    return [Left(f"{one.job}: nodes of {one.provider} without a record are going", one.job) for one in going]


async def _reap_stray(driver: Driver, record: Record, leases: Leases) -> bool:
    gone = await driver.release(record)
    if gone:
        await unbind(leases.client, record.job, record.uid)
    return gone


async def _main(settings: OperatorSettings) -> list[Left]:
    """Hand back until nothing that has expired is left, or its patience is at its end; return what is left."""
    client = KubernetesClient(await load_configuration())
    clock, loop = SystemClock(), asyncio.get_running_loop()
    leases = Leases(client, clock, settings.capacity.namespace, settings.capacity.lease_seconds, "gridfold-reaper")
    drivers = build_drivers(client, settings.capacity, clock)
    end = loop.time() + PATIENCE_SECONDS
    try:
        while True:
            left = await reap(leases, drivers)
            if not left or loop.time() >= end:
                return left
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        await client.close()


def main() -> int:
    """Run once and return the exit code: 0 where nothing is left that has expired."""
    parser = argparse.ArgumentParser(prog="python -m gridfold_operator.reaper", description="Hands back expired nodes.")
    parser.add_argument("--settings", help="YAML file; default: what the variable GRIDFOLD_SETTINGS names")
    arguments = parser.parse_args()
    begin_log()  # what is wrong with the settings is told in a line of the log, too
    try:
        settings = load_settings(arguments.settings)
    except SettingsError as error:
        LOG.critical("%s", error)
        return 2
    begin_log(settings.log_level, settings.log_format)
    try:
        left = asyncio.run(_main(settings))
    except ClusterError as error:
        LOG.critical("%s", error)
        return 1
    except Exception:  # Python itself would tell it in many lines, and with all that is confidential in them
        LOG.critical("the reaper ends by a fault of its own", exc_info=True)
        return 1
    for one in left:
        with about_job(one.job):
            LOG.error("%s", one.words)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
