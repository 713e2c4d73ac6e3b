"""Leases in memory, of which several processes have each their own store, as they have at the API server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from gridfold.engine.ports import ConflictError
from gridfold_operator.lease import LeaseRecord


async def _at_once(_verb: str) -> None:
    await asyncio.sleep(0)


@dataclass
class Shelf:
    """Where one Lease is kept."""

    record: LeaseRecord | None = None
    history: list[LeaseRecord] = field(default_factory=list)  #: all that was ever written
    _version: int = 0

    def put(self, record: LeaseRecord) -> LeaseRecord:
        self._version += 1
        self.record = replace(record, version=str(self._version))
        self.history.append(self.record)
        return self.record

    def touch(self) -> None:
        """Change something that is no part of the record, such as a label."""
        assert self.record
        self.put(self.record)


@dataclass
class FakeLeaseStore:
    """Implements gridfold_operator.lease.LeaseStore."""

    shelf: Shelf
    name: str = "the Lease team/gridfold-operator"
    before: Callable[[str], Awaitable[None]] = _at_once  #: called with "read" or "write"; may raise, or take long
    after: Callable[[str], Awaitable[None]] = _at_once  #: called when it is done; may raise, or take long

    async def read(self) -> LeaseRecord | None:
        await self.before("read")
        found = self.shelf.record
        await self.after("read")
        return found

    async def write(self, record: LeaseRecord) -> LeaseRecord:
        await self.before("write")
        there = self.shelf.record
        if (there.version if there else "") != record.version:
            raise ConflictError(f"{self.name} has changed since")
        kept = self.shelf.put(record)
        await self.after("write")
        return kept
