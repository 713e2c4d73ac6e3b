"""What a run has found, for people: leaderboard, scores, targets, and where the files are. Written to stdout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gridfold.api.conditions import ConditionType
from gridfold.api.status import Condition, DatasetStatus, RankedCell, TestStatus, TrainingJobStatus
from gridfold.domain.grid import PREPROCESSING
from gridfold.domain.learning_curve import curve_lines
from gridfold.domain.positive import about
from gridfold.domain.selection import selection_lines
from gridfold.domain.words import counted
from gridfold_cli.reading.locations import local_path
from gridfold_cli.terminal.console import VisibleConsole

#: Wide enough for every column where nobody looks at a terminal.
FILE_WIDTH = 240
MOST_FILES = 20
REPORT = "report.html"
#: Causes in status.dataset, in words.
DROPPED = {
    "missingTarget": "without a target",
    "duplicates": "equal to an earlier one",
    "repeatedHeaders": "that repeat the header",
    "excluded": "excluded",
    "missing": "with too many missing values",
    "constant": "with one value only",
}


def result_console() -> Console:
    """Return the console of stdout; into a file or pipe, lines are not folded to 80 columns."""
    console = VisibleConsole(highlight=False, soft_wrap=False)
    return console if console.is_terminal else VisibleConsole(highlight=False, width=FILE_WIDTH)


@dataclass(frozen=True)
class Remarks:
    """What a run has written down beside its status."""

    failures: str = ""  #: why cells have no score, commonest cause first
    notes: tuple[str, ...] = ()  #: about the winner and its scores
    summary: str = ""  #: all of it in a line, as the page has it


NONE = Remarks()


def print_results(console: Console, status: TrainingJobStatus, base_folder: Path, remarks: Remarks = NONE) -> None:
    """Print everything that a complete job has found."""
    if status.leaderboard:
        console.print(leaderboard(status), "")
    for title, text in _lines(status, remarks):
        if text:
            _line(console, title, text)
    if status.results:
        _files(console, status.results.uri, base_folder)
        _page(console, status.results.uri, base_folder, remarks.summary)


def _lines(status: TrainingJobStatus, remarks: Remarks) -> Iterator[tuple[str, str]]:
    """Yield title and text of each line; an empty text is none."""
    yield "Data", _data(status.dataset) if status.dataset else ""
    yield "Positive", about(status.resolved) if status.resolved else ""
    yield "Winner", _winner(status.best) if status.best else ""
    yield from selection_lines(status.selection, status.objective or "", status.best.score if status.best else "")
    yield from curve_lines(status.learning_curve)
    yield "Cells", cell_counts(status) if status.cells else ""
    yield "No score", remarks.failures
    yield "Validation", _scores(status.validation or {})
    yield "Test", _test_scores(status.test) if status.test and status.test.scores else ""
    targets = condition(status, ConditionType.TARGETS_MET)
    if targets:
        yield "Targets", f"{'met' if targets.status == 'True' else 'missed'}: {targets.message}"
    yield from (("Note", note) for note in remarks.notes)


def _data(data: DatasetStatus) -> str:
    """Return what there is, and what cleaning dropped."""
    classes = [f"{data.classes} classes"] if data.classes else []
    found = ", ".join([counted(data.rows, "row"), counted(data.columns, "column"), *classes])
    parts = ", ".join(f"{name} {rows}" for name, rows in data.parts.items())
    dropped = ", ".join(
        f"{counted(number, unit)} {DROPPED.get(cause, cause)}"
        for unit, counts in (("row", data.dropped_rows), ("column", data.dropped_columns))
        for cause, number in counts.items()
        if number
    )
    return f"{found}{f' ({parts})' if parts else ''}{f'; dropped: {dropped}' if dropped else ''}"


def _winner(best: RankedCell) -> str:
    """Return which cell won, with what, and how many others are as good as far as anyone can tell."""
    texts = ", ".join(f"{name}={value}" for name, value in best.parameters.items())
    others = best.indistinguishable_from
    doubt = f" ({counted(others, 'other cell')} cannot be told apart from it)" if others else ""
    return f"cell {best.cell}{f': {texts}' if texts else ''}{doubt}"


def _test_scores(test: TestStatus) -> str:
    """Return the test scores with their intervals, and a warning where others were scored on the same rows before."""
    shown = ", ".join(
        f"{name} {score}" + (f" [{', '.join(test.intervals[name])}]" if name in test.intervals else "")
        for name, score in test.scores.items()
    )
    openings = test.openings or 1
    return f"{shown}; {openings} models have been scored on these rows: no fresh test" if openings > 1 else shown


def condition(status: TrainingJobStatus, kind: ConditionType) -> Condition | None:
    """Return one condition of a status, or None."""
    return next((found for found in status.conditions if found.type == kind), None)


def cell_counts(status: TrainingJobStatus) -> str:
    """Return how the cells ended, zeros left out."""
    cells = status.cells
    if cells is None:
        return "none"
    counts = (
        (cells.cached, "from the cache"),
        (cells.succeeded, "computed"),
        (cells.infeasible, "infeasible"),
        (cells.failed, "failed"),
        (cells.pending + cells.running, "not finished"),
    )
    text = f"{cells.total}: " + ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{text}; nothing had to be computed again" if cells.cached == cells.total else text


def leaderboard(status: TrainingJobStatus) -> Table:
    """Return the best cells: rank, cell, scores (the objective first, with its spread), parameters."""
    board, objective = status.leaderboard, status.objective or ""
    metrics = [objective, *sorted({name for line in board for name in line.scores} - {objective})]
    axes = sorted({name for line in board for name in line.parameters})
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("rank", "cell", f"{objective} ± std", *metrics[1:]):
        table.add_column(name, justify="right", no_wrap=True)
    for name in axes:
        table.add_column(name.removeprefix(PREPROCESSING), overflow="fold")
    for rank, line in enumerate(board, 1):
        scores = (_mean_std(line, objective), *(_mean(line, name) for name in metrics[1:]))
        texts = (str(rank), str(line.cell), *scores, *(line.parameters.get(name, "") for name in axes))
        table.add_row(*map(Text, texts))
    return table


def _mean_std(line: RankedCell, metric: str) -> str:
    score = line.scores.get(metric)
    return f"{score.mean} ± {score.std}" if score else line.score


def _mean(line: RankedCell, metric: str) -> str:
    return line.scores[metric].mean if metric in line.scores else ""


def _scores(scores: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in scores.items())


def _line(console: Console, title: str, text: str) -> None:
    console.print(Text(f"{title:<12}", style="bold").append(text, style="not bold"))


def _files(console: Console, uri: str, base_folder: Path) -> None:
    folder = local_path(uri, base_folder)
    if folder is None:
        _line(console, "Results", uri)
        return
    _line(console, "Results", str(folder))
    for path in sorted(folder.glob("*"))[:MOST_FILES]:
        if path.is_file():
            _line(console, "", f"{path.name} ({path.stat().st_size:,} bytes)")


def _page(console: Console, uri: str, base_folder: Path, summary: str) -> None:
    """End with the page about the run, and what it says, where there is one on this machine."""
    folder = local_path(uri, base_folder)
    if folder and (folder / REPORT).is_file():
        console.print()
        _line(console, "Report", str(folder / REPORT))
        _line(console, "", summary)
