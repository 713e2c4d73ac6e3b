"""One turn of the loop: observe, decide, apply."""

from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Observed
from gridfold.engine.ports import Clock, Cluster, EventRecorder, JobKey


async def reconcile(key: JobKey, cluster: Cluster, clock: Clock, recorder: EventRecorder) -> float | None:
    """Bring one job a step further and return after how many seconds to look again (None: when something changes).

    Level-triggered: it looks at what is, never at what has happened, so it may run at any time and any number of
    times. The status is written after the actions and only where it differs; Events come last, so that a lost
    race tells nobody anything.

    Raises:
        ConflictError: the resource has changed in between; call again.
    """
    job = await cluster.load_job(key)
    if job is None:
        return None
    plan = decide(Observed(job, await cluster.observe_children(job), clock.now()))
    for action in plan.actions:
        await cluster.apply(job, action)
    if plan.status != job.status:
        await cluster.save_status(job, plan.status)
        for event in plan.events:
            await recorder.record(job, event)
    return plan.requeue_after_seconds
