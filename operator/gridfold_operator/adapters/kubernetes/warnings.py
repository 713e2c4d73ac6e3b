"""The latest warning about each Job and pod of a namespace, listed once for all who ask.

The API server keeps Events in etcd alone and finds those about one object by reading them all. Where 200 jobs at once
asked for their own, these lists were most of its work (2 s each, 1,273 of them).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import Document, KubernetesClient
from gridfold_operator.adapters.kubernetes.pods import parse_time

#: What the scheduler says stands in the pod itself, and of a thousand pending pods it says it a thousand times. After
#: the others the kubelet (pkg/kubelet of Kubernetes 1.36) goes on to start the pod: remarks on name servers, addresses,
#: and Secrets for images; an image that cannot be pulled for want of one stands in the pod, too.
NO_CAUSE = (
    "FailedScheduling",
    "DNSConfigForming",
    "MissingClusterDNS",
    "HostIPsIPFamilyMismatch",
    "FailedToRetrieveImagePullSecret",
)
SELECTOR = ",".join(["type=Warning", *(f"reason!={reason}" for reason in NO_CAUSE)])
KINDS = frozenset({"Job", "Pod"})
#: A list is good for so long, or for so many times as long as it took: a twentieth of the time goes into lists.
FRESH_SECONDS = 1.0
FRESH_SHARE = 20


@dataclass(frozen=True)
class Warned:
    """The latest warning about an object."""

    reason: str
    message: str
    at: datetime


@dataclass
class _Listed:
    """What was said in a namespace, and how long that is good."""

    by_uid: Mapping[str, Warned] = field(default_factory=dict)
    until: float = 0.0  #: by the loop's clock
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Warnings:
    """Warnings by namespace."""

    def __init__(self) -> None:
        self._listed: dict[str, _Listed] = {}

    async def latest(self, client: KubernetesClient, namespace: str, uid: str) -> Warned | None:
        """Return the latest Event of type Warning about a Job or pod, None where there is none.

        What was said within the last second, or longer ago where lists take long, may be missing.
        """
        clock = asyncio.get_running_loop().time
        self._forget_all_but(namespace, clock())
        listed = self._listed.setdefault(namespace, _Listed())
        async with listed.lock:
            if (start := clock()) >= listed.until:
                listed.by_uid = await _list(client, namespace)
                listed.until = clock() + max(FRESH_SECONDS, FRESH_SHARE * (clock() - start))
        return listed.by_uid.get(uid)

    def _forget_all_but(self, namespace: str, now: float) -> None:
        old = [name for name, one in self._listed.items() if one.until <= now and not one.lock.locked()]
        for name in old:
            if name != namespace:
                del self._listed[name]


async def _list(client: KubernetesClient, namespace: str) -> dict[str, Warned]:
    latest: dict[str, Warned] = {}
    async for page in client.pages(paths.collection(paths.CORE, "events", namespace), fieldSelector=SELECTOR):
        for event in page.get("items") or ():
            about = event.get("involvedObject") or {}
            found = Warned(event.get("reason") or "", event.get("message") or "", _time(event))
            uid = about.get("uid") or ""
            if about.get("kind") in KINDS and (uid not in latest or latest[uid].at <= found.at):
                latest[uid] = found
    return latest


def _time(event: Document) -> datetime:
    """Return when an Event was last seen, in whichever of its four ways it says so."""
    series: dict[str, Any] = event.get("series") or {}
    return max(
        parse_time(series.get("lastObservedTime")),
        parse_time(event.get("lastTimestamp")),
        parse_time(event.get("eventTime")),
        parse_time((event.get("metadata") or {}).get("creationTimestamp")),
    )
