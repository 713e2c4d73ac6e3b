"""One look at the nodes of one job, as a part of `decide`: what is done about them, and what is said of them. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.status import State, TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.capacity.granting import Grant, judge, paused_for
from gridfold.domain.capacity.held import EnsureNodes, Held, ReleaseNodes, Verdict
from gridfold.domain.capacity.need import find_need
from gridfold.domain.capacity.usage import seconds_of, usage_of
from gridfold.domain.conditions import Conditions
from gridfold.domain.observed import Observed, Progress
from gridfold.domain.packing import pods_of_cells

NOT_AHEAD = (
    "{} gives nodes only for pods that wait for them, so none are asked for ahead (spec.capacity.ahead): they are when "
    "cells find no room"
)
#: While nodes are on their way, or are going, nobody tells of them.
MOVING_SECONDS = 3.0
#: What is held is looked at so often at least: it expires where nobody looks.
HELD_SECONDS = 60.0


@dataclass(frozen=True)
class Wanted:
    """The run that is wanted, as far as nodes are concerned."""

    spec: TrainingJobSpec
    digest: str
    cells: int


def decide_nodes(observed: Observed, run: Wanted, status: TrainingJobStatus) -> Verdict:
    """Return what is done about the nodes of a job. `status` is to be written, but for what it says of nodes."""
    held, spec = observed.held, run.spec
    if held is None:
        return Verdict()
    ahead = pods_of_cells(spec.execution, run.cells) if spec.capacity.ahead and held.ahead else 0
    need = find_need(spec.execution, observed.children, run.digest, status, ahead=ahead)
    used = seconds_of(usage_of(status.capacity), observed.now)
    grant = Grant(need, held, spec.capacity, used, observed.now)
    verdict = _paced(_named(judge(grant), held), held, observed.now)
    early = spec.capacity.ahead and not held.ahead and held.shape is not None and status.state == State.PREPARING
    return replace(verdict, message=NOT_AHEAD.format(held.provider)) if early and not verdict.message else verdict


def _named(verdict: Verdict, held: Held) -> Verdict:
    """Return a verdict that tells of a provider that is not known, whether or not a pod lacks a node."""
    trouble = held.trouble if held.shape is None else None
    if verdict.reason or trouble is None or trouble.reason != Reason.PROVIDER_UNKNOWN:
        return verdict
    return replace(verdict, reason=trouble.reason, message=trouble.message)


def decide_nodes_of_refused(observed: Observed) -> Verdict:
    """Return what is done about the nodes of a job whose spec is refused: they stay while cells go on on them."""
    held = observed.held
    if held is None or not held.anything:
        return Verdict()
    goes_on = any(wave.progress is Progress.ACTIVE for wave in observed.children.waves) and not held.leaving
    return _paced(Verdict() if goes_on else Verdict(ReleaseNodes()), held, observed.now)


def _paced(verdict: Verdict, held: Held, now: datetime) -> Verdict:
    """Return a verdict without what is so already or was refused a moment ago, and with when to look again."""
    step = verdict.step
    if isinstance(step, EnsureNodes) and step.nodes == held.nodes:
        step = None
    paused = paused_for(held.trouble, now)
    if isinstance(step, ReleaseNodes) and paused and held.trouble is not None:
        words = f"nodes cannot be handed back yet: {held.trouble.message}"
        return replace(verdict, step=None, message=words, look_again_seconds=min(paused, HELD_SECONDS))
    moving = step is not None or held.launched != len(held.ready) or len(held.ready) < held.nodes
    times = [verdict.look_again_seconds]
    if moving:
        times.append(MOVING_SECONDS)
    elif held.anything:
        times.append(HELD_SECONDS)
    return replace(verdict, step=step, look_again_seconds=soonest(*times))


def soonest(*seconds: float | None) -> float | None:
    """Return the least of some times, None where there is none."""
    return min((time for time in seconds if time is not None), default=None)


def show_verdict(conditions: Conditions, verdict: Verdict) -> None:
    """Show why pods of a job have no node, in the words of who was asked; nothing while all of them have one."""
    kind = ConditionType.CAPACITY_READY
    early = verdict.reason == Reason.PROVIDER_UNKNOWN and not conditions.reason(kind)
    if verdict.reason and (conditions.is_false(kind) or early):
        conditions.set(kind, False, verdict.reason, verdict.message)
