"""What all of capacity speaks of: pods and nodes by size, what a provider holds for a job, what is asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

#: Of every resource (cpu, memory, nvidia.com/gpu …) so much: processors, bytes, pieces.
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True)
class Pods:
    """So many pods of one size."""

    count: int
    requests: Amounts
    setting: str = "spec.execution.resources"  #: where the resource says so, for advice


@dataclass(frozen=True)
class Shape:
    """What one node gives to pods: all that is allocatable on it, less what DaemonSets take."""

    amounts: Amounts


@dataclass(frozen=True)
class Trouble:
    """Why nodes do not come, in the provider's words or ours, with what to do."""

    reason: str
    message: str
    tries: int = 0  #: that have failed one after the other; 0: nothing failed, nodes only do not come
    last: datetime | None = None  #: when the last of them failed


@dataclass(frozen=True)
class Held:
    """What a provider holds for one job, as it was observed. Nothing of it is remembered from what was asked before."""

    provider: str  #: that holds it; where nothing is held, the one that the spec names
    nodes: int = 0  #: that are granted, and recorded as such
    launched: int = 0  #: machines that are there, whether pods can run on them or not
    ready: frozenset[str] = frozenset()  #: names of the provider's nodes on which pods of the job can run
    arrived: int | None = None  #: how many of those are granted ones, where they are shared; None: all of them
    ready_since: datetime | None = None  #: when the last of them became so; None where that is not known
    since: datetime | None = None  #: when the number of granted nodes was last changed
    ahead: bool = False  #: the provider gives nodes for which no pod waits yet
    spares_busy: bool = False  #: fewer nodes never cost a pod that runs: the provider takes empty ones alone
    leaving: bool = False  #: they are being handed back: nothing can be granted until all is gone
    shape: Shape | None = None  #: of one node; None where the provider is not known
    most_nodes: int | None = None  #: that the platform lets one job have; None: as many as the spec allows
    trouble: Trouble | None = None
    bound: bool = False  #: the resource waits, when it is deleted, until all is handed back

    @property
    def ready_nodes(self) -> int:
        """Return how many of the granted nodes are ready."""
        return len(self.ready) if self.arrived is None else self.arrived

    @property
    def anything(self) -> bool:
        """Tell whether there is anything to hand back."""
        return bool(self.nodes or self.launched or self.leaving or self.bound)


@dataclass(frozen=True)
class EnsureNodes:
    """Have so many nodes, in all."""

    nodes: int


@dataclass(frozen=True)
class ReleaseNodes:
    """Hand everything back."""


Step = EnsureNodes | ReleaseNodes


@dataclass(frozen=True)
class Verdict:
    """What is done about nodes now, and what is said of them."""

    step: Step | None = None
    reason: str = ""  #: of CapacityReady being false; "": there is nothing to be said beside what pods say themselves
    message: str = ""
    look_again_seconds: float | None = None  #: when to look anew; None: when something changes


@dataclass(frozen=True)
class Usage:
    """Node-hours of a job so far: nodes that were there, by the time that they were. Kept in the status."""

    seconds: int = 0  #: node-seconds until `since`
    nodes: int = 0  #: that are there since then
    since: datetime | None = None
