"""What is measured of jobs, of their cells and of what is written about them."""

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import Counter, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gridfold.api.status import CellCounts, State, TrainingJobStatus
from gridfold.domain.observed import Children, ObservedJob
from gridfold.domain.plan import Action, StartWave
from gridfold.engine.ports import Cluster, JobKey
from gridfold_operator.metering.turns import result_of
from gridfold_operator.metrics import RESULTS, Metrics

#: A job that no status was written of so far.
NO_STATUS = "NoStatus"
OUTCOMES = ("succeeded", "cached", "infeasible", "failed")


@dataclass
class _Seen:
    """What is known of one job."""

    since: float  #: when it was heard of
    state: str = NO_STATUS
    bigger_wave: str = ""  #: the last wave of it that was started with more memory


class MeteredCluster(Collector):
    """Implements gridfold.engine.ports.Cluster by another, and counts what goes through it.

    A cell is counted once, whoever restarts: what the status said before is taken from what it says after.
    """

    def __init__(self, cluster: Cluster, metrics: Metrics, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._monotonic = cluster, monotonic
        self._seen: dict[JobKey, _Seen] = {}
        registry = metrics.registry
        words = "Statuses of TrainingJobs that were to be written, by how that ended."
        self._writes = Counter("gridfold_status_writes", words, ["result"], registry=registry)
        words = "Cells of all jobs that need no more work, by outcome."
        self._cells = Counter("gridfold_cells", words, ["outcome"], registry=registry)
        words = "Waves that were started with more memory than their spec says, as cells had run out of it."
        self._bigger_waves = Counter("gridfold_out_of_memory_waves", words, registry=registry)
        for result in RESULTS:
            self._writes.labels(result)
        for outcome in OUTCOMES:
            self._cells.labels(outcome)
        registry.register(self)

    def hear_of(self, key: JobKey) -> bool:
        """Take note that there is such a job, from when on it waits for its first status; tell whether it is new."""
        is_new = key not in self._seen
        self._seen.setdefault(key, _Seen(self._monotonic()))
        return is_new

    def forget(self, key: JobKey) -> None:
        """Forget a job that another operator looks after."""
        self._seen.pop(key, None)

    def keep(self, keys: set[JobKey], namespace: str) -> None:
        """Forget all other jobs of a namespace ("" for all)."""
        for key in [key for key in self._seen if key not in keys and namespace in {"", key.namespace}]:
            del self._seen[key]

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        """Return the resource as it is now."""
        job = await self._cluster.load_job(key)
        if job is None:
            self._seen.pop(key, None)
        else:
            self._note(key, job.status)
        return job

    async def observe_children(self, job: ObservedJob) -> Children:
        """Return all children of this resource."""
        return await self._cluster.observe_children(job)

    async def apply(self, job: ObservedJob, action: Action) -> None:
        """Carry out one action."""
        await self._cluster.apply(job, action)
        seen = self._seen.get(_key_of(job))
        if isinstance(action, StartWave) and action.memory and seen and action.name != seen.bigger_wave:
            seen.bigger_wave = action.name
            self._bigger_waves.inc()

    async def save_status(self, job: ObservedJob, status: TrainingJobStatus) -> None:
        """Write the status of the resource that was read."""
        result = "done"
        try:
            await self._cluster.save_status(job, status)
        except Exception as error:
            result = result_of(error)
            raise
        finally:
            self._writes.labels(result).inc()
        self._note(_key_of(job), status)
        before = job.status.cells if job.status.run_digest == status.run_digest else None
        for outcome, more in _finished(before or CellCounts(), status.cells or CellCounts()):
            self._cells.labels(outcome).inc(more)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are known, and nothing is collected before somebody asks."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return how many jobs there are in each state, and how long the oldest of them waits for its first status."""
        seen = [*self._seen.values()]
        states = Tally(one.state for one in seen)
        jobs = GaugeMetricFamily("gridfold_jobs", "TrainingJobs that this operator looks after.", labels=["state"])
        for state in (NO_STATUS, *State):
            jobs.add_metric([state], states[state])
        yield jobs
        words = "How long that TrainingJob without a status has waited which was heard of first; 0: all have one."
        oldest = min((one.since for one in seen if one.state == NO_STATUS), default=None)
        age = 0.0 if oldest is None else self._monotonic() - oldest
        yield GaugeMetricFamily("gridfold_oldest_job_without_status_seconds", words, value=age)

    def _note(self, key: JobKey, status: TrainingJobStatus) -> None:
        self.hear_of(key)
        self._seen[key].state = status.state or NO_STATUS


def _key_of(job: ObservedJob) -> JobKey:
    return JobKey(job.metadata.namespace, job.metadata.name)


def _finished(before: CellCounts, after: CellCounts) -> Iterable[tuple[str, int]]:
    """Return how many cells more than before have each outcome; fewer have it where they are tried again."""
    for outcome in OUTCOMES:
        yield outcome, max(0, getattr(after, outcome) - getattr(before, outcome))
