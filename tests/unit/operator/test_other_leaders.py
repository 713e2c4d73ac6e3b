"""Namespaces with a leader of their own, as an operator of all namespaces sees them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gridfold.api.status import State
from gridfold_operator import operator_process
from gridfold_operator.adapters.kubernetes.lease_store import LEASE_NAME, KubernetesLeaseStore, read_leases
from gridfold_operator.adapters.kubernetes.other_leaders import LOOK_SECONDS, OtherLeaders
from gridfold_operator.errors import ApiRefusedError, ApiUnavailableError
from gridfold_operator.lease import LeaseRecord
from gridfold_operator.metering.jobs import NO_STATUS
from tests.contract.memory_api import MemoryApi
from tests.unit.operator.played_jobs import NAMESPACE, Played
from tests.unit.operator.virtual_time import run_virtually

OWN = LeaseRecord("own/operator-1", 15, version="1")


class World:
    """What the operator reads, and what it makes of it."""

    def __init__(self) -> None:
        self.leases: dict[str, LeaseRecord] = {}
        self.error: Exception | None = None
        self.others = OtherLeaders(self.read, asyncio.get_running_loop().time)

    async def read(self) -> dict[str, LeaseRecord]:
        if self.error:
            raise self.error
        return dict(self.leases)

    async def live(self, seconds: float) -> None:
        """Have the holders renew their Leases for so long."""
        for _ in range(round(seconds)):
            self.leases = {name: replace(r, version=f"{r.version}+") for name, r in self.leases.items()}
            await asyncio.sleep(1)


def play(story: Callable[[World], Awaitable[None]]) -> None:
    async def scenario() -> None:
        world = World()
        task = asyncio.create_task(world.others.run())
        await story(world)
        task.cancel()

    run_virtually(scenario())


def test_a_namespace_is_left_to_its_leader_while_that_lives_and_served_again_when_it_has_handed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(world: World) -> None:
        assert await world.others.of("team-a") == ""
        world.leases["team-a"] = OWN
        await world.live(3600)
        assert await world.others.of("team-a") == "own/operator-1"
        assert await world.others.of("team-b") == ""
        world.leases["team-a"] = LeaseRecord("", 15, version="9")
        await asyncio.sleep(LOOK_SECONDS)
        assert await world.others.of("team-a") == ""

    with caplog.at_level(logging.INFO):
        play(story)
    assert caplog.text.count("namespace team-a is left to an operator of its own, own/operator-1") == 1
    assert caplog.text.count("namespace team-a is served with all others again: own/operator-1 is gone") == 1


def test_a_leader_that_is_not_heard_of_is_gone_after_its_leases_seconds_and_one_without_a_lease_at_once() -> None:
    async def story(world: World) -> None:
        world.leases = {"dead": OWN, "deleted": OWN}
        await asyncio.sleep(1)
        assert [await world.others.of(name) for name in world.leases] == ["own/operator-1"] * 2
        del world.leases["deleted"]
        await asyncio.sleep(LOOK_SECONDS)
        assert world.others.left == {"dead": "own/operator-1"}
        await asyncio.sleep(OWN.seconds)
        assert world.others.left == {}

    play(story)


def test_nothing_is_done_before_it_is_known_and_what_was_known_stays_so_while_nobody_answers() -> None:
    async def story(world: World) -> None:
        world.error = ApiUnavailableError("GET /leases: 503")
        asked = asyncio.create_task(world.others.of("team-a"))
        await asyncio.sleep(30)
        assert not asked.done()
        world.error, world.leases = None, {"team-a": OWN}
        assert await asked == "own/operator-1"
        world.error = ApiUnavailableError("GET /leases: 503")
        await asyncio.sleep(300)
        assert await world.others.of("team-a") == "own/operator-1"

    play(story)


def test_a_right_that_is_missing_is_told_once_and_all_is_served(caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        world.error = ApiRefusedError("GET /leases: 403: leases is forbidden", 403)
        await asyncio.sleep(100)
        assert await world.others.of("team-a") == ""

    play(story)
    assert caplog.text.count("so all namespaces are served: GET /leases: 403: leases is forbidden") == 1


async def test_leases_are_read_by_their_one_name_from_the_cache() -> None:
    api, asked = MemoryApi(), []

    async def items(path: str, **query: str) -> list[dict[str, object]]:
        asked.append((path, query))
        return [*api.of_kind("leases").values()]

    await KubernetesLeaseStore(api, "team-a").write(replace(OWN, version=""))  # type: ignore[arg-type]
    api.items = items  # type: ignore[method-assign]
    found = await read_leases(api)  # type: ignore[arg-type]
    assert {name: record.holder for name, record in found.items()} == {"team-a": "own/operator-1"}
    query = {"fieldSelector": f"metadata.name={LEASE_NAME}", "resourceVersion": "0"}
    assert asked == [("/apis/coordination.k8s.io/v1/leases", query)]


def test_jobs_of_a_namespace_with_an_operator_of_its_own_are_neither_touched_nor_counted_until_that_one_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leases = {NAMESPACE: OWN, "kube-system": LeaseRecord("another/of-all", 15, version="1")}

    async def read(_client: object) -> dict[str, LeaseRecord]:
        leases.update({name: replace(record, version=f"{record.version}+") for name, record in leases.items()})
        return dict(leases)

    monkeypatch.setattr(operator_process, "read_leases", read)
    played = Played()

    def counted() -> dict[str, float]:
        told = played.operator._metrics.registry.get_sample_value
        found = {state: told("gridfold_jobs", {"state": state}) for state in (NO_STATUS, *State)}
        return {state: jobs for state, jobs in found.items() if jobs}

    async def story() -> None:
        played.create("job", 1)
        for _ in range(200):
            await played.rest(1)
            assert counted() == {}
        assert not played.api.writes
        assert played.operator._remarks() == f"namespace {NAMESPACE} is served by own/operator-1"
        assert played.operator._not_ready() == ""
        del leases[NAMESPACE]
        await played.until(lambda: played.operator._remarks() == "")
        await played.until(lambda: counted() == {"Complete": 1})
        leases[NAMESPACE] = OWN
        await played.until(lambda: counted() == {})
        del leases[NAMESPACE]
        await played.until(lambda: counted() == {"Complete": 1})  # though it has ended long ago

    played.run(monkeypatch, story)
