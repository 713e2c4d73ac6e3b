"""What the loop needs from outside. Each port has a contract suite that runs over the fake and every adapter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gridfold.api.status import TrainingJobStatus
from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import Children, ObservedJob
from gridfold.domain.plan import Action, Event


@dataclass(frozen=True, order=True)
class JobKey:
    """Which TrainingJob."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Return what logs and messages call it."""
        return f"{self.namespace}/{self.name}"


class ConflictError(Exception):
    """The resource has changed since it was read; observe again."""


class RefusedError(Exception):
    """An action is refused, and will be until somebody changes something; it is tried again all the same."""

    @property
    def told(self) -> tuple[str, str]:
        """Return a reason, in one word, and what happened and what to do, for the status."""
        raise NotImplementedError


class Cluster(Protocol):
    """Where resources are kept and stages run. Speaks of stages, waves and cells, never of manifests."""

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        """Return the resource as it is now (never from a cache), or None where it is gone or being deleted.

        Of one that is gone, nothing goes on.
        """

    async def observe_children(self, job: ObservedJob) -> Children:
        """Return all children that are controlled by exactly this resource (its uid), of whatever run."""

    async def apply(self, job: ObservedJob, action: Action) -> None:
        """Carry out one action. Idempotent: what exists already, or is gone already, is fine.

        The input of a stage is kept, unchanged, for as long as the stage exists, and no longer.

        Raises:
            ConflictError: a child of that name belongs to someone else, or is another one than was observed.
            RefusedError: somebody has to change something first, such as a quota.
        """

    async def save_status(self, job: ObservedJob, status: TrainingJobStatus) -> None:
        """Write the status of the resource that was read.

        Raises:
            ConflictError: the resource has changed since.
        """


class Capacity(Protocol):
    """Nodes for single jobs. Everything is recorded before it is done, so that it can be handed back whoever dies.

    What fails for a reason outside is not raised: the next look observes it as trouble.
    """

    async def observe(self, job: ObservedJob) -> Held | None:
        """Return what is held for a job, None where it names no provider and holds nothing.

        What is held does not expire while somebody looks.
        """

    async def ensure(self, job: ObservedJob, nodes: int) -> None:
        """Have so many nodes in all for a job, of the provider that its spec names. Idempotent.

        Raises:
            ConflictError: the job, or what is recorded of it, has changed since; observe again.
        """

    async def release(self, job: ObservedJob) -> None:
        """Hand back whatever is held for a job, or go on with it; it is done when nothing is observed any more.

        Raises:
            ConflictError: what is recorded of the job has changed since; observe again.
        """

    async def let_go(self, key: JobKey) -> float | None:
        """Hand back what is held for a job that is gone or being deleted, or go on with it.

        Returns after how many seconds to go on, None where nothing is held, or no longer waited for.
        """


class EventRecorder(Protocol):
    """Tells people what happened. Best effort: it never raises."""

    async def record(self, job: ObservedJob, event: Event) -> None:
        """Record one event about the resource."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
