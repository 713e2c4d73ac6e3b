"""Who leads: of several operators that serve the same namespaces, the one that holds their Lease.

Time is told by each process's own monotonic clock alone. A holder counts from the moment at which it asked for its
renewal, and ends its term after two thirds of the Lease's seconds; all others count from the moment at which they saw
the renewal, and wait for all of them. The moments in the Lease are for people. What is written is guarded by the
version that was read, so of two who take over at once one is refused.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn, Protocol

from gridfold.engine.ports import Clock, ConflictError
from gridfold_operator.errors import ApiRefusedError, ApiUnavailableError, ClusterError, LeadershipLostError
from gridfold_operator.term import Monotonic, Term

LOG = logging.getLogger(__name__)

#: Of the Lease's seconds: after which its holder writes nothing more; the rest is for what is under way.
TERM_SHARE = 2 / 3
#: So often in that time it is renewed, and after so much of it a call has no answer.
RENEWALS = 5
#: Whoever stands by looks this often, so that a Lease that is handed over is taken within a second.
LOOK_SECONDS = 1.0
#: A renewal that failed is tried again after so long.
RETRY_SECONDS = 1.0
#: So long a process that ends tries to hand over.
HAND_OVER_SECONDS = 3.0


@dataclass(frozen=True)
class LeaseRecord:
    """A Lease as it was read, or is to be written."""

    holder: str  #: "": nobody
    seconds: float  #: after which a holder that is not seen to renew it counts as gone
    transitions: int = 0  #: how often somebody else has taken it
    acquired: datetime | None = None  #: for people, as the next one
    renewed: datetime | None = None
    version: str = ""  #: "": it is not there yet


@dataclass(frozen=True)
class Sighting:
    """A Lease as somebody sees it who does not hold it, and since when it is as it is."""

    record: LeaseRecord
    at: float  #: by the clock of who sees it

    @classmethod
    def of(cls, record: LeaseRecord, now: float, before: "Sighting | None") -> "Sighting":
        """Return what is seen now; `before` is what was seen when it was looked at last."""
        return before if before and before.record.version == record.version else cls(record, now)

    def is_held(self, now: float) -> bool:
        """Tell whether its holder may live: it has renewed it, or was given the time to."""
        return bool(self.record.holder) and now - self.at < self.record.seconds


class LeaseStore(Protocol):
    """Where one Lease is kept. Its name is what messages call it."""

    name: str

    async def read(self) -> LeaseRecord | None:
        """Return it as it is now (never from a cache), None where there is none."""

    async def write(self, record: LeaseRecord) -> LeaseRecord:
        """Write it and return it with its new version; one without a version is made.

        Raises:
            ConflictError: it is not the one that was read any more, or is gone, or there is one already.
        """


class Elector:
    """Takes part in the election for one Lease."""

    def __init__(self, store: LeaseStore, identity: str, seconds: float, clock: Clock, monotonic: Monotonic) -> None:
        """Take who this is: a holder of that name is an earlier process, of which it is known that it has ended."""
        self._store, self._identity, self._seconds = store, identity, seconds
        self._clock, self._monotonic = clock, monotonic
        self._held: LeaseRecord | None = None  #: as this process has written it
        self._seen: Sighting | None = None

    @asynccontextmanager
    async def leading(self, stand_by: Callable[[str], None]) -> AsyncIterator[Term]:
        """Wait until this process leads, tell meanwhile who does; at the end of the block hand over, if it still does.

        Somebody has to `keep` the term meanwhile.

        Raises:
            ApiRefusedError: the Lease may not be read or written.
        """
        term = await self._wait(stand_by)
        try:
            yield term
        finally:
            lost = term.is_over()
            term.end()
            if not lost:
                await self._hand_over()

    async def keep(self, term: Term) -> NoReturn:
        """Renew the Lease for ever.

        Raises:
            LeadershipLostError: somebody else holds it, or the term has ended while nobody answered.
            ApiRefusedError: the term has ended, as renewals are refused.
        """
        trouble: Exception | None = None
        while True:
            await asyncio.sleep(RETRY_SECONDS if trouble else self._seconds / RENEWALS)
            if term.is_over():
                raise self._lost(trouble)
            asked = self._monotonic()
            try:
                async with asyncio.timeout(min(self._seconds / RENEWALS, term.seconds_left)):
                    await self._rewrite(holder=self._identity)
            except LeadershipLostError:
                term.end()
                raise
            except (ClusterError, ConflictError, TimeoutError) as error:
                if trouble is None:
                    LOG.warning("%s is not renewed yet: %s", self._store.name, _words(error))
                trouble = error
            else:
                term.extend(asked + self._seconds * TERM_SHARE)
                trouble = None

    async def _wait(self, stand_by: Callable[[str], None]) -> Term:
        """Look, from time to time, whether the Lease is free, and take it."""
        while True:
            try:
                async with asyncio.timeout(self._seconds / RENEWALS):
                    term = await self._try(stand_by)
            except (ApiUnavailableError, ConflictError, TimeoutError) as error:
                LOG.info("%s cannot be taken for now: %s", self._store.name, _words(error))
            else:
                if term is not None:
                    return term
            await asyncio.sleep(LOOK_SECONDS)

    async def _try(self, stand_by: Callable[[str], None]) -> Term | None:
        """Take the Lease if it is free, else tell whose it is."""
        found = await self._look()
        if not self._is_free(found):
            stand_by(found.holder)
            return None
        taken = replace(found, holder=self._identity, seconds=self._seconds, acquired=self._clock.now())
        if found.holder != self._identity and found.version:
            taken = replace(taken, transitions=found.transitions + 1)
        asked = self._monotonic()
        self._held = await self._store.write(replace(taken, renewed=taken.acquired))
        self._seen = None
        return Term(self._store.name, asked + self._seconds * TERM_SHARE, self._monotonic)

    async def _look(self) -> LeaseRecord:
        """Return the Lease, and note since when it is as it is; one that was deleted under its holder counts on."""
        found = await self._store.read()
        if found is None:
            return replace(self._seen.record, version="") if self._seen else LeaseRecord("", self._seconds)
        self._seen = Sighting.of(found, self._monotonic(), self._seen)
        return found

    def _is_free(self, record: LeaseRecord) -> bool:
        """Tell whether nobody holds the Lease, as far as can be seen from here."""
        return record.holder == self._identity or self._seen is None or not self._seen.is_held(self._monotonic())

    async def _rewrite(self, holder: str) -> None:
        """Write the Lease that this process holds, whoever else has touched it meanwhile (a label, a deletion).

        Raises:
            LeadershipLostError: somebody else holds it.
        """
        if self._held is None:
            raise AssertionError("only a Lease that was taken is written again")
        now = self._clock.now()
        try:
            self._held = await self._store.write(replace(self._held, holder=holder, renewed=now))
        except ConflictError:
            found = await self._store.read()
            if found is not None and found.holder != self._identity:
                raise LeadershipLostError(f"{self._store.name} is held by {found.holder or 'nobody'} now") from None
            before = found or replace(self._held, version="")
            self._held = await self._store.write(replace(before, holder=holder, renewed=now))

    async def _hand_over(self) -> None:
        """Let somebody else take the Lease at once; where that fails, they wait until it is over."""
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS):
                await self._rewrite(holder="")
        except (ClusterError, ConflictError, TimeoutError) as error:
            LOG.info("%s is not handed over: %s", self._store.name, _words(error))
        else:
            LOG.info("%s is handed over", self._store.name)

    def _lost(self, trouble: Exception | None) -> Exception:
        """Return what ends a term that could not be extended."""
        if isinstance(trouble, ApiRefusedError):
            return trouble
        words = f"its last renewal failed: {_words(trouble)}" if trouble else "this process was stopped meanwhile"
        return LeadershipLostError(
            f"{self._store.name} was not renewed for {self._seconds * TERM_SHARE:.0f} s and more ({words}), so another "
            "operator may lead by now"
        )


def _words(error: Exception) -> str:
    return str(error) or "no answer in time"
