"""Events: what changed between two statuses and is worth telling."""

from collections.abc import Iterable

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.status import Condition, State, TrainingJobStatus
from gridfold.domain.ends import OUT_OF_MEMORY
from gridfold.domain.held_up import STAGES, held_up_by
from gridfold.domain.plan import Action, Event, StartStage, StartWave
from gridfold.domain.words import counted

#: Conditions that tell people something when they become true, and whether their falsehood is a warning.
TOLD = {
    ConditionType.ACCEPTED: True,
    ConditionType.DATASET_READY: False,
    ConditionType.CAPACITY_READY: True,
    ConditionType.RUNNING: False,
    ConditionType.SUSPENDED: False,
    ConditionType.TARGETS_MET: True,
    ConditionType.COMPLETE: False,
    ConditionType.FAILED: False,
}
#: That every pod has a node is no news before one had none.
UNTOLD_AT_FIRST: dict[str, tuple[str, str]] = {ConditionType.CAPACITY_READY: ("True", Reason.PODS_SCHEDULED)}
#: Why a run that did not go on does so again.
BEGUN_AGAIN = frozenset({Reason.RETRYING, Reason.TRAINER_IMAGE_CHANGED})
#: That nodes have been asked for is good news for pods without one.
ON_THE_WAY = frozenset({Reason.NODES_REQUESTED})
TERMINAL_STATES = frozenset({State.COMPLETE, State.FAILED})
EVENT_NOTE_LIMIT = 1024  #: of events.k8s.io/v1


def events_between(before: TrainingJobStatus, after: TrainingJobStatus) -> tuple[Event, ...]:
    """Return an event for every condition whose status or reason changed to something worth telling.

    Pods that cannot start are told once, when that begins, whatever causes follow each other until it ends; and once is
    told what several conditions say in the same words (a refused spec is not accepted, and has failed).
    """
    known = UNTOLD_AT_FIRST | {c.type: _told(c) for c in before.conditions}
    changed = _together([c for c in after.conditions if known.get(c.type) != _told(c)])
    in_trouble, ended = _in_trouble(before), after.state in TERMINAL_STATES
    events = [_event(condition, silent=ended or in_trouble) for condition in changed if condition.message]
    return tuple(dict.fromkeys(event for event in events if event is not None))


def _together(changed: list[Condition]) -> list[Condition]:
    """Tell with the first stage that the spec was accepted: one Event for one moment."""
    accepted = next((c for c in changed if c.type == ConditionType.ACCEPTED and c.status == "True"), None)
    begun = next((c for c in changed if c.type == ConditionType.RUNNING and c.reason in STAGES), None)
    if accepted is None or begun is None:
        return changed
    both = begun.model_copy(update={"message": f"{accepted.message}; {begun.message}"})
    return [both if c is begun else c for c in changed if c is not accepted]


def events_of(actions: Iterable[Action]) -> tuple[Event, ...]:
    """Return an event for everything that is started again with more memory."""
    events = []
    for action in actions:
        if isinstance(action, StartStage | StartWave) and action.memory:
            cells = len(action.cells) if isinstance(action, StartWave) else 0
            who = action.stage.capitalize() if isinstance(action, StartStage) else counted(cells, "cell")
            again = "they are tried again" if cells > 1 else "it is tried again"
            note = f"{who} ran out of memory; {again} with {action.memory}"
            wave = action.number if isinstance(action, StartWave) else None
            events.append(Event("Warning", OUT_OF_MEMORY, note, wave))
    return tuple(events)


def _told(condition: Condition) -> tuple[str, str]:
    """Return what a condition has told once it has been told."""
    begun = condition.type == ConditionType.RUNNING and condition.reason in STAGES
    return ("" if begun else condition.status, condition.reason)


def _in_trouble(status: TrainingJobStatus) -> bool:
    return status.state not in TERMINAL_STATES and any(map(_is_trouble, status.conditions))


def _is_trouble(condition: Condition) -> bool:
    """Tell whether pods cannot start, for another cause than the want of a node (which CapacityReady tells)."""
    return held_up_by([condition]) is not None and condition.reason != Reason.UNSCHEDULABLE


def _event(condition: Condition, *, silent: bool) -> Event | None:
    """Return the event of a condition that has changed; `silent`: no trouble of pods is to be told."""
    if condition.type not in TOLD or (condition.reason == Reason.RUN_ENDED):
        return None
    true = condition.status == "True"
    warning = (TOLD[ConditionType(condition.type)] and not true) or condition.type == ConditionType.FAILED
    warning |= condition.type == ConditionType.DATASET_READY and condition.reason == Reason.PREPARED_CORRUPT
    warning |= _is_trouble(condition) and not silent
    goes_on = condition.type == ConditionType.RUNNING and condition.reason in STAGES | BEGUN_AGAIN
    if condition.reason in ON_THE_WAY:
        goes_on, warning = True, False
    if not true and not warning and not goes_on:
        return None
    note = condition.message
    if len(note.encode()) > EVENT_NOTE_LIMIT:
        note = note.encode()[: EVENT_NOTE_LIMIT - 3].decode(errors="ignore") + "…"
    return Event("Warning" if warning else "Normal", condition.reason, note)
