"""Where there are no nodes to ask for: on a laptop."""

from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import JobKey


class NoCapacity:
    """Implements gridfold.engine.ports.Capacity: nothing is held for any job, whatever its spec names."""

    async def observe(self, job: ObservedJob) -> Held | None:  # noqa: ARG002
        """Return None."""
        return None

    async def ensure(self, job: ObservedJob, nodes: int) -> None:
        """Do nothing."""

    async def release(self, job: ObservedJob) -> None:
        """Do nothing."""

    async def let_go(self, key: JobKey) -> float | None:  # noqa: ARG002
        """Return None."""
        return None
