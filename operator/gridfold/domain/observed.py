"""What is observed of a job and its children; adapters fill it, `decide` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from gridfold.api.conditions import ConditionType
from gridfold.api.handoff import Report, decode_report
from gridfold.api.status import SettingsStatus, TrainingJobStatus
from gridfold.api.v1alpha1 import Metadata, TrainingJobSpec
from gridfold.api.validation import Problem
from gridfold.domain.capacity.held import Held
from gridfold.domain.groups import Group, Groups, cells_of
from gridfold.domain.tenancy.settings import Limit


class Progress(StrEnum):
    """How far a child is."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Span:
    """From when to when something ran."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class ProcessEnd:
    """How a pod (on a laptop: a process) ended."""

    exit_code: int
    reason: str  #: the container's: Completed, Error, OOMKilled …
    message: str  #: the termination message, as it is
    ran: Span | None = field(default=None, compare=False)  #: when, where that is known
    told: Report | None = field(default=None, hash=False)  #: of one cell of several: what of the message is about it

    @cached_property
    def report(self) -> Report | None:
        """Return what the message says, decoded once however often it is looked at; None where it is no report."""
        return self.told or decode_report(self.message)


@dataclass(frozen=True)
class Waiting:
    """Pods of a child that cannot start, grouped by cause."""

    reason: str  #: Unschedulable, ImagePullBackOff, FailedMount, FailedCreate …
    message: str  #: in the words of scheduler, kubelet or Job controller
    pods: int
    for_seconds: float = 0.0


@dataclass(frozen=True)
class SingleStage:
    """The prepare or refit stage of some run."""

    name: str
    run_digest: str
    progress: Progress
    end: ProcessEnd | None = None  #: of the pod that finished last
    waiting: tuple[Waiting, ...] = ()
    running_pods: int = 0
    outdated: bool = False  #: it would be started otherwise now: the spec, or the platform, has been edited
    ttl_seconds: int | None = None  #: so long after its end it goes by itself; None: it stays
    away_seconds: float | None = None  #: for how long its processes have ended for want of storage; None: they have not
    memory: str = ""  #: that its pods have, as a quantity; "" where nobody limits it
    image: str = ""  #: of the trainer; "" on a laptop
    suspended: bool = False  #: by a queue, or by somebody else, but never by us: it is theirs to take back
    nodes: frozenset[str] = frozenset()  #: names of the nodes on which it has pods that have not ended
    uid: str = ""  #: tells it from others of its name, earlier and later ones; "": nothing takes its place


@dataclass(frozen=True)
class Wave:
    """A wave of some run: one pod for each group of cells."""

    name: str
    run_digest: str
    number: int
    groups: Groups  #: the i-th is completion index i's
    parallelism: int
    progress: Progress
    succeeded: frozenset[int] = frozenset()  #: cells, not completion indexes
    failed: frozenset[int] = frozenset()
    ends: Mapping[int, ProcessEnd] = field(default_factory=dict)  #: by cell: of the pod that finished last
    running: frozenset[int] = frozenset()  #: all cells whose pod runs now, though it is at one of them
    waiting: tuple[Waiting, ...] = ()
    outdated: bool = False  #: it would be started otherwise now
    ttl_seconds: int | None = None  #: so long after its end it goes by itself; None: it stays
    away: frozenset[int] = frozenset()  #: unfinished cells whose processes end for want of storage
    memory: str = ""  #: that its pods have, as a quantity; "" where nobody limits it
    image: str = ""  #: of the trainer; "" on a laptop
    queue: str = ""  #: that admits it; "" where there is none
    suspended: bool = False  #: by its queue, or by somebody else: it is theirs to take back
    nodes: frozenset[str] = frozenset()  #: names of the nodes on which it has pods that have not ended
    spec: TrainingJobSpec | None = None  #: what it was started with; of a wave of another run alone, if it can be read
    starting: frozenset[int] = frozenset()  #: cells whose pod is there and neither runs nor has ended
    draining: bool = False  #: it starts no further cell
    uid: str = ""  #: tells it from others of its name, earlier and later ones; "": nothing takes its place

    @property
    def present(self) -> frozenset[int]:
        """Return the cells that have a pod."""
        return self.running | self.starting

    @property
    def open(self) -> frozenset[int]:
        """Return the cells that it will still run, or runs."""
        return self.present if self.draining else frozenset(self.cells) - self.succeeded - self.failed

    @cached_property
    def cells(self) -> Group:
        """Return all of its cells."""
        return cells_of(self.groups)

    def pods_of(self, cells: frozenset[int]) -> int:
        """Return how many pods have at least one of these cells."""
        return sum(not cells.isdisjoint(group) for group in self.groups)


@dataclass(frozen=True)
class Children:
    """All children of a job, of whatever run."""

    prepares: tuple[SingleStage, ...] = ()
    waves: tuple[Wave, ...] = ()
    refits: tuple[SingleStage, ...] = ()


@dataclass(frozen=True)
class ObservedJob:
    """The resource as it was read. `spec` is None where it is not valid; then `problems` says why.

    What the spec leaves open is filled in by `settings`.
    """

    metadata: Metadata
    spec: TrainingJobSpec | None
    status: TrainingJobStatus
    problems: tuple[Problem, ...] = ()
    image: str = ""  #: of the trainer that the spec names, as the platform has it now; "": none, or on a laptop
    trainers: tuple[str, ...] = ()  #: names that the platform's images have; () on a laptop
    limits: Mapping[str, Limit] = field(default_factory=dict)  #: of what may be accepted; none on a laptop
    settings: SettingsStatus | None = None  #: of the platform that count for this spec; None on a laptop

    @property
    def accepted(self) -> bool:
        """Return whether the spec as it is now has been accepted."""
        return any(
            condition.type == ConditionType.ACCEPTED
            and condition.status == "True"
            and condition.observed_generation == self.metadata.generation
            for condition in self.status.conditions
        )


@dataclass(frozen=True)
class Observed:
    """Everything that `decide` may look at."""

    job: ObservedJob
    children: Children
    now: datetime
    held: Held | None = None  #: nodes for this job alone
