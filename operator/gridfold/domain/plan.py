"""What is to be done: the answer of `decide`."""

from dataclasses import dataclass
from typing import Literal

from gridfold.api.handoff import Stage, StageInput
from gridfold.api.status import TrainingJobStatus
from gridfold.domain.capacity.held import Step
from gridfold.domain.groups import Group, Groups, cells_of


@dataclass(frozen=True)
class StartStage:
    """Start the one process of prepare or refit."""

    stage: Literal[Stage.PREPARE, Stage.REFIT]
    name: str
    input: StageInput
    memory: str = ""  #: that it needs, where that is more than the spec says
    image: str = ""  #: of the trainer; "": the platform's


@dataclass(frozen=True)
class StartWave:
    """Start one process for each group of cells, at most `parallelism` at a time."""

    name: str
    number: int
    groups: Groups
    parallelism: int
    input: StageInput
    memory: str = ""  #: that each cell needs, where that is more than the spec says
    image: str = ""  #: of the trainer; "": the platform's

    @property
    def cells(self) -> Group:
        """Return all of its cells."""
        return cells_of(self.groups)


@dataclass(frozen=True)
class SetParallelism:
    """Change how many pods of a wave run at a time."""

    name: str
    parallelism: int
    uid: str = ""  #: of the child that was observed


@dataclass(frozen=True)
class Drain:
    """Have a wave start no further cell, whatever becomes of those that run. That cannot be taken back."""

    name: str
    uid: str = ""  #: of the child that was observed


@dataclass(frozen=True)
class Delete:
    """End a child and remove it with all of its processes."""

    name: str
    uid: str = ""  #: of the child that was observed


@dataclass(frozen=True)
class SetTtl:
    """Have a child that has ended go by itself so many seconds after its end; None: it stays."""

    name: str
    ttl_seconds: int | None
    uid: str = ""  #: of the child that was observed


#: What is done to a child that is there: to the one that was observed, and to none that has taken its name since.
Change = SetParallelism | Drain | Delete | SetTtl
Action = StartStage | StartWave | Change


@dataclass(frozen=True)
class Event:
    """Something worth telling, once."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str
    wave: int | None = None  #: that it is about, where it is about one


@dataclass(frozen=True)
class Plan:
    """Actions in order, then the status, then the events, then nodes; then look again after some seconds."""

    actions: tuple[Action, ...]
    status: TrainingJobStatus
    events: tuple[Event, ...] = ()
    requeue_after_seconds: float | None = None
    nodes: Step | None = None  #: what is done about nodes for this job alone
