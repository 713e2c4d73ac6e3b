"""How long a child may take for one piece of its work, known to its parent too."""

import math
import mmap
import struct
import time

_FORMAT = "d"


class Deadline:
    """So many seconds (None: for ever) from the last start. Made before the fork, it is one and the same in both."""

    def __init__(self, seconds: float | None) -> None:
        """Start."""
        self.seconds = math.inf if seconds is None else seconds
        self._started = mmap.mmap(-1, struct.calcsize(_FORMAT))  # of the clock that all processes share
        self.restart()

    def restart(self) -> None:
        """Begin the next piece of work."""
        struct.pack_into(_FORMAT, self._started, 0, time.monotonic())

    def remaining(self) -> float:
        """Return how many seconds are left."""
        (started,) = struct.unpack_from(_FORMAT, self._started)
        return float(started) + self.seconds - time.monotonic()
