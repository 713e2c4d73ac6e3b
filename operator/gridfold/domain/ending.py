"""What time does to a run: it may take too long, and what an ended one has left goes after a while."""

from gridfold.api.v1alpha1 import Execution
from gridfold.domain.observed import Progress, SingleStage, Wave
from gridfold.domain.plan import Action, Delete, SetTtl
from gridfold.domain.run import Run

#: What stays for so long after its end may be told so when it is made: an operator that was away is back by then.
LONG_SECONDS = 3600


def ttl_from_the_start(execution: Execution) -> int | None:
    """Return how long a child stays after its end, where it may be told so when it is made; None: at the end alone."""
    ttl_seconds = execution.ttl_seconds_after_finished
    return ttl_seconds if ttl_seconds >= LONG_SECONDS else None


def end_if_late(run: Run) -> tuple[Action, ...] | None:
    """Return what ends a run that has taken longer than it may, None for any other. One that ends now has made it."""
    left = run.status.seconds_left
    if left is None or left > 0:
        return None
    run.status.fail_late(run.spec)
    return tuple(Delete(child.name) for child in _children(run) if child.progress is Progress.ACTIVE)


def keep_children(run: Run) -> tuple[Action, ...]:
    """Return what keeps the children of a run that goes on, once one of them might go before its end.

    A run that is tried again needs what they have to say. None has ended before the run began, but for waves of an
    earlier one, whose results are stored.
    """
    soon = (child for child in _ended(run) if child.ttl_seconds is not None)
    return tuple(SetTtl(child.name, None) for child in soon if 2 * run.status.age_seconds >= (child.ttl_seconds or 0))


def let_children_go(run: Run) -> tuple[Action, ...]:
    """Return what lets the children of an ended run go: its status, and the store, have all that they had to say."""
    draining = (Delete(wave.name) for wave in run.children.waves if wave.draining)
    ttl_seconds = run.spec.execution.ttl_seconds_after_finished
    stay = (child for child in _ended(run) if child.ttl_seconds != ttl_seconds)
    return (*draining, *(SetTtl(child.name, ttl_seconds) for child in stay))


def _ended(run: Run) -> list[SingleStage | Wave]:
    draining = {wave.name for wave in (*run.children.waves, *run.earlier) if wave.draining}  # they are on their way
    return [c for c in _children(run) if c.progress is not Progress.ACTIVE and c.name not in draining]


def _children(run: Run) -> tuple[SingleStage | Wave, ...]:
    return (*run.children.prepares, *run.children.waves, *run.children.refits, *run.earlier)
