"""Events: what changed between two statuses and is worth telling."""

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.status import Condition, TrainingJobStatus
from gridfold.domain.plan import Event

#: Conditions that tell people something when they become true, and whether their falsehood is a warning.
TOLD = {
    ConditionType.ACCEPTED: True,
    ConditionType.DATASET_READY: False,
    ConditionType.CAPACITY_READY: True,
    ConditionType.RUNNING: False,
    ConditionType.TARGETS_MET: True,
    ConditionType.COMPLETE: False,
    ConditionType.FAILED: False,
}
EVENT_NOTE_LIMIT = 1024  #: of events.k8s.io/v1


def events_between(before: TrainingJobStatus, after: TrainingJobStatus) -> tuple[Event, ...]:
    """Return an event for every condition whose status or reason changed to something worth telling."""
    known = {c.type: (c.status, c.reason) for c in before.conditions}
    changed = [c for c in after.conditions if known.get(c.type) != (c.status, c.reason)]
    return tuple(event for condition in changed if (event := _event(condition)) is not None)


def _event(condition: Condition) -> Event | None:
    if condition.type not in TOLD or not condition.message:
        return None
    true = condition.status == "True"
    warning = (TOLD[ConditionType(condition.type)] and not true) or condition.type == ConditionType.FAILED
    warning |= condition.type == ConditionType.DATASET_READY and condition.reason == Reason.PREPARED_CORRUPT
    if not true and not warning:
        return None
    note = condition.message
    if len(note.encode()) > EVENT_NOTE_LIMIT:
        note = note.encode()[: EVENT_NOTE_LIMIT - 3].decode(errors="ignore") + "…"
    return Event("Warning" if warning else "Normal", condition.reason, note)
