"""Work that goes on beside what its caller does."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Found = TypeVar("Found")


def beside(work: Callable[Arguments, Found], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Future[Found]:
    """Start work in a thread of its own, which ends with it."""
    thread = ThreadPoolExecutor(1)
    found = thread.submit(work, *args, **kwargs)
    thread.shutdown(wait=False)
    return found
