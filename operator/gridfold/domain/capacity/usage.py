"""Node-hours: how many nodes a job has had, times how long. Counted in the status, whoever looks, or how often.

Kept are the seconds until nodes came or went last, and how many are there since then: nothing is written while nothing
comes or goes, but for the hours that people are shown.
"""

from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from gridfold.api.status import CapacityStatus
from gridfold.api.v1alpha1 import NONE
from gridfold.domain.capacity.held import Held, Usage
from gridfold.domain.conditions import format_time

HOUR = Decimal(3600)
#: Below so many hours they are shown in tenths, above in whole ones: what moves is written.
TENTHS_UNTIL = 100


def usage_of(status: CapacityStatus | None) -> Usage:
    """Return what a status has counted."""
    if status is None:
        return Usage()
    since = datetime.fromisoformat(status.counted_since) if status.counted_since else None
    return Usage(status.used_seconds, status.counted_nodes, since)


def seconds_of(usage: Usage, now: datetime) -> int:
    """Return the seconds of nodes until now."""
    passed = max(0, round((now - usage.since).total_seconds())) if usage.since else 0
    return usage.seconds + usage.nodes * passed


def hours_of(status: CapacityStatus | None, now: datetime) -> Decimal:
    """Return the node-hours of a job until now."""
    return seconds_of(usage_of(status), now) / HOUR


def count(status: CapacityStatus | None, held: Held | None, message: str, now: datetime) -> CapacityStatus:
    """Return the status of a job's nodes as of now; of one that has none any more, what it has had."""
    held = held or Held(status.provider if status else NONE)
    usage, nodes = usage_of(status), held.launched
    if nodes != usage.nodes:
        usage = Usage(seconds_of(usage, now), nodes, now if nodes else None)
    return CapacityStatus(
        provider=held.provider,
        requested_nodes=0 if held.leaving else held.nodes,
        ready_nodes=len(held.ready),
        node_hours=_shown(seconds_of(usage, now) / HOUR),
        message=message,
        used_seconds=usage.seconds,
        counted_nodes=usage.nodes,
        counted_since=format_time(usage.since) if usage.since else None,
    )


def _shown(hours: Decimal) -> str:
    step = Decimal("0.1") if hours < TENTHS_UNTIL else Decimal(1)
    return str(hours.quantize(step, ROUND_DOWN))
