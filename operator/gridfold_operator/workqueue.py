"""A keyed work queue: every key at most once in it, never in two hands at the same time, never too often.

The semantics are those of client-go's workqueue. What is its own: keys that were never handled go first, so that the
200th of 200 jobs starts at once, and each key has a small purse of turns that refills once a second, so that a
first event is handled at once and a storm of them no more than once a second.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from gridfold.engine.ports import ConflictError
from gridfold_operator.errors import ClusterError

LOG = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)

TURNS_PER_SECOND = 1.0
BURST = 3  #: turns in a row, after a second of rest each
FIRST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 120.0


@dataclass
class _Entry:
    """What the queue knows of one key."""

    dirty: bool = False  #: to be handled (again)
    queued: bool = False  #: waits for a free hand
    busy: bool = False  #: is being handled
    fresh: bool = True  #: was never handled
    failures: int = 0
    turns: float = BURST
    turns_at: float = 0.0
    since: float = 0.0  #: when it was queued or, while it is busy, taken in hand
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class WorkQueue(Generic[Key]):
    """See the module. All methods must be called on the event loop's thread."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._entries: dict[Key, _Entry] = {}
        self._fresh: deque[Key] = deque()
        self._others: deque[Key] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        """Return how many keys wait for a free hand now (timers not counted)."""
        return len(self._fresh) + len(self._others)

    @property
    def oldest_seconds(self) -> float:
        """How long the key waits for a free hand that has waited longest."""
        return max(
            (self._now() - self._entries[keys[0]].since for keys in (self._fresh, self._others) if keys), default=0
        )

    @property
    def longest_seconds(self) -> float:
        """How long the key is being handled that has been so for longest."""
        return max((self._now() - entry.since for entry in self._entries.values() if entry.busy), default=0)

    def add(self, key: Key) -> None:
        """Have a key handled as soon as its purse allows; if it is being handled, once more afterwards."""
        entry = self._entries.setdefault(key, _Entry(turns_at=self._now()))
        entry.dirty = True
        if entry.busy or entry.queued:
            return
        wait = self._seconds_to_next_turn(entry)
        if wait > 0:
            self._arm(key, entry, wait)
        else:
            self._enqueue(key, entry)

    def add_after(self, key: Key, seconds: float) -> None:
        """Have a key handled in so many seconds, or earlier if something else asks for it."""
        self._arm(key, self._entries.setdefault(key, _Entry(turns_at=self._now())), seconds)

    def retry(self, key: Key) -> float:
        """Have a key handled after its next back-off (exponential, with jitter) and return that, in seconds."""
        entry = self._entries.setdefault(key, _Entry(turns_at=self._now()))
        longest = min(FIRST_BACK_OFF_SECONDS * 2.0**entry.failures, LONGEST_BACK_OFF_SECONDS)
        entry.failures += 1
        seconds = self._uniform(longest / 2, longest)
        self._arm(key, entry, seconds)
        return seconds

    def forgive(self, key: Key) -> None:
        """Forget the failures of a key: its next back-off is the first one again."""
        if entry := self._entries.get(key):
            entry.failures = 0

    def forget(self, is_gone: Callable[[Key], bool]) -> None:
        """Drop what is known of keys that are gone, but for those that something is still to be done with."""
        for key in [*filter(is_gone, self._entries)]:
            entry = self._entries[key]
            if not (entry.busy or entry.dirty or entry.timer):
                del self._entries[key]

    async def get(self) -> Key:
        """Wait for the next key; the caller must say `done` for it."""
        while not len(self):
            self._filled.clear()
            await self._filled.wait()
        key = self._fresh.popleft() if self._fresh else self._others.popleft()
        entry = self._entries[key]
        self._refill(entry)
        entry.turns -= 1
        entry.since = self._now()
        entry.dirty, entry.queued, entry.busy, entry.fresh = False, False, True, False
        self._disarm(entry)
        return key

    def done(self, key: Key) -> None:
        """Say that a key is no longer being handled."""
        entry = self._entries[key]
        entry.busy = False
        if entry.dirty:
            self.add(key)

    def _enqueue(self, key: Key, entry: _Entry) -> None:
        entry.queued, entry.since = True, self._now()
        (self._fresh if entry.fresh else self._others).append(key)
        self._filled.set()

    def _arm(self, key: Key, entry: _Entry, seconds: float) -> None:
        """Set the key's one timer; the earlier of two times wins."""
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        if entry.timer is not None:
            if entry.timer.when() <= when:
                return
            entry.timer.cancel()
        entry.timer = loop.call_at(when, self._ring, key, entry)

    def _ring(self, key: Key, entry: _Entry) -> None:
        entry.timer = None
        self.add(key)

    def _disarm(self, entry: _Entry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    def _refill(self, entry: _Entry) -> None:
        now = self._now()
        entry.turns = min(BURST, entry.turns + (now - entry.turns_at) * TURNS_PER_SECOND)
        entry.turns_at = now

    def _seconds_to_next_turn(self, entry: _Entry) -> float:
        self._refill(entry)
        return max(0.0, (1 - entry.turns) / TURNS_PER_SECOND)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def work(
    queue: WorkQueue[Key],
    handle: Callable[[Key], Awaitable[None]],
    about: Callable[[Key], AbstractContextManager[object]] = lambda _: nullcontext(),
) -> NoReturn:
    """Handle keys for ever. One that fails is tried again after its back-off and never stops the others.

    `about` has the lines of the log say which key they are about.
    """
    while True:
        key = await queue.get()
        with about(key):
            await _handle(key, queue, handle)


async def _handle(key: Key, queue: WorkQueue[Key], handle: Callable[[Key], Awaitable[None]]) -> None:
    try:
        await handle(key)
    except ConflictError as conflict:
        LOG.info("%s again in %.1f s: %s", key, queue.retry(key), conflict)
    except ClusterError as error:
        LOG.warning("%s again in %.1f s: %s: %s", key, queue.retry(key), error.reason, error)
    except Exception:  # a bug that one job triggers must not take the operator away from all others
        LOG.exception("%s again in %.1f s", key, queue.retry(key))
    else:
        queue.forgive(key)
    finally:
        queue.done(key)
