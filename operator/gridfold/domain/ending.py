"""What time does to a run: it may take too long, and what an ended one has left goes after a while."""

from gridfold.domain.observed import Progress, SingleStage, Wave
from gridfold.domain.plan import Action, Delete, SetTtl
from gridfold.domain.run import Run


def end_if_late(run: Run) -> tuple[Action, ...] | None:
    """Return what ends a run that has taken longer than it may, None for any other. One that ends now has made it."""
    left = run.status.seconds_left
    if left is None or left > 0:
        return None
    run.status.fail_late(run.spec)
    return tuple(Delete(child.name, child.uid) for child in _children(run) if child.progress is Progress.ACTIVE)


def keep_children(run: Run) -> tuple[Action, ...]:
    """Return what keeps the children of a run that goes on: one that is tried again needs what they have to say."""
    return _let_go(run, None)


def let_children_go(run: Run) -> tuple[Action, ...]:
    """Return what lets the children of an ended run go: its status, and the store, have all that they had to say."""
    draining = (Delete(wave.name, wave.uid) for wave in run.children.waves if wave.draining)
    return (*draining, *_let_go(run, run.spec.execution.ttl_seconds_after_finished))


def _let_go(run: Run, ttl_seconds: int | None) -> tuple[Action, ...]:
    draining = {wave.name for wave in (*run.children.waves, *run.earlier) if wave.draining}  # they are on their way
    ended = (c for c in _children(run) if c.progress is not Progress.ACTIVE and c.name not in draining)
    return tuple(SetTtl(child.name, ttl_seconds, child.uid) for child in ended if child.ttl_seconds != ttl_seconds)


def _children(run: Run) -> tuple[SingleStage | Wave, ...]:
    return (*run.children.prepares, *run.children.waves, *run.children.refits, *run.earlier)
