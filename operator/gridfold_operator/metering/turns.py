"""What is measured of the turns of jobs."""

import time
from collections.abc import Awaitable, Callable

from gridfold.engine.ports import ConflictError, JobKey, RefusedError
from gridfold_operator.errors import ClusterError
from gridfold_operator.metrics import Metrics

Handle = Callable[[JobKey], Awaitable[None]]


def timed(handle: Handle, metrics: Metrics) -> Handle:
    """Return what handles a key as before, with its time measured by how it ended."""

    async def handle_timed(key: JobKey) -> None:
        start = time.perf_counter()
        result = "done"
        try:
            await handle(key)
        except Exception as error:
            result = result_of(error)
            raise
        finally:
            metrics.turns.labels(result).observe(time.perf_counter() - start)

    return handle_timed


def result_of(error: Exception) -> str:
    """Return how an attempt ended that raised this, one of RESULTS."""
    if isinstance(error, RefusedError):
        return "refused"
    if isinstance(error, ConflictError):
        return "conflict"
    if isinstance(error, ClusterError):
        return "unavailable" if error.retryable else "refused"
    return "exception"
