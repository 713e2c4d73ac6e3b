"""What each kind of provider does: a driver. It keeps nothing, and the record tells it all but the template."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gridfold.domain.capacity.held import Trouble
from gridfold_operator.adapters.kubernetes.capacity.records import Record


@dataclass(frozen=True)
class Machines:
    """What a provider has made for a record."""

    granted: int = 0  #: nodes that it has been told to have at most
    launched: int = 0  #: machines that are there
    ready: frozenset[str] = frozenset()  #: names of the nodes on which pods can run
    arrived: int | None = None  #: how many of these are the record's, where others share them; None: all
    ready_since: datetime | None = None  #: when the last of them became so
    trouble: Trouble | None = None  #: why no more come


class ProviderError(Exception):
    """A provider cannot do what it is asked for; a person has to look."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message
        super().__init__(message)


class Driver(Protocol):
    """A kind of provider. All is idempotent; what the API server refuses is raised as it is."""

    @property
    def ahead(self) -> bool:
        """Tell whether it gives nodes for which no pod waits yet."""

    @property
    def spares_busy(self) -> bool:
        """Tell whether it takes empty nodes alone where it is to have fewer."""

    async def ensure(self, record: Record, settings: Any, system: str) -> None:
        """Have as many nodes as the record says, no more and no fewer, for the operator of a namespace.

        Raises:
            ProviderError: it cannot be done, as things are.
        """

    async def observe(self, record: Record) -> Machines:
        """Return what is there for a record."""

    async def release(self, record: Record) -> bool:
        """Hand everything back, or go on with it; return whether nothing is left."""

    async def held(self, system: str) -> list[Record]:
        """Return the records of all that an operator, known by its namespace, has made, as far as it is still there."""
