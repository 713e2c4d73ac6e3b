"""The status of a job whose turn could not be finished."""

from gridfold.api.conditions import ConditionType, Reason
from gridfold.domain.conditions import Conditions
from gridfold.domain.events import events_between
from gridfold.domain.held_up import summarized
from gridfold.domain.observed import Observed
from gridfold.domain.plan import Event, Plan
from gridfold.domain.visible import bounded

#: Of what a fault says, so that the advice behind it fits into an Event, too.
_FAULT_LIMIT = 900


def blocked(observed: Observed, plan: Plan, reason: str, message: str) -> Plan:
    """Return what is shown where one of the plan's actions is refused: its status, and what keeps the run."""
    job = observed.job
    conditions = Conditions(plan.status.conditions, job.metadata.generation, observed.now)
    since = next((c for c in job.status.conditions if c.type == ConditionType.RUNNING), None)
    conditions.set(ConditionType.RUNNING, False, reason, message)
    if since is not None and since.status == "False":
        conditions.keep_time(ConditionType.RUNNING, since.last_transition_time)
    status = summarized(plan.status, conditions.list())
    return Plan((), status, events_between(job.status, status))


def stalled(observed: Observed, error: Exception) -> Plan:
    """Return what is shown where `decide` itself has failed: the status as it was, and that it stands still."""
    job = observed.job
    what = bounded(" ".join(f"{type(error).__name__}: {error}".split()), _FAULT_LIMIT)
    message = f"{what}. This is a fault of Gridfold's own, the operator's log has more; please report it."
    conditions = Conditions(job.status.conditions, job.metadata.generation, observed.now)
    conditions.set(ConditionType.STALLED, True, Reason.INTERNAL_ERROR, message)
    status = summarized(job.status, conditions.list()).model_copy(
        update={"observed_generation": job.metadata.generation}
    )
    known = any(c.type == ConditionType.STALLED and c.message == message for c in job.status.conditions)
    return Plan((), status, () if known else (Event("Warning", Reason.INTERNAL_ERROR, message[:1024]),))
