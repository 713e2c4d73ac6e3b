"""An iterator that is worked on in a thread of its own, a step ahead of whoever reads it."""

import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _End(Generic[Item]):
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], depth: int = 1) -> Generator[Item, None, None]:
    """Yield what `items` yields, computed up to `depth` items ahead; its exception is raised where it happened.

    A reader that stops early (closes the generator) stops the thread too.
    """
    waiting: queue.Queue[Item | _End[Item]] = queue.Queue(depth)
    stopped = threading.Event()

    def work() -> None:
        end: _End[Item] = _End(None)
        try:
            for item in items:
                waiting.put(item)
                if stopped.is_set():
                    break
        except BaseException as error:
            end = _End(error)
        waiting.put(end)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = waiting.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(queue.Empty):
                waiting.get(timeout=0.01)  # make room for a put that waits
        thread.join()
