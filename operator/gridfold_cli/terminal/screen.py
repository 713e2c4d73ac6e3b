"""One screen about a job that goes on: how far it is, its best cells, its conditions and Events."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gridfold.api.conditions import ConditionType
from gridfold.api.status import CellCounts, Condition, TrainingJobStatus
from gridfold.domain.plan import Event
from gridfold_cli.terminal.output import leaderboard
from gridfold_cli.terminal.progress import duration, numbers, sentence

MOST_EVENTS = 6
BAR_WIDTH = 40
STYLES = {"Complete": "bold green", "Failed": "bold red", "Suspended": "bold yellow"}
#: True says what is to be expected of these; what is left out is in the bar.
EXPECTED_TRUE = frozenset({ConditionType.ACCEPTED, ConditionType.DATASET_READY, ConditionType.RUNNING})


class ScreenDisplay:
    """Shows a job on a terminal and leaves the last screen there. Use it as a context manager."""

    def __init__(self, console: Console, title: str, now: Callable[[], datetime]) -> None:
        self._title, self._now = title, now
        self._status = TrainingJobStatus()
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="ellipsis")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show_event(self, event: Event) -> None:
        """Show one more Event; the oldest gives way."""
        self._events.append(event)
        self._show()

    def show_status(self, status: TrainingJobStatus) -> None:
        """Show how far the job is."""
        self._status = status
        self._show()

    def _show(self) -> None:
        self._live.update(Group(*screen(self._title, self._status, tuple(self._events), self._now())), refresh=True)


def screen(title: str, status: TrainingJobStatus, events: tuple[Event, ...], now: datetime) -> Iterator[RenderableType]:
    """Yield the parts of the screen, from top to bottom."""
    state = str(status.state or "Pending")
    head = Text(f"{title}  ", style="bold").append(state, style=STYLES.get(state, "bold cyan"))
    yield head.append(f" ({status.reason})" if status.reason else "")
    if cells := status.cells:
        yield _bar(cells, status, now)
    if status.leaderboard:
        yield from (Text(), leaderboard(status))
    if told := [found for found in status.conditions if _is_worth_telling(found)]:
        yield from (Text(), _conditions(told))
    if events:
        yield Text()
    for event in events:
        yield Text(sentence(event), style="yellow" if event.type == "Warning" else "dim")


def _bar(cells: CellCounts, status: TrainingJobStatus, now: datetime) -> Table:
    row = Table.grid(padding=(0, 2))
    words = [f"{cells.finished}/{cells.total} cells", numbers(status, cells), _left(status, now)]
    row.add_row(
        ProgressBar(total=max(1, cells.total), completed=cells.finished, width=BAR_WIDTH),
        Text(", ".join(filter(None, words))),
    )
    return row


def _left(status: TrainingJobStatus, now: datetime) -> str:
    """Return the time that is left by the operator's estimate, or how long it took."""
    if status.duration:
        return f"took {status.duration}"
    if status.estimated_completion_time is None:
        return ""
    seconds = (datetime.fromisoformat(status.estimated_completion_time) - now).total_seconds()
    return f"about {duration(seconds)} left" if seconds > 0 else "done in a moment"


def _is_worth_telling(found: Condition) -> bool:
    """Tell whether a condition says something that the rest of the screen does not."""
    return bool(found.message) and not (found.type in EXPECTED_TRUE and found.status == "True")


def _conditions(found: list[Condition]) -> Table:
    table = Table.grid(padding=(0, 2))
    for one in found:
        name = one.type if one.status == "True" else f"{one.type}={one.status}"
        table.add_row(Text(name, style="bold"), Text(one.reason), Text(one.message, overflow="fold"))
    return table
