"""How far a run is: a bar on a terminal, a few plain lines everywhere else. Both write to stderr."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from gridfold.api.conditions import Reason
from gridfold.api.handoff import DEBUG_VARIABLE
from gridfold.api.status import CellCounts, State, TrainingJobStatus
from gridfold.domain.plan import Event
from gridfold_cli.terminal.words import listed

#: A machine has one node, and it is there.
UNTOLD = frozenset({Reason.PODS_SCHEDULED, Reason.SEARCHING})
#: Plain lines about cells: one for so many per cent of them.
STEP_PERCENT = 10
TITLES: dict[str, str] = {Reason.VALID: "Accepted"}
TRACEBACK = "Traceback (most recent call last)"
INTERNAL_ERROR = "InternalError"
MOST_MESSAGE_CHARACTERS = 2000


class Pace:
    """How fast cells end, measured from the first look at a running search."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def seconds_left(self, cells: CellCounts) -> float | None:
        """Return the estimate, or None before anything has been measured."""
        now = self._clock()
        if self._start is None:
            self._start = now, cells.finished
        since, finished = now - self._start[0], cells.finished - self._start[1]
        return (cells.total - cells.finished) * since / finished if finished > 0 else None


def sentence(event: Event) -> str:
    """Return an event as one line; where it tells several problems, as one more for each."""
    lines = [line for line in event.message.splitlines() if line.strip()]
    if TRACEBACK in event.message:  # the end of a log: its last line says most
        lines = lines[-1:]
    elif event.reason == INTERNAL_ERROR and not os.environ.get(DEBUG_VARIABLE):  # what happened, what to do
        lines = lines[:2]
    message = " ".join(" ".join(lines).split())
    if len(message) > MOST_MESSAGE_CHARACTERS:
        message = message[: MOST_MESSAGE_CHARACTERS - 1] + "…"
    return f"{TITLES.get(event.reason, event.reason)}: {listed(message)}"


def numbers(status: TrainingJobStatus, cells: CellCounts) -> str:
    """Return what the bar itself does not show: cached, running, failed cells and the best score so far."""
    parts = [
        f"{count} {word}"
        for count, word in (
            (cells.cached, "cached"),
            (cells.running, "running"),
            (cells.infeasible, "infeasible"),
            (cells.failed, "failed"),
        )
        if count
    ]
    if status.best:
        parts.append(f"best {status.objective} {status.best.score} (cell {status.best.cell})")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a time for reading: 42 s, 3 min, 1.5 h."""
    if seconds < 90:
        return f"{max(1, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@dataclass
class PlainDisplay:
    """One line for each event, and for every tenth of the cells."""

    write: Callable[[str], None]
    pace: Pace
    _step: int = -1

    def show_event(self, event: Event) -> None:
        """Write one line."""
        if event.reason not in UNTOLD:
            self.write(sentence(event))

    def show_status(self, status: TrainingJobStatus) -> None:
        """Write one line if another tenth of the cells has ended."""
        cells = status.cells
        if cells is None or not cells.total or status.state is not State.RUNNING:
            return
        left = self.pace.seconds_left(cells)
        step = cells.finished * 100 // cells.total // STEP_PERCENT
        if step == self._step:
            return
        self._step = step
        text = ", ".join(filter(None, (f"cells {status.progress}", numbers(status, cells))))
        self.write(text if left is None else f"{text}, about {duration(left)} left")


class TerminalDisplay:
    """A bar that stays at the bottom; events scroll above it. Use it as a context manager."""

    def __init__(self, console: Console, pace: Pace) -> None:
        self._pace = pace
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}"),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("Starting", total=None, numbers="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show_event(self, event: Event) -> None:
        """Print one line above the bar."""
        if event.reason not in UNTOLD:
            style = "yellow" if event.type == "Warning" else "dim"
            self._progress.console.print(f"[{style}]{escape(sentence(event))}[/]", highlight=False)

    def show_status(self, status: TrainingJobStatus) -> None:
        """Move the bar."""
        cells = status.cells or CellCounts()
        text = numbers(status, cells)
        if status.state is State.RUNNING and (left := self._pace.seconds_left(cells)) is not None:
            text += f", about {duration(left)} left"
        self._progress.update(
            self._task,
            description=str(status.state or State.PENDING),
            total=cells.total or None,
            completed=cells.finished,
            numbers=escape(text),
        )
