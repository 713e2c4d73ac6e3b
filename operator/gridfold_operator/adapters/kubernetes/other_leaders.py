"""Which namespaces have a leader of their own: an operator that serves all namespaces leaves these to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from gridfold_operator.errors import ApiRefusedError, ApiUnavailableError
from gridfold_operator.lease import LeaseRecord, Sighting
from gridfold_operator.term import Monotonic

LOG = logging.getLogger(__name__)

#: An operator that begins in a namespace is noticed so much later at most.
LOOK_SECONDS = 5.0


class OtherLeaders:
    """Looks at the Leases of all namespaces, of which one says who leads there."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, LeaseRecord]]], monotonic: Monotonic) -> None:
        """Take what reads the Leases by which leaders of single namespaces are known, by namespace."""
        self._read, self._monotonic = read, monotonic
        self._seen: dict[str, Sighting] = {}
        self._known = asyncio.Event()
        self._refused = ""
        self.left: dict[str, str] = {}  #: who serves what this operator leaves alone, by namespace

    async def run(self) -> NoReturn:
        """Look for ever."""
        self._known.clear()  # it may have looked long ago
        while True:
            try:
                found = await self._read()
            except ApiUnavailableError as error:
                LOG.info("operators of single namespaces cannot be seen for now: %s", error)
            except ApiRefusedError as error:
                self._take({}, str(error))
            else:
                self._take(found)
            await asyncio.sleep(LOOK_SECONDS if self._known.is_set() else 1.0)

    async def of(self, namespace: str) -> str:
        """Return who leads a namespace that has a leader of its own, as it was seen last; "": none does."""
        await self._known.wait()
        return self.left.get(namespace, "")

    def _take(self, found: Mapping[str, LeaseRecord], refused: str = "") -> None:
        if refused and refused != self._refused:
            LOG.warning("operators of single namespaces cannot be seen, so all namespaces are served: %s", refused)
        self._refused = refused
        now = self._monotonic()
        self._seen = {name: Sighting.of(record, now, self._seen.get(name)) for name, record in found.items()}
        left = {name: seen.record.holder for name, seen in self._seen.items() if seen.is_held(now)}
        for name in left.keys() - self.left.keys():
            LOG.info("namespace %s is left to an operator of its own, %s", name, left[name])
        for name in self.left.keys() - left.keys():
            LOG.info("namespace %s is served with all others again: %s is gone", name, self.left[name])
        self.left = left
        self._known.set()
