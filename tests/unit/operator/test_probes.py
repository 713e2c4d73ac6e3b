"""The probes' server."""

import aiohttp

from gridfold_operator.adapters.probes import serve_probes


async def fetch(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, (await response.text()).strip()


async def test_it_is_healthy_at_once_and_says_what_keeps_it_from_being_ready() -> None:
    missing = "the pods are not known yet"
    async with serve_probes(0, lambda: missing) as port:
        assert await fetch(port, "/healthz") == (200, "ok")
        assert await fetch(port, "/readyz") == (503, missing)
        missing = ""
        assert await fetch(port, "/readyz") == (200, "ok")


async def test_it_is_ready_although_there_is_something_to_be_known() -> None:
    async with serve_probes(0, lambda: "", lambda: "namespace b is not served: gone") as port:
        assert await fetch(port, "/readyz") == (200, "ok\nnamespace b is not served: gone")
