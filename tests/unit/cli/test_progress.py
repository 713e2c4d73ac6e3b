"""What is shown while a run goes on."""

import io

import pytest
from rich.console import Console

from gridfold.api.status import CellCounts, RankedCell, State, TrainingJobStatus
from gridfold.domain.plan import Event
from gridfold_cli.terminal.progress import Pace, PlainDisplay, TerminalDisplay, duration, sentence


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def status(succeeded: int, total: int = 40, cached: int = 0, **fields: object) -> TrainingJobStatus:
    cells = CellCounts(total=total, cached=cached, succeeded=succeeded, pending=total - succeeded - cached)
    return TrainingJobStatus(
        state=State.RUNNING, cells=cells, progress=f"{cells.finished}/{total}", objective="f1", **fields
    )


def test_nothing_is_estimated_before_a_cell_has_been_measured() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.seconds_left(CellCounts(total=10, cached=4)) is None
    clock.now += 30
    assert pace.seconds_left(CellCounts(total=10, cached=4)) is None


def test_the_estimate_counts_only_what_was_computed_since_the_search_began() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.seconds_left(CellCounts(total=10, cached=4))
    clock.now += 20
    assert pace.seconds_left(CellCounts(total=10, cached=4, succeeded=1, infeasible=1)) == pytest.approx(40)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.01, "1 s"), (1, "1 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")]
)
def test_times_are_for_reading(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("2 problems: (1) a (2) is b. (2) c (3)", "DataError: 2 problems:\n  (1) a\n  (2) is b. (2) c (3)"),
        ("2 problems: (1) x is a. (2) y", "DataError: 2 problems:\n  (1) x is a.\n  (2) y"),
        ("too few rows: a (1) b (2) c", "DataError: too few rows: a (1) b (2) c"),
        ("3 problems at once", "DataError: 3 problems at once"),
    ],
)
def test_several_problems_are_told_on_a_line_each(message: str, told: str) -> None:
    assert sentence(Event("Warning", "DataError", message)) == told


def test_ten_thousand_cells_are_told_in_eleven_lines() -> None:
    lines: list[str] = []
    display = PlainDisplay(lines.append, Pace(Clock()))
    for succeeded in range(10_001):
        display.show_status(status(succeeded, total=10_000))
    assert len(lines) == 11


def test_a_line_tells_progress_cached_running_failed_and_the_best_score_so_far() -> None:
    clock, lines = Clock(), []
    display = PlainDisplay(lines.append, Pace(clock))
    cells = CellCounts(total=20, cached=3, succeeded=5, infeasible=1, failed=2, running=4, pending=5)
    best = RankedCell(cell=7, score="0.9123", parameters={}, scores={})
    display.show_status(status(0, total=20, cached=3))
    clock.now += 16
    display.show_status(
        TrainingJobStatus(state=State.RUNNING, cells=cells, progress="11/20", objective="f1", best=best)
    )
    assert lines == [
        "cells 3/20, 3 cached",
        "cells 11/20, 3 cached, 4 running, 1 infeasible, 2 failed, best f1 0.9123 (cell 7), about 18 s left",
    ]


def test_nothing_is_told_of_cells_outside_the_search() -> None:
    lines: list[str] = []
    display = PlainDisplay(lines.append, Pace(Clock()))
    display.show_status(TrainingJobStatus(state=State.PREPARING))
    display.show_status(status(40).model_copy(update={"state": State.REFITTING}))
    assert lines == []


def test_an_event_is_one_line_of_bounded_length() -> None:
    text = sentence(Event("Normal", "Prepared", "10 rows\n  and\tmore " + "x" * 5000))
    assert text.startswith("Prepared: 10 rows and more xxx")
    assert len(text) < 2100
    assert "\n" not in text


def test_a_traceback_is_reduced_to_its_last_line() -> None:
    message = "Traceback (most recent call last):\n  File x, line 1\nZeroDivisionError: division by zero\n"
    assert sentence(Event("Warning", "InternalError", message)) == "InternalError: ZeroDivisionError: division by zero"


def test_of_a_fault_the_line_says_what_happened_and_what_to_do_but_not_where() -> None:
    message = "ValueError: no\nPlease report it.\n  File x, line 1, in f\n  File y, line 2, in g\n"
    assert sentence(Event("Warning", "InternalError", message)) == "InternalError: ValueError: no Please report it."


def test_what_only_a_cluster_has_is_not_told() -> None:
    lines: list[str] = []
    display = PlainDisplay(lines.append, Pace(Clock()))
    display.show_event(Event("Normal", "PodsScheduled", "every pod has a node"))
    display.show_event(Event("Normal", "Prepared", "100 rows"))
    assert lines == ["Prepared: 100 rows"]


def test_on_a_terminal_a_bar_shows_the_same_and_markup_in_data_stays_text() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=140)
    best = RankedCell(cell=7, score="0.9123", parameters={}, scores={})
    with TerminalDisplay(console, Pace(Clock())) as display:
        display.show_event(Event("Warning", "ObjectMissing", "no file [red]data[/red].csv"))
        display.show_status(status(10, best=best))
        display._progress.refresh()
    assert "no file [red]data[/red].csv" in screen.getvalue()
    assert "10/40" in screen.getvalue()
    assert "best f1 0.9123 (cell 7)" in screen.getvalue()
    assert "Running" in screen.getvalue()
