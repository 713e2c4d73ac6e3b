"""What no Job and no pod says of itself: pods that are refused, and pods that have a node and still do not start.

Both stand in Events only. They are asked for when something is suspected, never watched.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from gridfold.domain.observed import Waiting
from gridfold_operator.adapters.kubernetes.children import Child
from gridfold_operator.adapters.kubernetes.pods import EPOCH, Pod
from gridfold_operator.adapters.kubernetes.warnings import Warned

#: The Job controller makes its first pods within a second, and the kubelet mounts volumes within two or three.
PATIENCE_SECONDS = 3.0


LatestWarning = Callable[[str], Awaitable[Warned | None]]  #: about an object, by its uid


@dataclass(frozen=True)
class Trouble:
    """What was found, and whether there may be more of it before any watch tells."""

    found: tuple[Waiting, ...] = ()
    suspected: bool = False


def lacks_pods(child: Child, now: datetime) -> bool:
    """Tell whether pods are missing for longer than it takes to make them."""
    return child.job.missing_pods > 0 and _quiet_seconds(child, now) >= PATIENCE_SECONDS


def _quiet_seconds(child: Child, now: datetime) -> float:
    """Return how long no pod has been made."""
    newest = max((pod.created for pod in child.pods), default=EPOCH)
    return (now - max(newest, child.job.created)).total_seconds()


async def find_trouble(latest_warning: LatestWarning, child: Child, now: datetime) -> Trouble:
    """Return what Events say of a child's missing and starting pods."""
    found = []
    starting = [pod for pod in child.pods if pod.starting]
    if lacks_pods(child, now) and (waiting := await _refused_pods(latest_warning, child, now)):
        found.append(waiting)
    if starting and (waiting := await _stuck_pods(latest_warning, starting, now)):
        found.append(waiting)
    return Trouble(tuple(found), suspected=bool(child.job.missing_pods or starting))


async def _refused_pods(latest_warning: LatestWarning, child: Child, now: datetime) -> Waiting | None:
    """Return why a Job has fewer pods than it should, for example a ResourceQuota."""
    newest = max((pod.created for pod in child.pods), default=EPOCH)
    warning = await latest_warning(child.job.uid)
    if warning is None or warning.reason != "FailedCreate" or warning.at < newest:
        return None
    return Waiting(warning.reason, warning.message, child.job.missing_pods, _quiet_seconds(child, now))


async def _stuck_pods(latest_warning: LatestWarning, pods: list[Pod], now: datetime) -> Waiting | None:
    """Return why pods that have a node do not start, for example a Secret that is not there; the oldest speaks."""
    oldest = min(pods, key=lambda pod: (pod.since, pod.name))
    seconds = (now - oldest.since).total_seconds()
    if seconds < PATIENCE_SECONDS:
        return None
    warning = await latest_warning(oldest.uid)
    if warning is None or warning.at < oldest.since:
        return None  # a warning from before it had a node is about the scheduler
    return Waiting(warning.reason, warning.message, len(pods), seconds)
