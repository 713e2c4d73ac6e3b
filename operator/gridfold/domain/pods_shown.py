"""What the conditions say of pods: that they run, what keeps them, whether there is room for them."""

from gridfold.api.conditions import ConditionType, Reason
from gridfold.domain import outage
from gridfold.domain.conditions import Conditions
from gridfold.domain.observed import SingleStage, Waiting
from gridfold.domain.remedies import pods_wait, told

C = ConditionType

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
        show_pods(conditions, 0, (), reason, text)
        return
    if away := outage.words_of_stage(stage):
        conditions.set(C.RUNNING, False, Reason.STORAGE_UNAVAILABLE, away)
        return
    show_pods(conditions, stage.running_pods, stage.waiting, reason, text)
    if stage.running_pods and not stage.waiting:
        capacity_ready(conditions)


def show_pods(
    conditions: Conditions,
    running: int,
    waiting: tuple[Waiting, ...],
    reason: Reason,
    text: str,
    *,
    begun: bool = False,
) -> None:
    """Show that so many pods run, or what keeps them; `begun`: some have run, though none is seen to."""
    unschedulable = [cause for cause in waiting if cause.reason == Reason.UNSCHEDULABLE]
    if unschedulable:
        pods = sum(cause.pods for cause in unschedulable)
        message = f"{pods_wait(pods)} for a node: {unschedulable[0].message}"
        conditions.set(C.CAPACITY_READY, False, Reason.UNSCHEDULABLE, message)
    if running:
        conditions.set(C.RUNNING, True, reason, text)
    elif waiting:
        words = "; ".join(f"{pods_wait(cause.pods)}: {told(cause)}" for cause in waiting)
        first = waiting[0].reason if len({cause.reason for cause in waiting}) == 1 else Reason.PODS_WAITING
        conditions.set(C.RUNNING, False, first, words)
    elif conditions.reason(C.RUNNING) != reason or not conditions.is_true(C.RUNNING):
        # Between two stages, as between two pods, the run goes on.
        goes_on = begun or conditions.is_true(C.RUNNING)
        conditions.set(C.RUNNING, goes_on, reason, STARTED[reason])


def capacity_ready(conditions: Conditions) -> None:
    """Show that no pod lacks a node."""
    conditions.set(C.CAPACITY_READY, True, Reason.PODS_SCHEDULED, "every pod has a node")
