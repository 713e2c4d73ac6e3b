"""One turn of the loop: observe, decide, apply."""

from gridfold.domain.interrupted import blocked, stalled
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Observed, ObservedJob
from gridfold.domain.plan import Plan
from gridfold.engine.ports import Clock, Cluster, EventRecorder, JobKey, RefusedError


async def reconcile(key: JobKey, cluster: Cluster, clock: Clock, recorder: EventRecorder) -> float | None:
    """Bring one job a step further and return after how many seconds to look again (None: when something changes).

    Level-triggered: it looks at what is, never at what has happened, so it may run at any time and any number of
    times. The status is written after the actions and only where it differs; Events come last, so that a lost
    race tells nobody anything. What cannot be done is shown in the status before it is raised.

    Raises:
        ConflictError: the resource has changed in between; call again.
        RefusedError: somebody has to change something; call again later.
    """
    job = await cluster.load_job(key)
    if job is None:
        return None
    observed = Observed(job, await cluster.observe_children(job), clock.now())
    try:
        plan = decide(observed)
    except Exception as error:
        await _tell(job, stalled(observed, error), cluster, recorder)
        raise
    try:
        for action in plan.actions:
            await cluster.apply(job, action)
    except RefusedError as error:
        await _tell(job, blocked(observed, plan, *error.told), cluster, recorder)
        raise
    await _tell(job, plan, cluster, recorder)
    return plan.requeue_after_seconds


async def _tell(job: ObservedJob, plan: Plan, cluster: Cluster, recorder: EventRecorder) -> None:
    if plan.status != job.status:
        await cluster.save_status(job, plan.status)
        for event in plan.events:
            await recorder.record(job, event)
