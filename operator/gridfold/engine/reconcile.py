"""One turn of the loop: observe, decide, apply."""

from gridfold.domain.capacity.held import EnsureNodes, ReleaseNodes, Step
from gridfold.domain.interrupted import blocked, stalled
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Observed, ObservedJob
from gridfold.domain.plan import Plan
from gridfold.engine.ports import Capacity, Clock, Cluster, EventRecorder, JobKey, RefusedError


async def reconcile(
    key: JobKey, cluster: Cluster, capacity: Capacity, clock: Clock, recorder: EventRecorder
) -> float | None:
    """Bring one job a step further and return after how many seconds to look again (None: when something changes).

    Level-triggered: it looks at what is, never at what has happened, so it may run at any time and any number of
    times. The status is written after the actions and only where it differs; Events come last, so that a lost
    race tells nobody anything. What cannot be done is shown in the status before it is raised. Nodes are asked for,
    and handed back, after the status says so.

    Raises:
        ConflictError: the resource has changed in between; call again.
        RefusedError: somebody has to change something; call again later.
    """
    job = await cluster.load_job(key)
    if job is None:
        return await capacity.let_go(key)
    children, held = await cluster.observe_children(job), await capacity.observe(job)
    observed = Observed(job, children, clock.now(), held)
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
        await _see_to_nodes(job, plan.nodes, capacity)
        raise
    await _tell(job, plan, cluster, recorder)
    await _see_to_nodes(job, plan.nodes, capacity)
    return plan.requeue_after_seconds


async def _see_to_nodes(job: ObservedJob, step: Step | None, capacity: Capacity) -> None:
    match step:
        case EnsureNodes():
            await capacity.ensure(job, step.nodes)
        case ReleaseNodes():
            await capacity.release(job)


async def _tell(job: ObservedJob, plan: Plan, cluster: Cluster, recorder: EventRecorder) -> None:
    if plan.status != job.status:
        await cluster.save_status(job, plan.status)
        for event in plan.events:
            await recorder.record(job, event)
