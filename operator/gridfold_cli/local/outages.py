"""For how long the processes of a stage have ended for want of storage, by this machine's clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gridfold.domain.observed import ProcessEnd
from gridfold.domain.outage import ended_for_storage, still_away


@dataclass
class Outages:
    """The outages of one stage, by cell; prepare and refit are cell 0."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[int, float] = field(default_factory=dict)  #: when the first process of a row ended so
    _ends: dict[int, ProcessEnd] = field(default_factory=dict)  #: of the last of them
    _started: dict[int, float] = field(default_factory=dict)  #: when the next one was started

    def started(self, cell: int) -> None:
        """Note that a process runs now."""
        self._started[cell] = self.clock()

    def ended(self, cell: int, end: ProcessEnd) -> None:
        """Note how a process has ended."""
        self._started.pop(cell, None)
        if not ended_for_storage(end):
            self._since.pop(cell, None)
            return
        self._since.setdefault(cell, self.clock())
        self._ends[cell] = end

    def seconds(self, cell: int) -> float | None:
        """Return for how long storage has been away for a cell; None: it is not."""
        if cell not in self._since:
            return None
        running = self.clock() - self._started[cell] if cell in self._started else None
        return self.clock() - self._since[cell] if still_away(self._ends[cell], running) else None

    def all(self) -> frozenset[int]:
        """Return the cells for which storage is away."""
        return frozenset(cell for cell in self._since if self.seconds(cell) is not None)
