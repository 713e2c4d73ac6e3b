"""Waiting for storage that is away: how long, with which pauses, and what is said meanwhile.

A process waits as long as it has worked, so that it never throws away more than it has waited for, but at least some
seconds and at most ten minutes. Then it ends, and its stage is tried again until storage answers: what waits in
vain holds no memory and no node.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gridfold.api.handoff import STORAGE_PATIENCE_VARIABLE
from gridfold_trainer.errors import SourceChangedError, StorageRefusedError, StorageUnreachableError

log = logging.getLogger("gridfold")

MOST_SECONDS = 600.0
LEAST_SECONDS, LEAST_SECONDS_ON_LAPTOP = 20.0, 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


def _nothing(_: StorageUnreachableError | None) -> None:
    return


@dataclass(frozen=True)
class Waiting:
    """How long this process waits for storage; the default not at all."""

    most_seconds: float = 0.0
    least_seconds: float = LEAST_SECONDS
    notice: Callable[[StorageUnreachableError | None], None] = _nothing  #: of a wait that begins; None: it is over
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    began: float = field(default_factory=time.monotonic)  #: when the process began its work

    @classmethod
    def of_environment(
        cls,
        environment: Mapping[str, str],
        *,
        on_laptop: bool,
        notice: Callable[[StorageUnreachableError | None], None] = _nothing,
    ) -> "Waiting":
        """Return what the environment says.

        Raises:
            StorageRefusedError: it says no number of seconds.
        """
        most = environment.get(STORAGE_PATIENCE_VARIABLE) or str(int(MOST_SECONDS))
        if not most.isdecimal():
            raise StorageRefusedError(f"{STORAGE_PATIENCE_VARIABLE} is {most!r}; expected a number of seconds.")
        least = LEAST_SECONDS_ON_LAPTOP if on_laptop else LEAST_SECONDS
        return cls(float(most), min(least, float(most)), notice)


class Outage:
    """One request, or one download, that is tried until storage answers or the patience is over."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._since: float | None = None
        self._limit = 0.0
        self._pause = _FIRST_PAUSE

    def wait(self, error: StorageUnreachableError) -> None:
        """Wait before the next try.

        Raises:
            StorageUnreachableError: the patience is over, or waiting does not help: the error, with the time that was
                waited.
        """
        waiting, now = self._waiting, self._waiting.clock()
        if isinstance(error, SourceChangedError) or not waiting.most_seconds:
            raise error
        if self._since is None:
            self._since = now
            self._limit = min(waiting.most_seconds, max(waiting.least_seconds, now - waiting.began))
            log.warning("%s It is tried again for %d s.", error, self._limit)
            waiting.notice(error)
        waited = now - self._since
        if waited >= self._limit:
            raise type(error)(f"{error} It was tried for {waited:.0f} s.") from error
        waiting.sleep(min(self._pause * random.uniform(0.5, 1), self._limit - waited))  # noqa: S311 (spreads the load)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def over(self) -> None:
        """Note that storage has answered."""
        if self._since is not None:
            log.warning("storage answers again after %.0f s", self._waiting.clock() - self._since)
            self._waiting.notice(None)
        self._since, self._pause = None, _FIRST_PAUSE
