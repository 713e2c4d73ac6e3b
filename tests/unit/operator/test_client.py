"""The raw client against a server that misbehaves on request."""

from contextlib import aclosing
from typing import Any

import pytest
from kubernetes.aio.client import Configuration

from gridfold_operator.adapters.kubernetes import client as client_module
from gridfold_operator.adapters.kubernetes.client import JSON_PATCH, KubernetesClient
from gridfold_operator.errors import (
    ApiConflictError,
    ApiNotFoundError,
    ApiRefusedError,
    ApiUnavailableError,
    ClusterError,
    WatchGapError,
)
from tests.unit.operator.api_server import ApiServer, hang_up, refuse, say, serving, stream


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait between tries."""
    monkeypatch.setattr(client_module, "FIRST_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("passing", [refuse(429), refuse(500), refuse(503), refuse(401), hang_up])
async def test_what_may_pass_is_tried_again(passing: Any) -> None:
    server = ApiServer().then(passing, passing, say({"kind": "Pod"}))
    async with serving(server) as client:
        assert await client.get("/api/v1/x") == {"kind": "Pod"}
    assert len(server.requests) == 3


@pytest.mark.parametrize("passing", [refuse(429, "slow down"), refuse(503, "slow down")])
async def test_in_the_end_it_says_what_the_server_said(passing: Any) -> None:
    server = ApiServer().then(passing)
    async with serving(server) as client:
        with pytest.raises(ApiUnavailableError, match=r"GET /api/v1/x: (429|503): slow down"):
            await client.get("/api/v1/x")
    assert len(server.requests) == 3


async def test_a_server_that_hangs_up_is_unavailable() -> None:
    server = ApiServer().then(hang_up)
    async with serving(server) as client:
        with pytest.raises(ApiUnavailableError, match="no answer from the API server") as told:
            await client.get("/api/v1/x")
    assert told.value.retryable


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:1"
    client = KubernetesClient(configuration, tries=1)
    with pytest.raises(ApiUnavailableError, match="GET /api: no answer from the API server"):
        await client.get("/api")
    await client.close()


REFUSALS = [
    (400, ApiRefusedError),
    (403, ApiRefusedError),
    (404, ApiNotFoundError),
    (409, ApiConflictError),
    (410, WatchGapError),
    (422, ApiRefusedError),
]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
async def test_a_refusal_has_its_type_and_is_not_repeated(status: int, kind: type[ClusterError]) -> None:
    server = ApiServer().then(refuse(status, "because"))
    async with serving(server) as client:
        with pytest.raises(ClusterError, match=f"POST /api/v1/x: {status}: because") as told:
            await client.create("/api/v1/x", {})
    assert type(told.value) is kind
    assert len(server.requests) == 1


async def test_no_error_repeats_what_was_sent() -> None:
    server = ApiServer().then(refuse(422, "no"))
    async with serving(server) as client:
        with pytest.raises(ApiRefusedError) as told:
            await client.create("/api/v1/x", {"data": "the-secret"})
    assert "the-secret" not in str(told.value)


async def test_an_answer_that_is_no_json_is_shown_shortened() -> None:
    async def page(_: Any) -> Any:
        from aiohttp import web

        return web.Response(text="<html>" + "x" * 5000, status=403)

    async with serving(ApiServer().then(page)) as client:
        with pytest.raises(ApiRefusedError, match="<html>") as told:
            await client.get("/api/v1/x")
    assert len(str(told.value)) <= 1000


async def test_what_is_gone_already_is_as_good_as_deleted() -> None:
    server = ApiServer().then(refuse(404))
    async with serving(server) as client:
        await client.delete("/api/v1/x")
    assert server.bodies == [{"propagationPolicy": "Background"}]


@pytest.mark.parametrize(
    ("guard", "expected"), [({"version": "7"}, {"resourceVersion": "7"}), ({"uid": "u"}, {"uid": "u"})]
)
async def test_a_deletion_says_which_object_it_means_and_another_one_stays(
    guard: dict[str, str], expected: dict[str, str]
) -> None:
    server = ApiServer().then(refuse(409, "Precondition failed"))
    async with serving(server) as client:
        with pytest.raises(ApiConflictError, match="Precondition failed"):
            await client.delete("/api/v1/x", **guard)
    assert server.bodies == [{"propagationPolicy": "Background", "preconditions": expected}]


async def test_a_patch_says_what_kind_of_patch_it_is() -> None:
    server = ApiServer().then(say({}))
    async with serving(server) as client:
        await client.patch("/x", [{"op": "test", "path": "/a", "value": 1}], JSON_PATCH)
    assert server.headers[0]["Content-Type"] == "application/json-patch+json"


async def test_a_long_list_is_read_page_by_page() -> None:
    answers = [say({"metadata": {"continue": "c1"}, "items": [1, 2]}), say({"metadata": {}, "items": [3]})]
    server = ApiServer().then(*answers)
    async with serving(server) as client, aclosing(client.pages("/api/v1/pods", labelSelector="a=b")) as pages:
        assert [page["items"] async for page in pages] == [[1, 2], [3]]
    assert [query for _, _, query in server.requests] == [
        {"labelSelector": "a=b", "limit": "500"},
        {"labelSelector": "a=b", "limit": "500", "continue": "c1"},
    ]


async def test_a_short_list_is_read_at_once() -> None:
    server = ApiServer().then(say({"metadata": {}, "items": [1, 2]}))
    async with serving(server) as client:
        assert await client.items("/api/v1/pods", labelSelector="a=b") == [1, 2]
    assert [query for _, _, query in server.requests] == [{"labelSelector": "a=b"}]


async def test_an_empty_list_may_be_null() -> None:
    async with serving(ApiServer().then(say({"metadata": {}, "items": None}))) as client:
        assert await client.items("/api/v1/pods") == []


async def watched(client: KubernetesClient, version: str = "5") -> list[tuple[str, Any]]:
    async with aclosing(client.watch("/api/v1/pods", version, 60, labelSelector="a")) as changes:
        return [change async for change in changes]


@pytest.mark.parametrize("pieces", [1, 7, 100_000])
async def test_a_watch_gives_whole_changes_however_they_arrive(pieces: int) -> None:
    long = {"type": "ADDED", "object": {"message": "ü" * 3000}}
    server = ApiServer().then(stream(long, {"type": "BOOKMARK", "object": {}}, pieces=pieces))
    async with serving(server) as client:
        assert await watched(client) == [("ADDED", long["object"]), ("BOOKMARK", {})]
    _, _, query = server.requests[0]
    assert (query["resourceVersion"], query["watch"], query["labelSelector"]) == ("5", "true", "a")


async def test_a_watch_that_breaks_ends_after_its_last_whole_change() -> None:
    server = ApiServer().then(stream({"type": "ADDED", "object": {}}, cut=b'{"type": "ADD'))
    async with serving(server) as client:
        assert await watched(client) == [("ADDED", {})]


async def test_a_gap_is_told_whether_it_comes_as_an_answer_or_in_the_stream() -> None:
    gone = {"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}}
    for answer in (refuse(410, "too old resource version"), stream(gone)):
        async with serving(ApiServer().then(answer)) as client:
            with pytest.raises(WatchGapError, match=r"watch /api/v1/pods: 410: .*too old"):
                await watched(client)


async def test_metadata_is_asked_for_without_the_rest_of_the_objects() -> None:
    server = ApiServer().then(say({"items": [{"metadata": {"namespace": "a", "name": "b"}}]}))
    async with serving(server) as client:
        assert await client.metadata("/apis/x") == [{"namespace": "a", "name": "b"}]
    assert "PartialObjectMetadataList" in server.headers[0]["Accept"]


async def test_the_token_is_asked_for_at_every_request_because_it_is_rotated() -> None:
    server = ApiServer().then(say({}))
    async with serving(server) as client:
        configuration = client._configuration
        tokens = iter(["bearer old", "bearer new"])
        configuration.refresh_api_key_hook = lambda c: c.api_key.update(BearerToken=next(tokens))
        await client.get("/a")
        await client.get("/b")
    assert [headers["Authorization"] for headers in server.headers] == ["bearer old", "bearer new"]
