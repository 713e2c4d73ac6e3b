"""A small HTTP server that answers as a test has told it: for what a real API server does too rarely."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.term import Gate, let_pass

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ApiServer:
    """Answers each request with the next answer; the last one stays."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def then(self, *answers: Answer) -> "ApiServer":
        self.answers += answers
        return self

    async def asked(self, times: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(10):
            while len(self.requests) < times:
                self._news.clear()
                await self._news.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, dict(request.query)))
        self.headers.append(dict(request.headers))
        self._news.set()
        text = await request.text()
        self.bodies.append(json.loads(text) if text else None)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def say(document: Any, status: int = 200) -> Answer:
    """Answer with a document."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(document, status=status)

    return answer


def refuse(status: int, message: str = "no") -> Answer:
    """Answer with a Status as the API server does."""
    return say({"kind": "Status", "code": status, "message": message}, status)


async def hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def stream(*lines: Any, cut: bytes = b"", pieces: int = 10_000) -> Answer:
    """Answer a watch with these changes, in pieces of so many bytes; then send `cut` and end or break."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines) + cut
        for start in range(0, len(data), pieces):
            await response.write(data[start : start + pieces])
        if cut and request.transport is not None:
            request.transport.close()
        return response

    return answer


@asynccontextmanager
async def serving(
    server: ApiServer, tries: int = 3, gate: Gate = let_pass, **more: Any
) -> AsyncIterator[KubernetesClient]:
    """Serve, and give a client for it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    client = KubernetesClient(configuration, tries=tries, gate=gate, **more)
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()
