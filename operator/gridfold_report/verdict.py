"""The first screen: what the run has found in a sentence or two, and its numbers with their intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gridfold.domain.leaderboard import missed_targets
from gridfold.domain.words import counted
from gridfold_report import texts
from gridfold_report.cautions import Caution
from gridfold_report.run import Run, at
from gridfold_report.standing import Standing

_COUNT_WORDS = {1: "the target", 2: "both targets"}


@dataclass(frozen=True)
class Figure:
    """One of the numbers."""

    name: str
    value: str
    interval: str  #: "" where there is none
    remark: str


def headline(run: Run) -> str:
    """Return the verdict in one sentence."""
    if run.winner is None:
        return _without_winner(run)
    reached = f"{short_name(run)} reaches {run.objective} {texts.score(run.winner.mean(run.objective))}"
    return f"{reached} in cross-validation{_targets(run)}."


def doubt(standing: Standing) -> str:
    """Return how many cells are as good as the winner, as far as these folds can tell."""
    run = standing.run
    others, equal = len(run.ranked) - 1, standing.equal_count
    if run.winner is None or len(run.cells) == 1:
        return ""
    if not others:
        return f"It is the only one of {len(run.cells)} cells that has a score."
    highest = standing.selection.get("highestCell")
    if highest not in (None, run.winner.index):
        return f"It is the simplest within one standard deviation of cell {highest}, which has the highest mean."
    if not equal:
        each = f"each of the {others} other cells" if others > 1 else "the other cell"
        return f"It is better than {each}, beyond the noise of the folds."
    if equal == others:
        return f"None of the other {counted(others, 'cell')} can be told apart from it." if others > 1 else _ONE_EQUAL
    return f"{equal} of the {others} other cells cannot be told apart from it."


_ONE_EQUAL = "The other cell cannot be told apart from it."


def next_step(run: Run, found: Sequence[Caution]) -> str:
    """Return what to do: as the gravest caution says, else use the model."""
    remedy = next((caution.remedy for caution in found if caution.remedy), "")
    if remedy:
        return remedy
    return "Nothing speaks against using it: how to predict stands below." if run.winner else ""


def figures(standing: Standing) -> Iterator[Figure]:
    """Yield the objective's numbers, from the most hopeful to the most honest."""
    run, name = standing.run, standing.run.objective
    if run.winner is None:
        return
    folds = counted(len(run.winner.folds), "fold")
    yield Figure(
        "Cross-validation",
        texts.score(run.winner.mean(name)),
        texts.interval(standing.interval),
        f"Mean of {folds}. The winner was chosen by it, so it flatters.",
    )
    honest = standing.selection.get("honest")
    if honest and len(run.cells) > 1:
        optimism = honest["optimism"]
        yield Figure(
            "Selection-honest",
            texts.score(honest["score"]),
            f"choosing added {texts.score(optimism)}" if optimism > 0 else "choosing added nothing",
            f"Each fold judges the cell that the others choose, of {len(run.cells):,}.",
        )
    parts = at(run.status, "dataset", "parts") or {}
    yield Figure(
        "Validation",
        texts.score(at(run.status, "validation", name)),
        "",
        f"{_rows(parts, 'validation')}, not used to choose. Targets look at it.",
    )
    openings = at(run.status, "test", "openings") or 1
    opened = "looked at once" if openings == 1 else f"looked at {openings} times: no fresh test"
    yield Figure(
        "Test",
        texts.score(at(run.status, "test", "scores", name)),
        texts.interval(at(run.status, "test", "intervals", name)),
        f"{_rows(parts, 'test')}, {opened}.",
    )


def short_name(run: Run) -> str:
    """Return the estimator's class without its module."""
    return str(run.status.get("estimator") or "The estimator").rpartition(".")[2]


def _targets(run: Run) -> str:
    targets = at(run.status, "spec", "scoring", "targets") or {}
    if not targets:
        return ""
    missed = missed_targets(targets, run.status.get("validation") or {})
    if missed:
        return f", but misses {_COUNT_WORDS.get(len(targets), 'targets')}: {texts.listed(missed)}"
    return f" and meets {_COUNT_WORDS.get(len(targets), f'all {len(targets)} targets')}"


def _without_winner(run: Run) -> str:
    cells = run.cells
    refused = sum(cell.outcome == "infeasible" for cell in cells)
    if len(cells) == 1:
        return f"The one cell of {short_name(run)} has no score, so there is no winner and no model."
    why = f"{refused} of them because the estimator refuses their parameters, " if refused else ""
    return f"None of the {len(cells)} cells has a score, {why}so there is no winner and no model."


def _rows(parts: object, name: str) -> str:
    found = at(parts, name)
    return f"{found:,} rows" if isinstance(found, int) else "Rows"
