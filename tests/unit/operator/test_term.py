"""What is written is written within a term, and nothing after it, by whatever way it would have gone."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from gridfold_operator.adapters.kubernetes.capacity.aws.cloud import BotoCloud
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, KubernetesClient
from gridfold_operator.errors import NotLeadingError
from gridfold_operator.term import Term, check_term, within
from tests.unit.operator.api_server import ApiServer, hang_up, say, serving


class World:
    """A term with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.term = Term("the Lease team/gridfold-operator", 10.0, lambda: self.now)


WRITES = [
    lambda client: client.create("/jobs", {}),
    lambda client: client.patch("/jobs/a", {}, MERGE_PATCH),
    lambda client: client.replace("/jobs/a", {}),
    lambda client: client.delete("/jobs/a"),
]


@pytest.mark.parametrize("write", WRITES)
async def test_every_kind_of_write_asks_first_and_is_not_sent_where_the_term_is_over(write: Any) -> None:
    world, server = World(), ApiServer().then(say({}))
    async with serving(server, gate=check_term) as client:
        with within(world.term):
            await write(client)
            world.now = 10.0
            with pytest.raises(NotLeadingError, match="no longer holds the Lease team/gridfold-operator"):
                await write(client)
        with pytest.raises(NotLeadingError, match="nothing says that this operator leads"):
            await write(client)
    assert len(server.requests) == 1


async def test_a_write_that_is_tried_again_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def hang_up_for_long(request: web.Request) -> web.Response:
        world.now = 10.0
        return await hang_up(request)

    server = ApiServer().then(hang_up_for_long, say({}))
    async with serving(server, gate=check_term) as client:
        with within(world.term), pytest.raises(NotLeadingError):
            await client.create("/jobs", {})
    assert len(server.requests) == 1


async def test_reading_needs_no_term() -> None:
    async with serving(ApiServer().then(say({"items": []})), gate=check_term) as client:
        assert await client.items("/jobs") == []


async def test_whoever_needs_not_lead_may_write() -> None:
    server = ApiServer().then(say({}))
    async with serving(server) as client:
        await client.create("/jobs", {})
    assert len(server.requests) == 1


async def test_a_cloud_asks_before_what_changes_something_alone() -> None:
    called: list[str] = []

    class Client:
        def __getattr__(self, operation: str) -> Any:
            return lambda **_: called.append(operation) or {}

    world, cloud = World(), BotoCloud("eu", {"autoscaling": Client()}, check_term)
    world.now = 10.0
    with within(world.term):
        await cloud.call("autoscaling", "describe_auto_scaling_groups")
        with pytest.raises(NotLeadingError):
            await cloud.call("autoscaling", "set_desired_capacity")
        world.now = 0.0
    with within(World().term):
        await cloud.call("autoscaling", "set_desired_capacity")
    assert called == ["describe_auto_scaling_groups", "set_desired_capacity"]


async def test_what_a_turn_starts_beside_itself_is_within_its_term_and_other_turns_are_not() -> None:
    world, other = World(), World()
    other.term.end()

    async def turn(term: Term) -> str:
        with within(term):
            try:
                await asyncio.gather(asyncio.to_thread(check_term), asyncio.create_task(_check()))
            except NotLeadingError:
                return "refused"
            return "done"

    assert await asyncio.gather(turn(world.term), turn(other.term)) == ["done", "refused"]


async def _check() -> None:
    await asyncio.sleep(0)
    check_term()


def test_a_term_that_is_over_stays_over() -> None:
    world = World()
    world.term.extend(20.0)
    world.now = 15.0
    assert not world.term.is_over()
    assert world.term.seconds_left == 5.0
    world.now = 20.0
    assert world.term.seconds_left == 0.0
    world.term.extend(99.0)
    world.now = 1.0
    assert world.term.is_over()


def test_clients_of_the_operator_are_gated_and_the_one_of_its_lease_is_not() -> None:
    from kubernetes.aio.client import Configuration

    from gridfold_operator.operator_process import Operator
    from gridfold_operator.settings import OperatorSettings, TrainerSettings

    async def build() -> tuple[KubernetesClient, KubernetesClient]:
        operator = Operator(OperatorSettings(trainer=TrainerSettings(image="t")), Configuration())
        clients = operator._client, operator._lease_client
        for client in clients:
            await client.close()
        return clients

    gated, free = asyncio.run(build())
    assert gated._gate is check_term
    assert free._gate is not check_term
