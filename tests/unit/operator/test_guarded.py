"""What happens to a Job between the look at it and the write: the write hits no other Job, and undoes nobody's work."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.api.status import TrainingJobStatus
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Change, Delete, Drain, SetParallelism, SetTtl
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.guarded import TRIES
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.jobs import OWNER, job_document, job_spec
from tests.unit.operator.memory_api import MemoryApi

WAVE = "pima-abababab-w0"
PATH = paths.job("team-a", WAVE)
JOBS = paths.collection(paths.BATCH, "jobs", "team-a")
AUDIT = "example.com/audit"
JOB = ObservedJob(OWNER, job_spec(), TrainingJobStatus())
CHANGES = [Delete(WAVE), Drain(WAVE), SetParallelism(WAVE, 1), SetTtl(WAVE, 60)]


class World:
    """A wave in an API server, the operator's adapter, and what others do at the moment of a write."""

    def __init__(self, **metadata: Any) -> None:
        self.api = MemoryApi(lambda: datetime(2026, 1, 1, tzinfo=UTC))
        client: Any = self.api
        self.cluster = KubernetesCluster(client, PodStore(), SystemClock(), TrainerSettings(image="t:1"))
        self.put(**metadata)

    @property
    def wave(self) -> dict[str, Any]:
        return self.api.documents[PATH]

    def put(self, **metadata: Any) -> None:
        """Make the wave, as the leader does."""
        document = job_document(Stage.CELL, WAVE, cells="0-3")
        self.api.put(JOBS, {**document, "metadata": {**document["metadata"], **metadata}})

    def replace(self) -> None:
        """Have another Job of the same name, as the next leader makes it."""
        self.api.remove(PATH)
        self.put()

    def write(self, finalizers: tuple[str, ...] = (), **spec: Any) -> None:
        """Have somebody else write to the wave."""
        metadata = self.wave["metadata"]
        kept = {**metadata, "finalizers": [*metadata.get("finalizers", ()), *finalizers]}
        self.api.change(PATH, {**self.wave, "metadata": kept, "spec": {**self.wave["spec"], **spec}})

    def between(self, act: Callable[[], None], verb: str = "", *, times: int = 1) -> None:
        """Have something happen after the look and before the next so many writes of a kind."""
        left = [act] * times

        def happen(written: str, _path: str) -> None:
            if left and verb in {"", written}:
                left.pop()()

        self.api.before = happen


@pytest.mark.parametrize("action", CHANGES)
async def test_a_write_that_comes_late_does_nothing_to_the_job_that_has_taken_the_name(action: Change) -> None:
    world = World(finalizers=[AUDIT])
    uid = world.wave["metadata"]["uid"]
    world.between(world.replace)
    late = "has changed since" if isinstance(action, Delete) else f"is another one now .* expected {uid}"
    with pytest.raises(ConflictError, match=f"{WAVE} {late}.*: observe again"):
        await world.cluster.apply(JOB, action)
    assert world.wave["metadata"].keys() & {"finalizers", "deletionTimestamp"} == set()
    assert world.wave["spec"] == job_document(Stage.CELL, WAVE)["spec"]


async def test_a_drain_that_is_late_with_its_deletion_deletes_no_other_job() -> None:
    world = World()
    world.between(world.replace, "DELETE")
    with pytest.raises(ConflictError, match=f"{WAVE} has changed since: observe again"):
        await world.cluster.apply(JOB, Drain(WAVE))
    assert "deletionTimestamp" not in world.wave["metadata"]


async def test_a_finalizer_of_somebody_else_stays_when_a_wave_is_drained_and_when_it_is_deleted() -> None:
    world = World()
    world.between(lambda: world.write(finalizers=(AUDIT,)))
    await world.cluster.apply(JOB, Drain(WAVE))
    assert world.wave["metadata"]["finalizers"] == [AUDIT, labels.DRAINING]
    world.between(lambda: world.write(finalizers=("example.com/other",)), "PATCH")
    await world.cluster.apply(JOB, Delete(WAVE))
    assert world.wave["metadata"]["finalizers"] == [AUDIT, "example.com/other"]


async def test_a_wave_that_is_held_by_nobody_else_is_gone_with_its_deletion() -> None:
    world = World()
    await world.cluster.apply(JOB, Drain(WAVE))
    assert world.wave["metadata"]["deletionTimestamp"]
    await world.cluster.apply(JOB, Delete(WAVE))
    assert PATH not in world.api.documents


async def test_jobs_of_a_training_job_that_is_gone_are_deleted_and_not_what_has_taken_their_name() -> None:
    world = World()
    world.between(world.replace)
    with pytest.raises(ConflictError, match=f"{WAVE} has changed since: observe again"):
        await world.cluster.load_job(JobKey("team-a", "pima"))
    assert PATH in world.api.documents
    assert await world.cluster.load_job(JobKey("team-a", "pima")) is None
    assert PATH not in world.api.documents


async def test_a_change_is_made_of_what_others_have_made_of_the_job_meanwhile() -> None:
    world = World(labels={labels.QUEUE: "team"})
    world.between(lambda: world.write(suspend=False, backoffLimit=3), times=TRIES - 1)
    await world.cluster.apply(JOB, SetParallelism(WAVE, 1))
    assert world.wave["spec"].items() >= {"parallelism": 1, "suspend": True, "backoffLimit": 3}.items()


async def test_a_job_that_others_write_to_all_the_time_is_looked_at_again() -> None:
    world, written = World(), iter(range(100))
    world.between(lambda: world.write(backoffLimit=next(written)), times=TRIES)
    with pytest.raises(ConflictError, match=f"{WAVE} was changed by others at each of {TRIES} tries"):
        await world.cluster.apply(JOB, SetParallelism(WAVE, 1))
    assert world.wave["spec"]["parallelism"] == 3
    assert world.api.writes["PATCH jobs"] == TRIES


async def test_a_job_that_is_about_to_go_is_not_changed_and_may_be_deleted() -> None:
    world = World(finalizers=[AUDIT])
    for _ in range(2):
        await world.cluster.apply(JOB, Delete(WAVE))
    with pytest.raises(ConflictError, match=f"{WAVE} is being deleted: observe again"):
        await world.cluster.apply(JOB, SetParallelism(WAVE, 1))
