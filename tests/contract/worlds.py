"""What the suite of the Cluster port needs beside the port itself: a user, a kubelet, and eyes."""

from typing import Any, Protocol

from gridfold.api.handoff import PreparedRun, Stage, StageInput
from gridfold.api.status import Resolved
from gridfold.domain.groups import Groups, format_groups
from gridfold.domain.observed import ObservedJob, ProcessEnd
from gridfold.domain.plan import StartStage, StartWave
from gridfold.engine.ports import Cluster, JobKey

DIGEST = "c0ffee" * 10
PREPARE, WAVE = "job-c0ffee-prepare", "job-c0ffee-w0"


class World(Protocol):
    """One adapter of the port with everything around it. Every change has arrived when a call returns."""

    cluster: Cluster
    namespace: str

    async def create(self, name: str, **spec: Any) -> JobKey:
        """Have a user create a TrainingJob."""

    async def remove(self, key: JobKey) -> None:
        """Have a user delete a TrainingJob; it is gone on return."""

    async def edit(self, key: JobKey, **spec: Any) -> None:
        """Have a user replace parts of the spec."""

    async def set_raw_status(self, key: JobKey, status: dict[str, Any]) -> None:
        """Write a status as some other version of the operator would."""

    async def take_name(self, key: JobKey, child: str) -> None:
        """Have somebody else hold the name of a child."""

    async def run_pod(self, key: JobKey, child: str, index: int = 0) -> None:
        """Have the newest pod of a child run."""

    async def end_pod(self, key: JobKey, child: str, end: ProcessEnd, index: int = 0) -> None:
        """Have the newest pod of a child end; on return it and its consequences for the child can be observed."""

    async def block_pods(self, key: JobKey, child: str, message: str) -> None:
        """Have the scheduler find no node for any pod of a child."""

    async def suspend(self, key: JobKey, child: str) -> None:
        """Have somebody else, such as a queue, suspend a child: its pods end, and are not counted."""

    async def admit(self, key: JobKey, child: str, parallelism: int = 0) -> None:
        """Have a queue let a child run; it may lower a wave's parallelism."""

    async def expire(self, key: JobKey) -> None:
        """Have the time pass after which children whose stay is 0 seconds are gone, with all of them."""

    async def inputs(self, key: JobKey) -> int:
        """Return how many inputs of a job's children are kept."""

    async def input_of(self, key: JobKey, child: str) -> StageInput | None:
        """Return what the pods of a child are told, None where there is nothing."""


def told(job: ObservedJob, **changes: Any) -> StageInput:
    assert job.spec is not None
    metadata = job.metadata
    return StageInput(
        namespace=metadata.namespace, name=metadata.name, uid=metadata.uid, run_digest=DIGEST, spec=job.spec, **changes
    )


def start_prepare(job: ObservedJob, **changes: Any) -> StartStage:
    return StartStage(Stage.PREPARE, PREPARE, told(job, **changes))


def start_wave(job: ObservedJob, groups: Groups = ((2,), (3,), (7,)), parallelism: int = 20) -> StartWave:
    prepared = PreparedRun(digest="d", environment="e", resolved=Resolved(), split_digest="s")
    return StartWave(WAVE, 0, groups, parallelism, told(job, prepared=prepared, cells=format_groups(groups)))
