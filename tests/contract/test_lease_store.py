"""One suite over every LeaseStore: the fake, and the API server's Leases, in memory and on a real API server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from gridfold.engine.ports import ConflictError
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, KubernetesClient
from gridfold_operator.adapters.kubernetes.lease_store import LEASE_NAME, KubernetesLeaseStore
from gridfold_operator.errors import ApiRefusedError
from gridfold_operator.lease import LeaseRecord, LeaseStore
from tests.contract.fake_leases import FakeLeaseStore, Shelf
from tests.contract.memory_api import MemoryApi

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
RECORD = LeaseRecord("system/operator-0", 15, 2, MOMENT, MOMENT.replace(second=6))


@dataclass
class World:
    """Stores of one Lease, one for each process, and what somebody else does to it."""

    new_store: Callable[[], LeaseStore]
    touch: Callable[[], Awaitable[None]]
    delete: Callable[[], Awaitable[None]]

    def __post_init__(self) -> None:
        self.one, self.other = self.new_store(), self.new_store()


def fake_world() -> World:
    shelf = Shelf()

    async def touch() -> None:
        shelf.touch()

    async def delete() -> None:
        shelf.record = None

    return World(lambda: FakeLeaseStore(shelf), touch, delete)


def api_world(client: Any, namespace: str) -> World:
    path = paths.lease(namespace, LEASE_NAME)
    label = {"metadata": {"labels": {"seen": "yes"}}}
    touch = partial(client.patch, path, label, MERGE_PATCH)
    return World(lambda: KubernetesLeaseStore(client, namespace), touch, partial(client.delete, path))


@pytest.fixture(params=["fake", "memory", pytest.param("kubernetes", marks=pytest.mark.cluster)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield fake_world()
    elif request.param == "memory":
        yield api_world(MemoryApi(), "team")
    else:
        kubectl, namespace = request.getfixturevalue("kubectl"), request.getfixturevalue("namespace")
        configuration = Configuration()
        await config.load_kube_config(config_file=str(kubectl.kubeconfig), client_configuration=configuration)
        client = KubernetesClient(configuration, tries=1)
        try:
            yield api_world(client, namespace)
        finally:
            await client.close()


async def test_what_was_never_written_is_not_there(world: World) -> None:
    assert await world.one.read() is None


async def test_what_is_written_is_read_by_everybody_as_it_was(world: World) -> None:
    written = await world.one.write(RECORD)
    assert replace(written, version="") == RECORD
    assert written.version
    assert await world.one.read() == await world.other.read() == written


async def test_of_two_that_make_it_one_is_refused(world: World) -> None:
    await world.one.write(RECORD)
    with pytest.raises(ConflictError):
        await world.other.write(replace(RECORD, holder="system/operator-1"))


async def test_it_is_renewed_and_handed_over_with_a_new_version_each_time(world: World) -> None:
    first = await world.one.write(RECORD)
    second = await world.one.write(replace(first, renewed=MOMENT.replace(second=9)))
    third = await world.one.write(replace(second, holder=""))
    assert len({first.version, second.version, third.version}) == 3
    assert await world.other.read() == third
    assert third.holder == ""
    taken = await world.other.write(replace(third, holder="system/operator-1", transitions=3))
    assert (taken.holder, taken.transitions) == ("system/operator-1", 3)


async def test_whoever_has_read_an_older_version_writes_nothing(world: World) -> None:
    first = await world.one.write(RECORD)
    seen = await world.other.read()
    second = await world.one.write(replace(first, renewed=MOMENT.replace(second=9)))
    assert seen is not None
    with pytest.raises(ConflictError):
        await world.other.write(replace(seen, holder="system/operator-1"))
    assert await world.other.read() == second


async def test_a_label_of_somebody_else_is_a_new_version_and_stays(world: World) -> None:
    first = await world.one.write(RECORD)
    await world.touch()
    with pytest.raises(ConflictError):
        await world.one.write(first)
    found = await world.one.read()
    assert found is not None
    assert replace(found, version="") == RECORD
    await world.one.write(found)


async def test_what_was_deleted_is_not_written_as_if_it_were_there_and_can_be_made_anew(world: World) -> None:
    first = await world.one.write(RECORD)
    await world.delete()
    assert await world.other.read() is None
    with pytest.raises(ConflictError):
        await world.one.write(first)
    await world.one.write(replace(first, version=""))
    assert await world.other.read() is not None


async def test_labels_and_unknown_fields_beside_the_record_are_kept() -> None:
    api = MemoryApi()
    store = KubernetesLeaseStore(api, "team")  # type: ignore[arg-type]
    await store.write(RECORD)
    path = paths.lease("team", LEASE_NAME)
    await api.patch(path, {"metadata": {"labels": {"audit": "yes"}}}, MERGE_PATCH)
    found = await store.read()
    assert found is not None
    await store.write(replace(found, holder=""))
    (document,) = api.of_kind("leases").values()
    assert document["metadata"]["labels"] == {"audit": "yes"}
    assert "holderIdentity" not in document["spec"]


async def test_a_right_that_is_missing_is_no_conflict() -> None:
    api = MemoryApi(forbidden={("create", "leases")})
    with pytest.raises(ApiRefusedError, match="403"):
        await KubernetesLeaseStore(api, "team").write(RECORD)  # type: ignore[arg-type]


async def test_a_namespace_that_is_being_deleted_refuses_for_good() -> None:
    from gridfold_operator.errors import NamespaceLeavingError

    def leave(verb: str, _path: str) -> None:
        if verb == "create":
            raise NamespaceLeavingError("POST /leases: 403: it is being terminated")

    api = MemoryApi(before=leave)
    with pytest.raises(ApiRefusedError, match="it is being terminated"):
        await KubernetesLeaseStore(api, "team").write(RECORD)  # type: ignore[arg-type]


async def test_a_holder_that_somebody_made_up_is_one_line_of_bounded_length() -> None:
    api = MemoryApi()
    spec = {"holderIdentity": "a\n2026-01-01 CRITICAL \x1b[31mall is lost" + 5000 * "ü", "leaseDurationSeconds": 15}
    api.put(paths.lease("team", LEASE_NAME), {"metadata": {"name": LEASE_NAME, "namespace": "team"}, "spec": spec})
    found = await KubernetesLeaseStore(api, "team").read()  # type: ignore[arg-type]
    assert found is not None
    assert found.holder.startswith(r"a 2026-01-01 CRITICAL \u001b[31mall is lostüü")
    assert len(found.holder) == 63 + 1 + 253
