"""The clocks of the machine."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 (this is the one place)


def monotonic_seconds() -> float:
    """Return seconds that only grow, also while the machine sleeps, which the usual monotonic clock leaves out."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
