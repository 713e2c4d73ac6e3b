"""Tasks that stand and fall together."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from typing import Any


async def run_together(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run parts that never end until one does; see `wait_together`."""
    await wait_together([asyncio.create_task(part) for part in parts])


async def wait_together(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait until the first of some tasks ends, end all others, and raise what it has raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
