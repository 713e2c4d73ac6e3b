"""Removing what may go: in order, in batches, until it is done, somebody interrupts, or a run begins."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from gridfold_trainer.errors import TrainerError
from gridfold_trainer.pruning.items import Item, in_order
from gridfold_trainer.storage.stores import ObjectStore

#: Side by side: each waits far longer than it works.
_REQUESTS = 16
#: Between two looks whether a run has begun.
BATCH = 100


@dataclass
class Removal:
    """How far a removal has come."""

    store: ObjectStore
    stop: threading.Event = field(default_factory=threading.Event)
    removed: set[str] = field(default_factory=set)  #: URIs
    failure: str = ""  #: what ended it

    def run(self, items: Sequence[Item], is_quiet: Callable[[], bool]) -> None:
        """Remove items; `is_quiet` is asked before each batch whether all is as it was when they were chosen."""
        with ThreadPoolExecutor(_REQUESTS) as pool:
            for batch in _batches(items):
                if not self._may_go_on(is_quiet):
                    return
                self.removed.update(filter(None, pool.map(self._remove, batch)))

    def _may_go_on(self, is_quiet: Callable[[], bool]) -> bool:
        try:
            if not self.stop.is_set() and not is_quiet():
                self._fail("a run has begun or ended meanwhile, which may need what is left")
        except TrainerError as error:
            self._fail(f"{error.reason}: {error}")
        return not self.stop.is_set()

    def _remove(self, found: tuple[Item, str]) -> str | None:
        item, uri = found
        if self.stop.is_set():
            return None
        try:
            if item.unfinished is None:
                self.store.delete(uri)
            else:
                self.store.discard(item.unfinished)
        except TrainerError as error:
            self._fail(f"{error.reason}: {error}")
            return None
        return uri

    def _fail(self, why: str) -> None:
        self.failure = self.failure or why
        self.stop.set()


@contextmanager
def until_interrupted(stop: threading.Event) -> Iterator[None]:
    """Have Ctrl-C set `stop` while the block runs.

    Afterwards it is ignored if it has come: it may come twice, from the terminal and from the command that waits for
    the answer, which must be told all the same.
    """
    interrupted = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        stop.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN if interrupted else before)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[tuple[Item, str]]]:
    for step in in_order(items):
        yield from (step[start : start + BATCH] for start in range(0, len(step), BATCH))
