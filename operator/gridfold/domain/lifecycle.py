"""`decide`: from what is observed to what is to be done. Pure; the same in the cluster and on a laptop.

A run goes prepare → waves → refit. Which run is wanted follows from the spec alone (its run digest). Of another run
prepare and refit are deleted at once, waves when the wanted run knows what of them is of use. The order of what
happened never matters, only what is there now.
"""

from dataclasses import replace

from gridfold.api.conditions import Reason
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import Problem
from gridfold.domain import keys, outage
from gridfold.domain.building import StatusBuilder
from gridfold.domain.capacity.deciding import Wanted, decide_nodes, decide_nodes_of_refused, soonest
from gridfold.domain.ending import end_if_late, keep_children, let_children_go
from gridfold.domain.grid import cell_count
from gridfold.domain.observed import Children, Observed, ObservedJob, Progress, SingleStage, Wave
from gridfold.domain.one_machine import on_one_machine
from gridfold.domain.plan import Action, Delete, Plan
from gridfold.domain.preparing import prepare
from gridfold.domain.queues import is_held
from gridfold.domain.run import Run, pause_waves
from gridfold.domain.searching import search, show_standing
from gridfold.domain.tenancy.rules import check
from gridfold.domain.trainer_image import change_over, unknown_name

#: Added to why an edit is refused while cells of the spec before it run: taken back, the edit has cost nothing.
GOES_ON = ". Nothing is started for this spec; cells that run go on by the one before it"


def decide(observed: Observed) -> Plan:
    """Return what brings the job a step further, and its status as of now.

    Idempotent: what a plan has brought about is no part of the next plan.
    """
    job = observed.job
    if job.spec is None:
        return _refuse(observed, Reason.INVALID_SPEC, "; ".join(map(str, job.problems)))
    total = cell_count(job.spec.search)
    if total > job.spec.search.max_cells:
        return _refuse(
            observed,
            Reason.TOO_MANY_CELLS,
            f"the search has {total} cells, spec.search.maxCells allows {job.spec.search.max_cells}: take values out "
            "of spec.search.grid, draw some of them (algorithm: Random), or raise maxCells (at most 10000)",
        )
    if excesses := _excesses(job, job.spec):
        return _refuse(observed, Reason.NOT_ALLOWED, "; ".join(map(str, excesses)))
    digest = keys.run_digest(job.metadata.uid, job.spec)
    children, others = _of_run(observed.children, digest)
    run = Run(job, job.spec, total, digest, children, others.waves, StatusBuilder(job, digest, observed.now))
    stale = sorted((*others.prepares, *others.refits), key=lambda stage: stage.name)
    actions = (*(Delete(stage.name, stage.uid) for stage in stale), *_steps(run))
    nodes = decide_nodes(observed, Wanted(job.spec, digest, total), run.status.shown)
    run.status.show_nodes(observed.held, nodes)
    plan = run.status.plan(actions, reconciling=bool(stale or others.waves))
    again = soonest(outage.look_again(children, plan.requeue_after_seconds), nodes.look_again_seconds)
    return replace(plan, requeue_after_seconds=again, nodes=nodes.step)


def _excesses(job: ObservedJob, spec: TrainingJobSpec) -> tuple[Problem, ...]:
    """Return what the platform does not allow, and what no pod of it can reach.

    A spec that was accepted stays so: a changed setting ends nothing, and no later operator does.

    Nor is a suspended one judged, which starts nothing: whoever has it go on edits it, and then it is.
    """
    if spec.suspend:
        return ()
    new = not job.accepted
    unseen = on_one_machine(spec) if new and job.trainers else ()  # a laptop, which has no images, is that machine
    limited = check(spec, job.metadata.namespace, job.limits) if new else ()
    return (*unseen, *unknown_name(job, spec), *limited)


def _refuse(observed: Observed, reason: Reason, message: str) -> Plan:
    """Refuse the spec: nothing is started, and nothing of an earlier spec is shown as current."""
    status = StatusBuilder(observed.job, None, observed.now)
    goes_on = any(wave.progress is Progress.ACTIVE for wave in observed.children.waves)
    status.refuse(reason, message + GOES_ON if goes_on else message)
    nodes = decide_nodes_of_refused(observed)
    status.show_nodes(observed.held, nodes)
    plan = status.plan(())
    again = soonest(plan.requeue_after_seconds, nodes.look_again_seconds)
    return replace(plan, requeue_after_seconds=again, nodes=nodes.step)


def _of_run(children: Children, digest: str) -> tuple[Children, Children]:
    """Return the children of this run, and all others."""

    def select(*, mine: bool) -> Children:
        return Children(
            tuple(c for c in children.prepares if (c.run_digest == digest) is mine),
            tuple(sorted((w for w in children.waves if (w.run_digest == digest) is mine), key=lambda w: w.number)),
            tuple(c for c in children.refits if (c.run_digest == digest) is mine),
        )

    return select(mine=True), select(mine=False)


def _steps(run: Run) -> tuple[Action, ...]:
    """Walk through the stages as far as they have come."""
    run.status.accept(run.total)
    failed = _failed_stages(run)
    if run.status.attempt(keys.attempt_digest(run.spec), run.next_wave):
        return change_over(run) or failed
    if run.status.settled:
        run.status.judge_targets(None)
        replaced = (Delete(wave.name, wave.uid) for wave in run.earlier if run.status.prepared)
        return (*replaced, *let_children_go(run))
    run.status.keep_time(paused=run.spec.suspend or is_held(run.children))
    if run.spec.suspend:
        return (*keep_children(run), *_suspend(run))
    run.status.resume()
    if (actions := change_over(run)) is not None:
        return actions
    actions = _advance(run)
    late = end_if_late(run)
    return (*keep_children(run), *actions) if late is None else late


def _advance(run: Run) -> tuple[Action, ...]:
    if run.status.prepared is None and (actions := prepare(run)) is not None:
        return actions
    return search(run, run.status.prepared) if run.status.prepared else ()


def _failed_stages(run: Run) -> tuple[Action, ...]:
    """Remove the stages with which a run has failed, so that they are started anew at the next look.

    Where results are missing, nobody knows better than prepare which ones; of a prepare that succeeded and handed
    nothing over, the report was not understood.
    """
    children, anew = run.children, run.status.results_missing
    useless = anew or run.status.prepared is None
    prepares = (stage for stage in children.prepares if useless or stage.progress is not Progress.SUCCEEDED)
    waves = children.waves if anew else ()
    removed: tuple[SingleStage | Wave, ...] = (*prepares, *waves, *children.refits)
    return tuple(Delete(child.name, child.uid) for child in removed)


def _suspend(run: Run) -> tuple[Action, ...]:
    """End what runs. Waves stay, at a parallelism of 0, so that their results do."""
    if run.status.prepared is not None:
        show_standing(run, run.status.prepared)
    run.status.suspend()
    stages = (*run.children.prepares, *run.children.refits)
    active = (Delete(stage.name, stage.uid) for stage in stages if stage.progress is Progress.ACTIVE)
    replaced = (Delete(wave.name, wave.uid) for wave in run.earlier)
    return (*active, *replaced, *pause_waves(run))
