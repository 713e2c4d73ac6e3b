"""What Prometheus is told: its names, what stands in it after turns and grants, and that no job makes a series."""

import asyncio
from dataclasses import dataclass, replace

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import Metadata
from gridfold.domain.capacity.held import Held, Trouble
from gridfold.domain.observed import ObservedJob
from gridfold.engine.no_capacity import NoCapacity
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.probes import serve_probes
from gridfold_operator.errors import ApiRefusedError, ApiUnavailableError, ForeignChildError, NamespaceLeavingError
from gridfold_operator.metering import MeteredCapacity, timed
from gridfold_operator.metrics import Metrics
from tests.unit.operator.played_jobs import Played

KEY = JobKey("team", "job")
OURS = {
    "gridfold_build_info": ("gauge", {"version"}),
    "gridfold_leader": ("gauge", {"served"}),
    "gridfold_queue_depth": ("gauge", set()),
    "gridfold_reconcile_duration_seconds": ("histogram", {"result"}),
    "gridfold_capacity_requested_nodes": ("gauge", {"provider"}),
    "gridfold_capacity_ready_nodes": ("gauge", {"provider"}),
    "gridfold_capacity_node_seconds": ("counter", {"provider"}),  # the parser takes _total away
    "gridfold_capacity_troubled_jobs": ("gauge", {"provider", "reason"}),
}


@dataclass
class Told(NoCapacity):
    """A Capacity that observes what it is told to."""

    held: Held | None = None
    again: float | None = None

    async def observe(self, job: ObservedJob) -> Held | None:
        return self.held

    async def let_go(self, key: JobKey) -> float | None:
        return self.again


@dataclass
class World:
    """Metrics of one provider, with a clock that is set by hand."""

    def __post_init__(self) -> None:
        self.now, self.metrics, self.told = 0.0, Metrics(), Told()
        self.metrics.watch_queue(lambda: 3)
        self.metrics.watch_leading(["", "team"], lambda name: name == "team")
        self.capacity = MeteredCapacity(self.told, ["big"], self.metrics, lambda: self.now)

    async def see(self, held: Held | None, name: str = "job") -> None:
        self.told.held = held
        await self.capacity.observe(
            ObservedJob(Metadata(name=name, namespace="team", uid=name), None, TrainingJobStatus())
        )

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def nodes(self, provider: str = "big") -> tuple[float | None, ...]:
        names = ("requested_nodes", "ready_nodes", "node_seconds_total")
        return tuple(self.value(f"gridfold_capacity_{name}", provider=provider) for name in names)


@pytest.fixture
def world() -> World:
    return World()


async def scraped(metrics: Metrics) -> str:
    """Return what the real endpoint answers to a scraper of the text format."""
    async with (
        serve_probes(0, lambda: "", render=metrics.render) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as response,
    ):
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        return await response.text()


async def test_the_endpoint_tells_these_metrics_in_base_units_with_these_labels_and_no_others(world: World) -> None:
    await world.see(Held("big", nodes=1, launched=1, trouble=Trouble("ProviderFailed", "no")))
    families = {found.name: found for found in text_string_to_metric_families(await scraped(world.metrics))}
    found = {
        name: (family.type, {label for sample in family.samples for label in sample.labels} - {"le"})
        for name, family in families.items()
        if name.startswith("gridfold_")
    }
    assert found == OURS
    assert all(family.documentation for family in families.values())
    assert {"process_resident_memory_bytes", "process_cpu_seconds", "python_info"} <= families.keys()


async def test_without_metrics_the_probes_server_has_no_such_page() -> None:
    async with serve_probes(0, lambda: "") as port, aiohttp.ClientSession() as session:
        assert (await session.get(f"http://127.0.0.1:{port}/metrics")).status == 404


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (None, "done"),
        (ConflictError("changed"), "conflict"),
        (NamespaceLeavingError("it goes"), "conflict"),
        (ApiRefusedError("403: quota", 403), "refused"),
        (ForeignChildError("not ours"), "refused"),
        (ApiUnavailableError("503"), "unavailable"),
        (KeyError("ours"), "exception"),
    ],
)
async def test_a_turn_is_counted_and_timed_by_how_it_ended(world: World, error: Exception | None, result: str) -> None:
    async def handle(_: JobKey) -> None:
        if error:
            raise error

    (told,) = await asyncio.gather(timed(handle, world.metrics)(KEY), return_exceptions=True)
    assert told is error
    counts = {
        found: world.value("gridfold_reconcile_duration_seconds_count", result=found)
        for found in ("done", "conflict", "refused", "unavailable", "exception")
    }
    assert counts == {**dict.fromkeys(counts, 0.0), result: 1.0}


async def test_nodes_of_all_jobs_are_told_by_provider_and_gone_when_they_are_handed_back(world: World) -> None:
    assert world.nodes() == (0, 0, 0)
    held = Held("big", nodes=3, launched=2, ready=frozenset({"a"}))
    await world.see(held)
    await world.see(replace(held, arrived=3), "other")
    assert world.nodes() == (6, 4, 0)
    world.now = 10.0
    assert world.nodes() == (6, 4, 40)
    await world.see(None)
    await world.capacity.let_go(JobKey("team", "other"))
    world.now = 99.0
    assert world.nodes() == (0, 0, 40)


async def test_node_seconds_are_those_of_nodes_that_were_there_from_look_to_look(world: World) -> None:
    for now, launched in ((0.0, 0), (5.0, 2), (15.0, 1), (20.0, 0), (30.0, 0)):
        world.now = now
        await world.see(Held("big", nodes=2, launched=launched))
    assert world.nodes() == (2, 0, 2 * 10 + 1 * 5)


async def test_nodes_of_a_job_that_is_being_deleted_count_until_they_are_gone(world: World) -> None:
    await world.see(Held("big", nodes=2, launched=2))
    world.told.again, world.now = 2.0, 4.0
    await world.capacity.let_go(KEY)
    assert world.nodes() == (2, 0, 8)
    world.told.again = None
    await world.capacity.let_go(KEY)
    assert world.nodes() == (0, 0, 8)


async def test_names_that_jobs_make_up_are_one_series(world: World) -> None:
    for number in range(9):
        await world.see(Held(f"made-up-{number}", trouble=Trouble("ProviderUnknown", "no")), f"job-{number}")
    assert world.value("gridfold_capacity_troubled_jobs", provider="unknown", reason="ProviderUnknown") == 9
    assert "made-up" not in world.metrics.render("")[0].decode()


def test_the_operator_counts_the_turns_of_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played()

    async def story() -> None:
        played.create("job", 1)
        await played.until(lambda: played.job("job").get("status", {}).get("state") == "Complete")

    played.run(monkeypatch, story)
    registry = played.operator._metrics.registry
    done = registry.get_sample_value("gridfold_reconcile_duration_seconds_count", {"result": "done"})
    assert done is not None
    assert done >= 4  # prepare, the cell, refit, and the end
    assert registry.get_sample_value("gridfold_queue_depth") == 0
    assert registry.get_sample_value("gridfold_leader", {"served": "all namespaces"}) is not None
    assert isinstance(played.operator._reconciler.capacity, MeteredCapacity)
