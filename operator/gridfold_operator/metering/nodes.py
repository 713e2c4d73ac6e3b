"""What is measured of the nodes of jobs."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gridfold.api.conditions import ConditionType, Reason
from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import Capacity, JobKey
from gridfold_operator.metrics import Metrics

Monotonic = Callable[[], float]
#: In place of the name of a provider that is not configured: what jobs name is not bounded.
UNKNOWN = "unknown"
REQUESTED, READY = "gridfold_capacity_requested_nodes", "gridfold_capacity_ready_nodes"
SECONDS, TROUBLED = "gridfold_capacity_node_seconds", "gridfold_capacity_troubled_jobs"


@dataclass(frozen=True)
class _Seen:
    """What was seen of the nodes of one job, when it was looked at last."""

    provider: str
    requested: int
    ready: int
    there: int
    trouble: str
    at: float


class MeteredCapacity(Collector):
    """Implements gridfold.engine.ports.Capacity by another, and remembers what was observed of jobs that hold nodes.

    Node-seconds are of nodes that this process has seen: what is there counts from one look to the next.
    """

    def __init__(
        self, capacity: Capacity, providers: Sequence[str], metrics: Metrics, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._capacity, self._monotonic = capacity, monotonic
        self._providers = tuple(providers)
        self._seen: dict[JobKey, _Seen] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        metrics.registry.register(self)

    async def observe(self, job: ObservedJob) -> Held | None:
        """Return what is held for a job."""
        held = await self._capacity.observe(job)
        self._note(JobKey(job.metadata.namespace, job.metadata.name), held, is_late=_is_late(job))
        return held

    async def ensure(self, job: ObservedJob, nodes: int) -> None:
        """Have so many nodes in all for a job."""
        await self._capacity.ensure(job, nodes)

    async def release(self, job: ObservedJob) -> None:
        """Hand back whatever is held for a job."""
        await self._capacity.release(job)

    async def let_go(self, key: JobKey) -> float | None:
        """Hand back what is held for a job that is gone or being deleted."""
        again = await self._capacity.let_go(key)
        if again is None:
            self._note(key, None)
        return again

    def forget(self, key: JobKey) -> None:
        """Forget what a job holds that another operator looks after."""
        self._note(key, None)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are known, and nothing is collected before somebody asks."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return what is held of each provider now, as it was seen last."""
        held, now = [*self._seen.values()], self._monotonic()
        requested, ready, seconds = Counter[str](), Counter[str](), self._seconds.copy()
        troubled = Counter[tuple[str, str]]()
        for seen in held:
            requested[seen.provider] += seen.requested
            ready[seen.provider] += seen.ready
            seconds[seen.provider] += _passed(seen, now)
            if seen.trouble:
                troubled[seen.provider, seen.trouble] += 1
        yield _gauges(REQUESTED, "Nodes that jobs have been granted of a provider.", self._by_provider(requested))
        yield _gauges(READY, "Nodes of these on which pods can run.", self._by_provider(ready))
        words = "Seconds of nodes that jobs have had, nodes times how long they were there."
        counter = CounterMetricFamily(SECONDS, words, labels=["provider"])
        for provider, value in self._by_provider(seconds).items():
            counter.add_metric([provider], value)
        yield counter
        words = "Jobs whose provider does not give what was asked for, by the reason that CapacityReady shows."
        trouble = GaugeMetricFamily(TROUBLED, words, labels=["provider", "reason"])
        for labels, jobs in sorted(troubled.items()):
            trouble.add_metric([*labels], jobs)
        yield trouble

    def _by_provider(self, values: Mapping[str, float]) -> dict[str, float]:
        return {**dict.fromkeys(self._providers, 0.0), **values}

    def _note(self, key: JobKey, held: Held | None, *, is_late: bool = False) -> None:
        now, before = self._monotonic(), self._seen.pop(key, None)
        if before is not None and before.there:
            self._seconds[before.provider] += _passed(before, now)
        if held is not None and (held.anything or held.trouble):
            provider = held.provider if held.provider in self._providers else UNKNOWN
            trouble = held.trouble.reason if held.trouble else Reason.NODES_LATE if is_late else ""
            self._seen[key] = _Seen(provider, held.nodes, held.ready_nodes, held.launched, trouble, now)


def _is_late(job: ObservedJob) -> bool:
    """Tell whether the status said last that nodes do not come and nobody says why."""
    told = (one.reason for one in job.status.conditions if one.type == ConditionType.CAPACITY_READY)
    return Reason.NODES_LATE in told


def _passed(seen: _Seen, now: float) -> float:
    return seen.there * (now - seen.at)


def _gauges(name: str, words: str, values: dict[str, float]) -> Metric:
    gauge = GaugeMetricFamily(name, words, labels=["provider"])
    for provider, value in values.items():
        gauge.add_metric([provider], value)
    return gauge
