"""For how long the processes of a stage have ended for want of storage, by this machine's clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gridfold.domain.observed import ProcessEnd
from gridfold.domain.outage import ended_for_storage, still_away


@dataclass
class Outages:
    """The outages of one stage, by completion index; prepare and refit have index 0."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[int, float] = field(default_factory=dict)  #: when the first process of a row ended so
    _ends: dict[int, ProcessEnd] = field(default_factory=dict)  #: of the last of them
    _started: dict[int, float] = field(default_factory=dict)  #: when the next one was started

    def started(self, index: int) -> None:
        """Note that a process runs now."""
        self._started[index] = self.clock()

    def ended(self, index: int, end: ProcessEnd) -> None:
        """Note how a process has ended."""
        self._started.pop(index, None)
        if not ended_for_storage(end):
            self._since.pop(index, None)
            return
        self._since.setdefault(index, self.clock())
        self._ends[index] = end

    def seconds(self, index: int) -> float | None:
        """Return for how long storage has been away for it; None: it is not."""
        if index not in self._since:
            return None
        running = self.clock() - self._started[index] if index in self._started else None
        return self.clock() - self._since[index] if still_away(self._ends[index], running) else None

    def all(self) -> frozenset[int]:
        """Return the indexes for which storage is away."""
        return frozenset(index for index in self._since if self.seconds(index) is not None)
