"""What the suite of the Capacity port needs beside the port itself: an owner, a provider, time; two worlds of it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gridfold.api import labels
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import NONE, Metadata, TrainingJob
from gridfold.api.validation import parse_training_job
from gridfold.domain.capacity.held import Held, Shape, Trouble
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Event
from gridfold.engine.ports import Capacity, ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.capacity.drivers import build_drivers
from gridfold_operator.adapters.kubernetes.capacity.leases import Leases
from gridfold_operator.adapters.kubernetes.capacity.node_pool import POOL_LABEL
from gridfold_operator.adapters.kubernetes.capacity.port import KubernetesCapacity
from gridfold_operator.capacity_settings import CapacitySettings
from tests.contract.fake_cluster import VALID_SPEC
from tests.contract.memory_api import MemoryApi

PROVIDER = "big"
OTHER = "small"
SHAPE = {"cpu": "4", "memory": "16Gi"}
SYSTEM = "gridfold-system"


def karpenter(name: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of a provider."""
    node_class = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}
    requirements = [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]
    return {
        "name": name,
        "kind": "Karpenter",
        "shape": SHAPE,
        "nodeClassRef": node_class,
        "requirements": requirements,
        **changes,
    }


SETTINGS = CapacitySettings.model_validate(
    {"namespace": SYSTEM, "providers": [karpenter(PROVIDER, maxNodesPerJob=50), karpenter(OTHER)], "leaseSeconds": 600}
)


class CapacityWorld(Protocol):
    """One adapter of the port with everything around it."""

    capacity: Capacity

    def create(self, name: str, provider: str = PROVIDER) -> JobKey:
        """Have an owner create a job that names a provider."""

    def edit(self, key: JobKey, provider: str) -> None:
        """Have the owner name another provider."""

    def delete(self, key: JobKey) -> None:
        """Have the owner delete a job."""

    def load(self, key: JobKey) -> ObservedJob | None:
        """Return a job as it is now, None where it is gone."""

    def bring(self, nodes: int) -> None:
        """Have the provider bring so many nodes for each job, as far as it may."""

    def take(self) -> None:
        """Have the provider end the nodes that have been handed back."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


@dataclass
class Notebook:
    """Keeps events."""

    events: list[Event] = field(default_factory=list)

    async def record(self, job: ObservedJob, event: Event) -> None:
        self.events.append(event)


@dataclass
class MemoryWorld:
    """KubernetesCapacity on an API server in memory, with Karpenter as far as it can be seen."""

    api: MemoryApi = field(default_factory=MemoryApi)
    time: datetime = datetime(2026, 1, 1, microsecond=400_000, tzinfo=UTC)  #: the API server's are whole seconds
    notebook: Notebook = field(default_factory=Notebook)
    created: int = 0
    settings: CapacitySettings = SETTINGS
    parsed: dict[str, TrainingJob] = field(default_factory=dict)  #: by resourceVersion

    def __post_init__(self) -> None:
        self.api.now = lambda: self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.leases = Leases(self.api, self, SYSTEM, self.settings.lease_seconds)  # type: ignore[arg-type]
        self.drivers = build_drivers(self.api, self.settings, self)  # type: ignore[arg-type]
        self.start()

    def start(self) -> None:
        """Have a new process of the operator, which remembers nothing."""
        self.capacity = KubernetesCapacity(
            self.api,  # type: ignore[arg-type]
            self.leases,
            self.drivers,
            self.settings,
            self,
            self.notebook,
        )

    def now(self) -> datetime:
        return self.time

    def create(self, name: str, provider: str = PROVIDER) -> JobKey:
        self.created += 1
        metadata = {"name": name, "namespace": "team", "uid": f"uid-{self.created}", "generation": 1}
        spec = {**VALID_SPEC, "capacity": {"provider": provider}}
        document = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": metadata, "spec": spec}
        self.api.put(paths.training_job("team", name), document)
        return JobKey("team", name)

    def edit(self, key: JobKey, provider: str) -> None:
        path = paths.training_job(key.namespace, key.name)
        before = self.api.objects[path]
        metadata = {**before["metadata"], "generation": before["metadata"]["generation"] + 1}
        spec = {**before["spec"], "capacity": {"provider": provider}}
        self.api.put(path, {**before, "metadata": metadata, "spec": spec})

    def delete(self, key: JobKey) -> None:
        self.api.remove(paths.training_job(key.namespace, key.name))

    def load(self, key: JobKey) -> ObservedJob | None:
        document = self.api.objects.get(paths.training_job(key.namespace, key.name))
        if document is None or document["metadata"].get("deletionTimestamp"):
            return None
        version = document["metadata"]["resourceVersion"]
        if version not in self.parsed:
            self.parsed[version] = parse_training_job(document)
        job = self.parsed[version]
        return ObservedJob(job.metadata, job.spec, TrainingJobStatus())

    def bring(self, nodes: int) -> None:
        for pool in self.api.of_kind("nodepools").values():
            name = pool["metadata"]["name"]
            for number in range(min(nodes, int(pool["spec"]["limits"]["nodes"]))):
                self.api.put(*_claim(name, number))

    def take(self) -> None:
        pools = {pool["metadata"]["name"] for pool in self.api.of_kind("nodepools").values()}
        for path, claim in self.api.of_kind("nodeclaims").items():
            if claim["metadata"]["labels"][POOL_LABEL] not in pools:
                self.api.remove(path)

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def _claim(pool: str, number: int) -> tuple[str, dict[str, Any]]:
    name = f"{pool}-{number}"
    conditions = [{"type": kind, "status": "True"} for kind in ("Launched", "Registered", "Initialized")]
    document = {
        "metadata": {"name": name, "labels": {POOL_LABEL: pool}},
        "status": {"nodeName": f"node-{name}", "conditions": conditions},
    }
    return f"{paths.KARPENTER}/nodeclaims/{name}", document


@dataclass
class FakeCapacity:
    """Implements gridfold.engine.ports.Capacity in a few lines: what is held, by job."""

    held: dict[str, Held] = field(default_factory=dict)  #: by uid
    jobs: dict[JobKey, Metadata] = field(default_factory=dict)
    deleted: set[JobKey] = field(default_factory=set)
    trouble: Trouble | None = None
    clock: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    async def observe(self, job: ObservedJob) -> Held | None:
        wanted = job.spec.capacity.provider if job.spec else NONE
        found = self.held.get(job.metadata.uid)
        if found is None:
            return None if wanted == NONE else replace(self._nothing(wanted), trouble=self._trouble(wanted))
        return replace(found, trouble=self._trouble(found.provider))

    async def ensure(self, job: ObservedJob, nodes: int) -> None:
        self._check(job)
        provider = job.spec.capacity.provider if job.spec else NONE
        before = self.held.get(job.metadata.uid)
        if before and (before.leaving or before.provider != provider):
            raise ConflictError("the nodes are to be handed back first")
        if provider in {PROVIDER, OTHER}:
            before = before or replace(self._nothing(provider), bound=True)
            since = before.since if before.nodes == nodes else self.clock
            self.held[job.metadata.uid] = replace(before, nodes=nodes, since=since)

    async def release(self, job: ObservedJob) -> None:
        self._release(job.metadata.uid)

    async def let_go(self, key: JobKey) -> float | None:
        metadata = self.jobs.get(key)
        if metadata is None or key not in self.deleted:
            return None
        self._release(metadata.uid)
        if metadata.uid in self.held:
            return 2.0
        del self.jobs[key]
        return None

    def _release(self, uid: str) -> None:
        held = self.held.get(uid)
        if held is not None and held.launched:
            self.held[uid] = replace(held, leaving=True, nodes=0)
        else:
            self.held.pop(uid, None)

    def _check(self, job: ObservedJob) -> None:
        key = JobKey(job.metadata.namespace, job.metadata.name)
        now = self.jobs.get(key)
        if (
            now is None
            or key in self.deleted
            or (now.uid, now.generation) != (job.metadata.uid, job.metadata.generation)
        ):
            raise ConflictError("the job has changed since")

    def _nothing(self, provider: str) -> Held:
        most = {PROVIDER: 50}.get(provider)
        shape = Shape({}) if provider in {PROVIDER, OTHER} else None
        return Held(provider, shape=shape, most_nodes=most)

    def _trouble(self, provider: str) -> Trouble | None:
        known = provider in {PROVIDER, OTHER, NONE}
        return self.trouble if known else Trouble("ProviderUnknown", f"{provider}: there are {PROVIDER}, {OTHER}")


class FakeCapacityWorld:
    """The world around the fake."""

    def __init__(self) -> None:
        self.capacity = FakeCapacity()
        self.providers: dict[JobKey, str] = {}
        self.created = 0

    def create(self, name: str, provider: str = PROVIDER) -> JobKey:
        self.created += 1
        key = JobKey("team", name)
        self.providers[key] = provider
        self.capacity.jobs[key] = Metadata(name=name, namespace="team", uid=f"uid-{self.created}")
        self.capacity.deleted.discard(key)
        return key

    def edit(self, key: JobKey, provider: str) -> None:
        before = self.capacity.jobs[key]
        self.capacity.jobs[key] = before.model_copy(update={"generation": before.generation + 1})
        self.providers[key] = provider

    def delete(self, key: JobKey) -> None:
        if self.capacity.jobs[key].uid in self.capacity.held:
            self.capacity.deleted.add(key)
        else:
            del self.capacity.jobs[key]

    def load(self, key: JobKey) -> ObservedJob | None:
        metadata = self.capacity.jobs.get(key)
        if metadata is None or key in self.capacity.deleted:
            return None
        bound = (labels.CAPACITY_FINALIZER,) if metadata.uid in self.capacity.held else ()
        metadata = metadata.model_copy(update={"finalizers": bound})
        document = {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": key.name},
            "spec": {**VALID_SPEC, "capacity": {"provider": self.providers[key]}},
        }
        return ObservedJob(metadata, parse_training_job(document).spec, TrainingJobStatus())

    def bring(self, nodes: int) -> None:
        for uid, held in self.capacity.held.items():
            there = frozenset(f"node-{number}" for number in range(min(nodes, held.nodes)))
            self.capacity.held[uid] = replace(held, launched=len(there), ready=there)

    def take(self) -> None:
        for uid, held in self.capacity.held.items():
            if held.leaving:
                self.capacity.held[uid] = replace(held, launched=0, ready=frozenset())

    def wait(self, seconds: float) -> None:
        self.capacity.clock += timedelta(seconds=seconds)
