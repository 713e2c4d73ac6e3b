"""The watch over pods against a server that plays the API server's rarer moods."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from gridfold.engine.ports import JobKey
from gridfold_operator.adapters.kubernetes import pod_watch as module
from gridfold_operator.adapters.kubernetes.pod_watch import PodWatch
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.errors import ApiRefusedError
from tests.unit.operator import jobs
from tests.unit.operator.api_server import Answer, ApiServer, hang_up, refuse, say, serving, stream
from tests.unit.operator.jobs import pod_document

KEY = JobKey("team-a", "pima")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)


def page(*pods: dict[str, Any], version: str = "10", more: str = "") -> Answer:
    return say({"metadata": {"resourceVersion": version, "continue": more}, "items": list(pods)})


def change(kind: str, name: str, version: str, **status: Any) -> dict[str, Any]:
    document = pod_document(name, "job-1", **(status or {"phase": "Pending"}))
    document["metadata"]["resourceVersion"] = version
    return {"type": kind, "object": document}


async def quiet(_: Any) -> Any:
    """Answer nothing, as a watch does while nothing changes."""
    await asyncio.Event().wait()


async def watch(
    server: ApiServer, until: int, on_restart: Callable[[str], None] = lambda _: None
) -> tuple[PodStore, list[tuple[JobKey, bool]]]:
    """Watch until the server has got so many requests."""
    store = PodStore()
    news: list[tuple[JobKey, bool]] = []
    server.then(quiet)
    async with serving(server, tries=1) as client:
        on_news = lambda key, failed: news.append((key, failed))  # noqa: E731
        pods = PodWatch(client, store, on_news, 60, on_restart=on_restart)
        task = asyncio.create_task(pods.run("team-a"))
        await server.asked(until)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return store, news


def names(store: PodStore) -> list[str]:
    return sorted(pod.name for pod in store.of_job("job-1"))


async def test_it_lists_all_pages_and_watches_on_from_there() -> None:
    pages = [page(pod_document("a", "job-1", phase="Pending"), more="c"), page(pod_document("b", "job-1"))]
    server = ApiServer().then(*pages)
    store, news = await watch(server, until=3)
    assert names(store) == ["a", "b"]
    assert set(news) == {(KEY, False)}
    assert server.requests[2][2]["resourceVersion"] == "10"


async def test_changes_and_deletions_reach_the_store_and_tell_the_job() -> None:
    changes = stream(
        change("ADDED", "a", "11"),
        change("MODIFIED", "a", "12", **jobs.running()),
        change("ADDED", "b", "13"),
        change("DELETED", "b", "14"),
        {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "20"}}},
    )
    server = ApiServer().then(page(), changes)
    store, news = await watch(server, until=3)
    assert [(pod.name, pod.running) for pod in store.of_job("job-1")] == [("a", True)]
    assert news == [(KEY, False)] * 4
    assert server.requests[2][2]["resourceVersion"] == "20", "a bookmark is where a new watch starts"


async def test_a_pod_that_fails_is_told_as_such_once() -> None:
    failed = jobs.terminated(12, "Error")
    changes = stream(
        change("ADDED", "a", "11"),
        change("MODIFIED", "a", "12", **jobs.terminated(0, "Completed")),
        change("ADDED", "b", "13", **failed),
        change("MODIFIED", "b", "14", **failed),
    )
    _, news = await watch(ApiServer().then(page(), changes), until=3)
    assert news == [(KEY, False), (KEY, False), (KEY, True)]


async def test_after_a_gap_it_lists_again_and_finds_what_was_missed() -> None:
    server = ApiServer().then(page(pod_document("gone", "job-1")), refuse(410), page(pod_document("new", "job-1")))
    restarts: list[str] = []
    store, news = await watch(server, until=4, on_restart=restarts.append)
    assert restarts == ["gap"]
    assert names(store) == ["new"]
    assert len(news) == 2, "once for the first list, once for what was missed"


async def test_a_server_that_is_away_for_a_while_is_waited_for() -> None:
    server = ApiServer().then(hang_up, refuse(503), page(pod_document("a", "job-1")))
    restarts: list[str] = []
    store, _ = await watch(server, until=4, on_restart=restarts.append)
    assert restarts[-1] == "unavailable"
    assert names(store) == ["a"]


async def test_not_being_allowed_to_see_pods_any_more_is_raised_and_no_longer_ready() -> None:
    server = ApiServer().then(page(), refuse(403, "pods is forbidden"))
    async with serving(server, tries=1) as client:
        pods = PodWatch(client, PodStore(), lambda _key, _failed: None, 60)
        with pytest.raises(ApiRefusedError, match="pods is forbidden"):
            await pods.run("")
    assert len(server.requests) == 2
    assert not pods.has_listed("")


async def test_it_is_ready_once_a_namespace_has_been_listed() -> None:
    server = ApiServer().then(page(), quiet)
    async with serving(server, tries=1) as client:
        pods = PodWatch(client, PodStore(), lambda _key, _failed: None, 60)
        assert not pods.has_listed("a")
        task = asyncio.create_task(pods.run("a"))
        await server.asked(2)
        assert pods.has_listed("a")
        assert not pods.has_listed("b")
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("quiet", [True, False])
async def test_where_no_job_has_anything_to_do_no_list_is_due(quiet: bool) -> None:
    bookmark = stream({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "30"}}})

    async def answer(request: Any) -> Any:
        return await (bookmark if "watch" in request.query else page())(request)

    asked, enough = [], asyncio.Event()

    def is_quiet(namespace: str) -> bool:
        asked.append(namespace)
        if len(asked) == 3:
            enough.set()
        return quiet

    server = ApiServer().then(answer)
    async with serving(server, tries=1) as client:
        task = asyncio.create_task(PodWatch(client, PodStore(), lambda _key, _failed: None, 0.0, is_quiet).run("a"))
        async with asyncio.timeout(10):
            await enough.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    lists = sum("watch" not in query for _, _, query in server.requests)
    assert lists == (1 if quiet else 3)
    assert asked == ["a"] * 3
