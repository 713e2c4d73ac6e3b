"""The loop of one run, without processes."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gridfold.api.status import TrainingJobStatus
from gridfold_cli.local import session


class Change(asyncio.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> bool:
        self.awaited.set()
        return await super().wait()


@pytest.mark.parametrize("turns", range(6))
async def test_an_interrupt_that_comes_together_with_a_change_ends_the_run(
    turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_to_do(*_: Any) -> float:
        return 600.0

    monkeypatch.setattr(session, "reconcile", nothing_to_do)
    cluster: Any = SimpleNamespace(key=None, status=TrainingJobStatus(), changed=Change())
    display: Any = SimpleNamespace(show_status=lambda _: None)
    loop = asyncio.create_task(session._reconcile_until_ended(cluster, display))
    await cluster.changed.awaited.wait()
    cluster.changed.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    loop.cancel()
    await asyncio.wait([loop], timeout=2)
    ended = loop.cancelled()
    loop.cancel()
    assert ended
