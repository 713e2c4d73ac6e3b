"""What Prometheus is told: its names, what stands in it after turns and grants, and that no job makes a series."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace

import aiohttp
import pytest
from kubernetes.aio.client import Configuration
from prometheus_client.parser import text_string_to_metric_families

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.status import CellCounts, Condition, State, TrainingJobStatus
from gridfold.api.v1alpha1 import Metadata
from gridfold.domain.capacity.held import Held, Trouble
from gridfold.domain.observed import ObservedJob
from gridfold.engine.no_capacity import NoCapacity
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.probes import serve_probes
from gridfold_operator.errors import (
    ApiRefusedError,
    ApiUnavailableError,
    ForeignChildError,
    NamespaceLeavingError,
    WatchGapError,
)
from gridfold_operator.metering.calls import ApiCalls
from gridfold_operator.metering.jobs import OUTCOMES, MeteredCluster
from gridfold_operator.metering.nodes import MeteredCapacity
from gridfold_operator.metering.turns import timed
from gridfold_operator.metrics import Metrics
from tests.contract.fake_cluster import VALID_SPEC, FakeCluster
from tests.contract.worlds import start_wave
from tests.promtool import promtool
from tests.unit.operator.api_server import ApiServer, refuse, say, serving, stream
from tests.unit.operator.played_jobs import Played
from tests.unit.operator.told_metrics import OURS

KEY = JobKey("team", "job")


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
        self.metrics.watch_ages(lambda: 1.5, lambda: 2.5)
        self.metrics.watch_unserved(lambda: 1)
        self.metrics.watch_restarted("gap")
        self.calls = ApiCalls(self.metrics)
        self.calls.note("GET", "/api/v1/pods", True, 200)
        self.fake = FakeCluster()
        self.cluster = MeteredCluster(self.fake, self.metrics, lambda: self.now)
        self.capacity = MeteredCapacity(self.told, ["big"], self.metrics, lambda: self.now)

    async def see(self, held: Held | None, name: str = "job", *conditions: Condition) -> None:
        self.told.held = held
        status = TrainingJobStatus(conditions=[*conditions])
        await self.capacity.observe(ObservedJob(Metadata(name=name, namespace="team", uid=name), None, status))

    async def loaded(self, key: JobKey) -> ObservedJob:
        """Return a job that is there, as the operator loads it."""
        if key not in self.fake.documents:
            metadata = {"name": key.name, "namespace": key.namespace, "uid": key.name}
            self.fake.documents[key] = {
                "apiVersion": "gridfold.dev/v1alpha1",
                "kind": "TrainingJob",
                "metadata": {**metadata, "generation": 1, "resourceVersion": "1"},
                "spec": VALID_SPEC,
            }
        job = await self.cluster.load_job(key)
        assert job is not None
        return job

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


async def test_promtool_finds_nothing_to_say_about_the_names(world: World) -> None:
    await world.see(Held("big", nodes=1, launched=1, trouble=Trouble("ProviderFailed", "no")))
    checked = promtool("check", "metrics", stdin=await scraped(world.metrics))
    assert (checked.returncode, checked.stderr) == (0, "")
    wrong = promtool("check", "metrics", stdin="# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n")
    assert wrong.returncode != 0


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


async def test_a_job_is_troubled_for_the_reason_of_its_provider_or_when_its_status_says_that_nodes_are_late(
    world: World,
) -> None:
    def troubled() -> dict[str, float | None]:
        reasons = ("NodesLate", "ProviderFailed", "NodesRequested")
        told = {one: world.value("gridfold_capacity_troubled_jobs", provider="big", reason=one) for one in reasons}
        return {reason: jobs for reason, jobs in told.items() if jobs}

    def said(reason: Reason) -> Condition:
        when = "2026-01-01T00:00:00Z"
        return Condition(type=ConditionType.CAPACITY_READY, status="False", reason=reason, lastTransitionTime=when)

    held = Held("big", nodes=2, launched=1)
    await world.see(held, "job", said(Reason.NODES_REQUESTED))
    assert troubled() == {}
    await world.see(held, "job", said(Reason.NODES_LATE))
    await world.see(replace(held, trouble=Trouble("ProviderFailed", "no")), "other", said(Reason.NODES_LATE))
    assert troubled() == {"NodesLate": 1, "ProviderFailed": 1}
    await world.see(held, "job", said(Reason.NODES_REQUESTED))
    assert troubled() == {"ProviderFailed": 1}


async def test_nodes_of_a_job_that_is_left_to_another_operator_count_no_more(world: World) -> None:
    await world.see(Held("big", nodes=2, launched=2, trouble=Trouble("NodesLate", "no")))
    world.now = 4.0
    world.capacity.forget(KEY)
    world.now = 99.0
    assert world.nodes() == (0, 0, 8)
    assert world.value("gridfold_capacity_troubled_jobs", provider="big", reason="NodesLate") is None


async def test_names_that_jobs_make_up_are_one_series(world: World) -> None:
    for number in range(9):
        await world.see(Held(f"made-up-{number}", trouble=Trouble("ProviderUnknown", "no")), f"job-{number}")
    assert world.value("gridfold_capacity_troubled_jobs", provider="unknown", reason="ProviderUnknown") == 9
    assert "made-up" not in world.metrics.render("")[0].decode()


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/apis/gridfold.dev/v1alpha1/namespaces/team/trainingjobs/x", ("get", "trainingjobs")),
        (
            "PATCH",
            "/apis/gridfold.dev/v1alpha1/namespaces/team/trainingjobs/x/status",
            ("patch", "trainingjobs/status"),
        ),
        ("GET", "/apis/gridfold.dev/v1alpha1/trainingjobs", ("list", "trainingjobs")),
        ("POST", "/apis/batch/v1/namespaces/team/jobs", ("create", "jobs")),
        ("DELETE", "/apis/batch/v1/namespaces/team/jobs/x", ("delete", "jobs")),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/gf/leases/x", ("update", "leases")),
        ("GET", "/api/v1/namespaces/team", ("get", "namespaces")),
        ("GET", "/apis/cluster.x-k8s.io/v1beta2/namespaces/a/made-up/b/scale", ("get", "other")),
        ("GET", "/apis", ("list", "other")),
    ],
)
def test_requests_are_counted_by_verb_and_resource_and_what_is_made_up_is_one(
    world: World, method: str, path: str, labels: tuple[str, str]
) -> None:
    verb, resource = labels
    for code, shown in ((201, "201"), (0, "none"), (799, "other")):
        world.calls.note(method, path, False, code)
        assert world.value("gridfold_api_requests_total", verb=verb, resource=resource, code=shown) == 1


async def test_every_try_at_the_api_server_is_told_with_the_code_of_its_answer() -> None:
    told: list[tuple[str, str, bool, int]] = []
    server = ApiServer().then(refuse(503), say({}), stream(), refuse(410))
    async with serving(server, heard=lambda *call: told.append(call)) as client:
        await client.get("/a")
        async with aclosing(client.watch("/b", "1", 5)) as changes:
            assert [change async for change in changes] == []
        with pytest.raises(WatchGapError):
            await client.get("/c")
    assert told == [
        ("GET", "/a", False, 503),
        ("GET", "/a", False, 200),
        ("GET", "/b", True, 200),
        ("GET", "/c", False, 410),
    ]


async def test_a_try_without_an_answer_is_told_too() -> None:
    told: list[int] = []
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:1"
    client = KubernetesClient(configuration, tries=1, heard=lambda *call: told.append(call[3]))
    with pytest.raises(ApiUnavailableError):
        await client.get("/a")
    await client.close()
    assert told == [0]


async def test_jobs_are_counted_by_state_from_when_they_are_heard_of_until_they_are_gone(world: World) -> None:
    def jobs() -> dict[str, float | None]:
        states = ("NoStatus", "Running", "Complete")
        return {state: world.value("gridfold_jobs", state=state) for state in states}

    oldest = "gridfold_oldest_job_without_status_seconds"
    world.cluster.hear_of(KEY)
    world.now = 40.0
    other = JobKey("other", "b")
    world.cluster.hear_of(other)
    world.now = 50.0
    assert (jobs(), world.value(oldest)) == ({"NoStatus": 2, "Running": 0, "Complete": 0}, 50)
    job = await world.loaded(KEY)
    await world.cluster.save_status(job, TrainingJobStatus(state=State.RUNNING))
    assert (jobs(), world.value(oldest)) == ({"NoStatus": 1, "Running": 1, "Complete": 0}, 10)
    job = await world.loaded(KEY)
    await world.cluster.save_status(job, TrainingJobStatus(state=State.COMPLETE))
    world.cluster.keep(set(), "other")
    assert (jobs(), world.value(oldest)) == ({"NoStatus": 0, "Running": 0, "Complete": 1}, 0)
    world.fake.documents.clear()
    assert await world.cluster.load_job(KEY) is None
    assert jobs() == {"NoStatus": 0, "Running": 0, "Complete": 0}


async def test_a_cell_is_counted_once_across_restarts_and_again_when_another_run_computes_it(world: World) -> None:
    def cells() -> list[float | None]:
        return [world.value("gridfold_cells_total", outcome=outcome) for outcome in OUTCOMES]

    async def save(run: str, **counts: int) -> None:
        job = await world.loaded(KEY)
        await world.cluster.save_status(job, TrainingJobStatus(run_digest=run, cells=CellCounts(**counts)))

    await save("one", succeeded=2, failed=1, pending=5)
    await save("one", succeeded=4, failed=0, cached=1, infeasible=1)
    assert cells() == [4, 1, 1, 1]
    world.cluster = MeteredCluster(world.fake, restarted := Metrics(), lambda: world.now)
    await save("one", succeeded=5, cached=1, infeasible=1)
    assert restarted.registry.get_sample_value("gridfold_cells_total", {"outcome": "succeeded"}) == 1
    await save("two", succeeded=5)
    assert restarted.registry.get_sample_value("gridfold_cells_total", {"outcome": "succeeded"}) == 6


async def test_a_status_that_could_not_be_written_counts_no_cell(world: World) -> None:
    job = await world.loaded(KEY)
    world.fake.write(KEY)  # somebody has changed it meanwhile
    with pytest.raises(ConflictError):
        await world.cluster.save_status(job, TrainingJobStatus(run_digest="r", cells=CellCounts(succeeded=2)))
    assert world.value("gridfold_status_writes_total", result="conflict") == 1
    assert world.value("gridfold_status_writes_total", result="done") == 0
    assert world.value("gridfold_cells_total", outcome="succeeded") == 0


@pytest.mark.parametrize(("memory", "waves"), [("", 0), ("4Gi", 1)])
async def test_a_wave_with_more_memory_is_counted_once_however_often_it_is_applied(
    world: World, memory: str, waves: int
) -> None:
    job = await world.loaded(KEY)
    for _ in range(2):
        await world.cluster.apply(job, replace(start_wave(job), memory=memory))
    assert world.value("gridfold_out_of_memory_waves_total") == waves


def test_the_operator_counts_its_jobs_their_cells_and_its_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played()

    def told(name: str, **labels: str) -> float | None:
        return played.operator._metrics.registry.get_sample_value(name, labels)

    async def story() -> None:
        played.create("job", 3)
        await played.until(lambda: played.job("job").get("status", {}).get("state") == "Complete")
        assert told("gridfold_jobs", state="Complete") == 1
        assert told("gridfold_jobs", state="NoStatus") == told("gridfold_oldest_job_without_status_seconds") == 0
        assert told("gridfold_unserved_namespaces") == 0
        del played.api.documents[paths.training_job("team", "job")]
        await played.until(lambda: told("gridfold_jobs", state="Complete") == 0)

    played.run(monkeypatch, story)
    done = told("gridfold_reconcile_duration_seconds_count", result="done")
    assert done is not None
    assert done >= 4  # prepare, the cells, refit, and the end
    assert told("gridfold_cells_total", outcome="succeeded") == 3
    assert told("gridfold_status_writes_total", result="done") == len(played.seen)
    assert told("gridfold_queue_depth") == told("gridfold_queue_oldest_seconds") == 0
    assert told("gridfold_unserved_namespaces") == 1, "now nobody looks after them"
    assert told("gridfold_leader", served="all namespaces") is not None
    assert isinstance(played.operator._reconciler.capacity, MeteredCapacity)
