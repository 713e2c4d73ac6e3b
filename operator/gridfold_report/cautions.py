"""What may change a decision: each with its number and what to do about it, the gravest first."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, stdev

from gridfold.domain.words import counted
from gridfold_report import texts
from gridfold_report.run import Cell, Run, at
from gridfold_report.standing import Standing

MOST = 5
#: Of how many of the best cells the folds are compared, and how far a fold must lie off the others.
_BEST, _OFF, _FEWEST_FOLDS = 30, 4.0, 4
#: Fewer values have no inside.
_FEWEST_VALUES = 3


@dataclass(frozen=True)
class Caution:
    """Something to know before acting."""

    title: str
    text: str
    remedy: str = ""


def cautions(standing: Standing) -> list[Caution]:
    """Return all that is known, the gravest first; the page shows the first few above everything else."""
    run = standing.run
    found = [
        *_openings(run),
        *_gap(standing),
        *_headline(run),
        *_edges(run),
        *_fold_out_of_line(run),
        *_no_effect(run),
        *_failures(run),
    ]
    notes = [note for note in run.status.get("notes") or [] if "no fresh test" not in note]
    return [*found, *(Caution(*_title_and_text(note)) for note in notes)]


def _openings(run: Run) -> Iterator[Caution]:
    opened = at(run.status, "test", "openings") or 0
    if opened > 1:
        yield Caution(
            "The test part is not fresh",
            f"{opened} different models have been scored on it. Each look lets choices follow it.",
            "Take the test score as a second validation score; for a fair number, keep new rows aside.",
        )


def _gap(standing: Standing) -> Iterator[Caution]:
    """Yield a caution where the mean over the folds lies outside the test score's interval."""
    run = standing.run
    ends = at(run.status, "test", "intervals", run.objective)
    if run.winner is None or not ends or None in ends:
        return
    mean = run.winner.mean(run.objective)
    if ends[0] <= mean <= ends[1]:
        return
    better = "worse" if mean > ends[1] else "better"
    yield Caution(
        f"The test part is {better} than the folds",
        f"{run.objective} is {texts.score(mean)} in cross-validation, but {texts.score(ends[0])} to "
        f"{texts.score(ends[1])} on the test part.",
        "Believe the test part; look for rows that belong together (split.method: Grouped) or that change over time.",
    )


def _headline(run: Run) -> Iterator[Caution]:
    if run.status.get("headline"):
        yield Caution("Cells that the estimator refuses", str(run.status["headline"]))


def _edges(run: Run) -> Iterator[Caution]:
    """Yield a caution for every axis of numbers at whose end the winner lies."""
    for name, values in run.axes.items():
        numbers = [_as_number(value) for value in values]
        if run.winner is None or None in numbers or len(values) < _FEWEST_VALUES:
            continue
        side = {values[0]: "smallest", values[-1]: "largest"}.get(run.winner.parameters.get(name, ""))
        if side:
            where = "below" if side == "smallest" else "above"
            yield Caution(
                f"The winner is at the edge of {name}",
                f"{name} = {run.winner.parameters[name]} is the {side} of {len(values)} values tried.",
                f"Add values of {name} {where} {run.winner.parameters[name]}; finished cells are not computed again.",
            )


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _fold_out_of_line(run: Run) -> Iterator[Caution]:
    """Yield a caution where one fold of the best cells lies far from all others."""
    best = [cell.folds for cell in run.ranked[:_BEST] if all(map(math.isfinite, cell.folds))]
    if not best or len(best[0]) < _FEWEST_FOLDS:
        return
    means = [fmean(column) for column in zip(*best, strict=True)]
    offs = [_off(means, number) for number in range(len(means))]
    worst = max(range(len(means)), key=lambda number: offs[number])
    if offs[worst] > _OFF:
        others = [mean for number, mean in enumerate(means) if number != worst]
        yield Caution(
            f"Fold {worst} is out of line",
            f"The best {counted(len(best), 'cell')} have {run.objective} {texts.score(means[worst])} there, and "
            f"{texts.score(min(others))} to {texts.score(max(others))} on the other folds.",
            "Look at the rows of that fold: another source, a duplicate, an outlier.",
        )


def _off(means: list[float], number: int) -> float:
    """Return how many standard deviations of the other folds one fold lies off their mean."""
    others = [mean for other, mean in enumerate(means) if other != number]
    spread = max(stdev(others), 0.01 * abs(fmean(others)), 1e-12)
    return abs(means[number] - fmean(others)) / spread


def _no_effect(run: Run) -> Iterator[Caution]:
    """Yield a caution for every axis whose values give the same folds wherever all else is the same."""
    for name, values in run.axes.items():
        groups: dict[tuple[tuple[str, str], ...], set[tuple[float, ...]]] = {}
        for cell in run.ranked:
            groups.setdefault(_others(cell, name), set()).add(cell.folds)
        if groups and all(len(folds) == 1 for folds in groups.values()) and len(run.ranked) > len(groups):
            saved = texts.percent(1 - 1 / len(values))
            yield Caution(
                f"{name} has no effect",
                f"Its {len(values)} values give the same scores on every fold.",
                f"Keep one of them: that is {saved} of the cells less.",
            )


def _others(cell: Cell, name: str) -> tuple[tuple[str, str], ...]:
    return tuple((other, value) for other, value in cell.parameters.items() if other != name)


def _failures(run: Run) -> Iterator[Caution]:
    failed = sum(cell.outcome == "failed" for cell in run.cells)
    if failed:
        yield Caution(
            f"{counted(failed, 'cell')} failed",
            f"{failed} of {len(run.cells)} cells have no score. {run.status.get('errors') or ''}",
            "They are left out of everything below; the causes stand under Cost.",
        )


def _title_and_text(note: str) -> tuple[str, str]:
    return ("Note", note[:1].upper() + note[1:])
