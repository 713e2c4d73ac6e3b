"""What the kubelet asks: /healthz (does the loop turn?) and /readyz (does it see the cluster?). Prometheus: /metrics.

A server of its own, so that it answers before kopf runs and whatever kopf does.
"""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Render = Callable[[str], tuple[bytes, str]]


@asynccontextmanager
async def serve_probes(
    port: int, missing: Callable[[], str], remarks: Callable[[], str] = lambda: "", render: Render | None = None
) -> AsyncIterator[int]:
    """Serve the probes while the block runs and give the port.

    `missing` says what keeps it from being ready (""), `remarks` what is to be known although it is. `render` returns
    the metrics in a format that is accepted (the header), with its content type.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        words = missing()
        if words:
            return web.Response(text=f"{words}\n", status=503)
        return web.Response(text="\n".join(filter(None, ("ok", remarks()))) + "\n")

    async def metrics(request: web.Request) -> web.Response:
        if render is None:
            raise web.HTTPNotFound
        body, content_type = render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, _listen(port)).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _listen(port: int) -> socket.socket:
    """Return one socket for IPv4 and IPv6, as far as the machine has them."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))
