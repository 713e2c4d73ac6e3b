"""Processes that end as a test says, when a test says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gridfold.api.exit_codes import ExitCode
from gridfold.domain.observed import ProcessEnd
from gridfold_cli.local.processes import Attempt


def end(code: int, message: str = "") -> ProcessEnd:
    return ProcessEnd(code, "Error" if code else "Completed", message)


@dataclass
class ScriptedProcesses:
    """Every attempt ends with the next code of its index' script; one that has no more codes ends well."""

    script: dict[int | None, list[int]] = field(default_factory=dict)
    messages: dict[int | None, str] = field(default_factory=dict)
    started: list[int | None] = field(default_factory=list)
    stopped: list[int | None] = field(default_factory=list)
    hears: list[Callable[[str], None] | None] = field(default_factory=list)  #: by the order in which they started
    at_once: int = 0
    most_at_once: int = 0
    hold: asyncio.Event | None = None
    when_started: Callable[[], None] = lambda: None

    async def run(self, attempt: Attempt) -> ProcessEnd:
        self.started.append(attempt.index)
        self.hears.append(attempt.hear)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.when_started()
        try:
            await asyncio.sleep(0)
            if self.hold:
                await self.hold.wait()
        except asyncio.CancelledError:
            self.stopped.append(attempt.index)
            raise
        finally:
            self.at_once -= 1
        codes = self.script.get(attempt.index, [])
        said = self.messages.get(attempt.index, f"attempt of {attempt.index}")
        return end(codes.pop(0) if codes else ExitCode.OK, said)
