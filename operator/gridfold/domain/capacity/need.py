"""Which pods of a job need nodes: by the scheduler's own verdict, never by arithmetic. Pure.

Judged anew at every look from what is there now, so that no node is asked for because of a request that has been
lowered meanwhile: pods that would be made otherwise now do not count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gridfold.api.conditions import Reason
from gridfold.api.handoff import Stage
from gridfold.api.status import State, TrainingJobStatus
from gridfold.api.v1alpha1 import Execution
from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.capacity.amounts import pods_of
from gridfold.domain.capacity.held import Pods
from gridfold.domain.observed import Children, Progress, SingleStage, Waiting, Wave

#: For so long a pod has found no room before a node is asked for: between two cells a place is empty only for a moment.
PATIENCE_SECONDS = 10.0
#: In the API server's refusal of a pod (1.31 to 1.36).
_TERMINATING = "because it is being terminated"
Stages = Sequence[tuple[Stage, SingleStage | Wave]]
_OVER = frozenset({State.COMPLETE, State.FAILED, State.SUSPENDED})


class Off(StrEnum):
    """Why nodes are no matter of ours."""

    OVER = "over"  #: the run has ended, or is suspended
    TERMINATING = "terminating"  #: the namespace goes, and every job in it
    QUEUE = "queue"  #: that admits the pods sees to their nodes (ProvisioningRequest)


@dataclass(frozen=True)
class Need:
    """What a run needs nodes for, whatever it has."""

    lacking: tuple[Pods, ...] = ()  #: have found no room for long enough
    ahead: tuple[Pods, ...] = ()  #: are about to be made, and nodes are asked for before they are
    live: tuple[Pods, ...] = ()  #: all that may run at one time, from now on
    running: int = 0  #: pods that run now, of those
    busy: frozenset[str] = frozenset()  #: nodes with a pod of the job, of whatever run, on them
    words: str = ""  #: of the scheduler, about a pod that lacks a node
    soon: float | None = None  #: seconds until pods that find no room now will have waited for long enough
    waited: float = 0.0  #: seconds, of the pod that has found no room for longest
    off: Off | None = None

    @property
    def wanting(self) -> int:
        """Return how many pods want a node that they do not have."""
        return sum(group.count for group in (*self.lacking, *self.ahead))


@dataclass
class _Counted:
    """What has been found of the stages so far."""

    lacking: list[Pods] = field(default_factory=list)
    words: str = ""
    soon: float | None = None
    waited: float = 0.0

    def count(self, waiting: Iterable[Waiting], stage: Pods) -> None:
        """Count the pods of a stage that find no room; it has so many pods at most."""
        unschedulable = [cause for cause in waiting if cause.reason == Reason.UNSCHEDULABLE]
        late = [cause for cause in unschedulable if cause.for_seconds >= PATIENCE_SECONDS]
        for cause in unschedulable:
            if cause not in late:
                left = PATIENCE_SECONDS - cause.for_seconds
                self.soon = left if self.soon is None else min(self.soon, left)
        number = min(stage.count, sum(cause.pods for cause in late))
        if number:
            self.lacking.append(Pods(number, stage.requests, stage.setting))
            self.words = self.words or late[0].message
            self.waited = max(self.waited, *(cause.for_seconds for cause in late))


def find_need(
    execution: Execution, children: Children, run_digest: str, status: TrainingJobStatus, *, ahead: int = 0
) -> Need:
    """Return what a run needs nodes for, of the children of all runs of its job.

    `status` is the one to be written: of now. `ahead`: nodes are asked for so many pods while prepare runs.
    """
    everything = _kinds(children)
    busy = frozenset(node for _, stage in everything for node in stage.nodes)
    if off := _off(execution, everything, status):
        return Need(busy=busy, off=off)
    stages = [(kind, stage) for kind, stage in everything if _counts(stage, run_digest)]
    counted, room = _Counted(), _room_for_cells(execution, status)
    for kind, stage in stages:
        counted.count(stage.waiting, pods_of(execution, kind, _most_pods(stage, room), stage.memory))
    cells: tuple[Pods, ...] = ()
    if status.state == State.PREPARING and ahead:
        cells = (pods_of(execution, Stage.CELL, min(ahead, execution.parallelism)),)
    return Need(
        lacking=tuple(counted.lacking),
        ahead=cells,
        live=(*_live(execution, stages, status), *cells),
        running=sum(_running(stage) for _, stage in stages),
        busy=busy,
        words=counted.words,
        soon=counted.soon,
        waited=counted.waited,
    )


def _kinds(children: Children) -> Stages:
    return (
        *((Stage.PREPARE, stage) for stage in children.prepares),
        *((Stage.CELL, wave) for wave in children.waves),
        *((Stage.REFIT, stage) for stage in children.refits),
    )


def _off(execution: Execution, stages: Stages, status: TrainingJobStatus) -> Off | None:
    if status.completion_time is not None or status.state in _OVER:
        return Off.OVER
    if any(_TERMINATING in cause.message for _, stage in stages for cause in stage.waiting):
        return Off.TERMINATING
    return Off.QUEUE if execution.queue_name else None


def _counts(stage: SingleStage | Wave, run_digest: str) -> bool:
    """Tell whether the pods of a stage are wanted as they are."""
    return stage.run_digest == run_digest and stage.progress is Progress.ACTIVE and not stage.outdated


def _running(stage: SingleStage | Wave) -> int:
    return stage.pods_of(stage.running) if isinstance(stage, Wave) else stage.running_pods


def _unfinished(stage: SingleStage | Wave) -> int:
    return stage.pods_of(stage.open) if isinstance(stage, Wave) else 1


def _room_for_cells(execution: Execution, status: TrainingJobStatus) -> int:
    """Return how many cells may run at one time, from now on."""
    left = status.cells.pending + status.cells.running if status.cells else 0
    return min(execution.parallelism, left)


def _most_pods(stage: SingleStage | Wave, room: int) -> int:
    """Return how many pods a stage may have that do not run: parallelism may have been lowered just now."""
    if isinstance(stage, SingleStage):
        return 0 if stage.running_pods else 1
    return max(0, min(_unfinished(stage), room) - _running(stage))


def _live(execution: Execution, stages: Stages, status: TrainingJobStatus) -> tuple[Pods, ...]:
    """Return the pods that may run at one time. Of cells, the size of the largest that run stands for those to come."""
    room = _room_for_cells(execution, status)
    if status.state == State.PREPARING:
        kind, count = Stage.PREPARE, 1
    elif room:
        kind, count = Stage.CELL, room
    elif status.cells:
        kind, count = Stage.REFIT, 1
    else:
        return ()
    memory = (stage.memory for found, stage in stages if found is kind and stage.memory)
    return (pods_of(execution, kind, count, max(memory, key=amount, default="")),)
