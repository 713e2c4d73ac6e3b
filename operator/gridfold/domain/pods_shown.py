"""What the conditions say of pods: that they run, what keeps them, whether there is room for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gridfold.api.conditions import ConditionType, Reason
from gridfold.domain import outage
from gridfold.domain.conditions import Conditions
from gridfold.domain.observed import Progress, SingleStage, Waiting, Wave
from gridfold.domain.remedies import pods_wait, told
from gridfold.domain.standing import Standing
from gridfold.domain.words import counted

C = ConditionType

#: A place is empty for so long, at most, between two cells: a pod is made, scheduled, and its container started.
BETWEEN_CELLS_SECONDS = 30.0

#: What is said of a stage before a pod of it is seen to run. A short one may never be. Of refit, which follows on
#: running cells, the same is said while it runs: no write of the status for it.
STARTED = {
    Reason.PREPARING: "prepare is being started",
    Reason.SEARCHING: "cells are being started",
    Reason.REFITTING: "refit is under way",
}


def show_stage(conditions: Conditions, stage: SingleStage | None, reason: Reason, text: str) -> None:
    """Show whether the pod of prepare or refit runs, or what keeps it."""
    if stage is None:
        _show_pods(conditions, 0, (), reason, text)
        return
    if away := outage.words_of_stage(stage):
        conditions.set(C.RUNNING, False, Reason.STORAGE_UNAVAILABLE, away)
        return
    _show_pods(conditions, stage.running_pods, stage.waiting, reason, text)
    if stage.running_pods and not stage.waiting:
        capacity_ready(conditions)


@dataclass(frozen=True)
class Cells:
    """The cells of a search, as they are to be shown."""

    waves: tuple[Wave, ...]
    standing: Standing
    waiting: tuple[Waiting, ...]  #: what keeps pods of them
    remark: str  #: added to how many run


def show_cells(conditions: Conditions, cells: Cells, now: datetime) -> None:
    """Show whether cells run, or what keeps them."""
    if away := outage.words_of_cells(cells.waves, cells.standing):
        conditions.set(C.RUNNING, False, Reason.STORAGE_UNAVAILABLE, away)
        return
    running = cells.standing.running_pods
    text = f"{counted(running, 'cell')} {'runs' if running == 1 else 'run'}{cells.remark}"
    # Short cells may begin and end between two looks.
    begun = any(wave.succeeded or wave.failed for wave in cells.waves if wave.progress is Progress.ACTIVE)
    just_ended = _has_just_ended(cells.waves, now)
    _show_pods(conditions, running, cells.waiting, Reason.SEARCHING, text, begun=begun, just_ended=just_ended)
    if cells.waves and not cells.waiting and (running or cells.standing.succeeded):
        capacity_ready(conditions)


def _show_pods(
    conditions: Conditions,
    running: int,
    waiting: tuple[Waiting, ...],
    reason: Reason,
    text: str,
    *,
    begun: bool = False,
    just_ended: bool = False,
) -> None:
    """Show that so many pods run, or what keeps them.

    `begun`: some have run, though none is seen to; `just_ended`: one has ended a moment ago, so that the next may have
    its node.
    """
    unschedulable = [cause for cause in waiting if cause.reason == Reason.UNSCHEDULABLE]
    if unschedulable:
        pods = sum(cause.pods for cause in unschedulable)
        message = f"{pods_wait(pods)} for a node: {unschedulable[0].message}"
        conditions.set(C.CAPACITY_READY, False, Reason.UNSCHEDULABLE, message)
    others = [cause for cause in waiting if cause.reason != Reason.UNSCHEDULABLE]
    if running:
        conditions.set(C.RUNNING, True, reason, "; ".join((text, *map(_words, others))))
    elif waiting and not (just_ended and not others and conditions.is_true(C.RUNNING)):
        first = waiting[0].reason if len({cause.reason for cause in waiting}) == 1 else Reason.PODS_WAITING
        conditions.set(C.RUNNING, False, first, "; ".join(map(_words, waiting)))
    elif conditions.reason(C.RUNNING) != reason or not conditions.is_true(C.RUNNING):
        # Between two stages, as between two pods, the run goes on.
        goes_on = begun or conditions.is_true(C.RUNNING)
        conditions.set(C.RUNNING, goes_on, reason, STARTED[reason])


def _words(cause: Waiting) -> str:
    return f"{pods_wait(cause.pods)}: {told(cause)}"


def _has_just_ended(waves: Iterable[Wave], now: datetime) -> bool:
    """Tell whether a cell has ended so lately that another may be about to take its place."""
    ran = (end.ran.end for wave in waves for end in wave.ends.values() if end.ran)
    latest = max(ran, default=None)
    return latest is not None and (now - latest).total_seconds() < BETWEEN_CELLS_SECONDS


def capacity_ready(conditions: Conditions) -> None:
    """Show that no pod lacks a node."""
    conditions.set(C.CAPACITY_READY, True, Reason.PODS_SCHEDULED, "every pod has a node")
