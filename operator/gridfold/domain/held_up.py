"""Why a run does not get on, and how long it took: for the list that kubectl prints."""

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.status import Condition, State, TrainingJobStatus
from gridfold.domain.durations import duration_between

#: Why nothing or something runs: a stage that begins is told then, whether or not its pod is ever seen to run.
STAGES = frozenset({Reason.PREPARING, Reason.SEARCHING, Reason.REFITTING})
#: Reasons for which no pod runs that are nothing to wait for.
GETS_ON = STAGES | {Reason.SUSPENDED, Reason.RETRYING}


def held_up_by(conditions: list[Condition]) -> Condition | None:
    """Return the condition that says why no pod runs although one should, None where all is well."""
    running = next((c for c in conditions if c.type == ConditionType.RUNNING), None)
    return running if running and running.status == "False" and running.reason not in GETS_ON else None


def summarized(status: TrainingJobStatus, conditions: list[Condition]) -> TrainingJobStatus:
    """Return a status with these conditions, and with what the list shows of them."""
    reason = reason_of(conditions)
    shown = {"conditions": conditions, "reason": reason}
    shown["duration"] = duration_between(status.start_time, status.completion_time)
    if reason or status.state not in {State.RUNNING, State.REFITTING}:
        shown["estimated_completion_time"] = None
    return status.model_copy(update=shown)


def reason_of(conditions: list[Condition]) -> str | None:
    """Return why a run has failed, stands still or waits; None while all is well."""
    by_type = {c.type: c for c in conditions if c.status == "True"}
    if ConditionType.COMPLETE in by_type:
        return None
    found = by_type.get(ConditionType.FAILED) or by_type.get(ConditionType.STALLED) or held_up_by(conditions)
    return found.reason if found else None
