"""The client of the trainer's fork server, which starts every process and lets none outlive the command line."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SERVER = (sys.executable, "-m", "gridfold_trainer.forkserver")
#: The server ends what runs within two seconds, once it listens again; it may be importing.
CLOSE_SECONDS = 10.0


class ServerGoneError(Exception):
    """The server ended although nobody asked it to; with it ended everything it had started."""


class ForkServer:
    """Starts processes through one server, which is started with the first of them."""

    def __init__(self, environment: Mapping[str, str], log: Path, preload: Mapping[str, Any] | None) -> None:
        self._environment, self._log, self._preload = environment, log, preload
        self._process: asyncio.subprocess.Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._starting = asyncio.Lock()
        self._requests = 0

    async def run(self, request: Mapping[str, Any], grace_seconds: float) -> int:
        """Run one process to its end and return its exit code, negative for a signal.

        If this is cancelled, the process group gets SIGTERM, after the grace time SIGKILL, and is gone afterwards.

        Raises:
            OSError: it cannot be started.
            ServerGoneError: the server ended.
        """
        await self._ensure_started()
        self._requests += 1
        number = self._requests
        end = self._ends[number] = asyncio.get_running_loop().create_future()
        self._send_preload()
        self._send({"id": number, **request})
        try:
            return await asyncio.shield(end)
        except asyncio.CancelledError:
            self._send({"id": number, "signal": signal.SIGTERM})
            if end not in (await asyncio.wait([end], timeout=grace_seconds))[0]:
                self._send({"id": number, "signal": signal.SIGKILL})
                await asyncio.wait([end])
            raise

    async def close(self) -> None:
        """End the server, and with it all processes."""
        process, self._process = self._process, None
        if process is None or self._listener is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), CLOSE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        await self._listener

    async def _ensure_started(self) -> None:
        async with self._starting:
            if self._process is not None:
                return
            with self._log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *SERVER,
                    f"--parent={os.getpid()}",
                    f"--scratch={self._log.parent}",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    env=self._environment,
                    start_new_session=True,  # Ctrl-C on a terminal is for the command line alone
                )
            self._listener = asyncio.create_task(self._listen(self._process))

    def _send(self, document: Mapping[str, Any]) -> None:
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(document).encode() + b"\n")

    def _send_preload(self) -> None:
        """Let the server import what all need, once, before its first process is made."""
        if self._preload:
            self._send(self._preload)
            self._preload = None

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            answer = json.loads(line)
            end = self._ends.pop(answer["id"], None)
            if end is None or end.done():
                continue
            if "error" in answer:
                end.set_exception(OSError(answer["error"]))
            else:
                end.set_result(answer["end"])
        await process.wait()
        self._process = None if self._process is process else self._process
        for end in self._ends.values():
            if not end.done():
                end.set_exception(ServerGoneError(f"the fork server ended with {process.returncode}"))
        self._ends.clear()
