"""What may change a decision: each with its number and what to do about it, the gravest first."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from gridfold.domain.baselines import gain_of, worth
from gridfold.domain.words import counted
from gridfold_report import texts
from gridfold_report.run import Run, at
from gridfold_report.standing import Standing

MOST = 5
#: Of how many of the best cells the folds are compared, and how far a fold must lie off the others.
_BEST, _OFF, _FEWEST_FOLDS = 30, 4.0, 4
#: Of the variance between cells: what makes less has no effect.
_LITTLE = 0.01

#: How far a score of at most 1 must be higher on the rows of the fit than on others, and what has such a gap by design:
#: members that keep the rows, whose vote is as good on others nevertheless.
_BY_HEART = 0.1
_KEEPS_ROWS = ("Forest", "ExtraTrees", "Bagging", "Neighbors")
_UNBOUNDED = ("neg_", "positive_likelihood_ratio")

_GAP_REMEDY = (
    "Believe the test part; look for rows that belong together (split.method: Grouped) or that change over time."
)
_GAP_REMEDIES = {
    "TimeOrdered": "Believe the test part: its rows are the latest, and things may have changed; fit on newer rows.",
    "Grouped": "Believe the test part: its groups are others, and groups differ; more groups help more than more rows.",
}


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
        *_dummy(standing),
        *_gap(standing),
        *_headline(run),
        *_edges(standing),
        *_fold_out_of_line(run),
        *_no_effect(standing),
        *_learned_by_heart(run),
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


def _dummy(standing: Standing) -> Iterator[Caution]:
    """Yield a caution where the winner cannot be told from answers that need no learning."""
    found = standing.selection.get("dummy")
    if found is None or found["mean"] is None:
        return
    more = gain_of(found)
    if more is None or more.sign > 0 or (more.interval is None and more.value > 0):
        return
    name, winner = standing.run.objective, standing.run.winner
    yield Caution(
        "Not better than a dummy",
        f"Always answering {found['answer']} has {name} {texts.score(found['mean'])} on the same folds, the winner "
        f"{texts.score(winner.mean(name) if winner else None)}: {worth(more)}.",
        "Do not use it yet: look whether the columns can tell anything about the target, and whether "
        f"{name} is what you want of a model.",
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
        _GAP_REMEDIES.get(str(at(run.status, "resolved", "split")), _GAP_REMEDY),
    )


def _headline(run: Run) -> Iterator[Caution]:
    if run.status.get("headline"):
        yield Caution("Cells that the estimator refuses", str(run.status["headline"]))


def _edges(standing: Standing) -> Iterator[Caution]:
    """Yield a caution for every axis of numbers at whose end the winner lies."""
    for edge in standing.selection.get("edges") or ():
        name, value = texts.short_name(edge["parameter"]), json.dumps(edge["value"])
        end = "smallest" if edge["side"] == "Lowest" else "largest"
        yield Caution(
            f"The winner is at the edge of {name}",
            f"{name} = {value} is the {end} of {counted(edge['values'], 'value')} tried.",
            f"Try {name} = {json.dumps(edge['next'])}, too; finished cells are not computed again.",
        )


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
        who = f"The best {len(best)} cells have" if len(best) > 1 else "The winner has"
        yield Caution(
            f"Fold {worst} is out of line",
            f"{who} {run.objective} {texts.score(means[worst])} there, and {texts.score(min(others))} to "
            f"{texts.score(max(others))} on the other folds.",
            "Look at the rows of that fold: another source, a duplicate, an outlier.",
        )


def _off(means: list[float], number: int) -> float:
    """Return how many standard deviations of the other folds one fold lies off their mean."""
    others = [mean for other, mean in enumerate(means) if other != number]
    spread = max(stdev(others), 0.01 * abs(fmean(others)), 1e-12)
    return abs(means[number] - fmean(others)) / spread


def _no_effect(standing: Standing) -> Iterator[Caution]:
    """Yield a caution for every axis that makes hardly any difference, also among the better half of the cells."""
    shares = standing.selection.get("importance") or {}
    told = [found for found in (shares.get("all"), shares.get("betterHalf")) if found]
    for name, values in standing.run.axes.items():
        totals = [_total(found, name) for found in told if name in found["main"]]
        if len(totals) == len(told) > 0 and max(totals) < _LITTLE:
            yield Caution(
                f"{texts.short_name(name)} has no effect",
                f"Its {len(values)} values make {texts.percent(max(totals))} of the differences between cells.",
                f"Keep one of them, and save {texts.percent(1 - 1 / len(values))} of the cells.",
            )


def _total(shares: Mapping[str, Any], name: str) -> float:
    """Return a parameter's share with that of all pairs that it is in."""
    pairs = (pair["share"] for pair in shares["pairs"] if name in pair["parameters"])
    return float(shares["main"][name] + sum(pairs))


def _learned_by_heart(run: Run) -> Iterator[Caution]:
    """Yield a caution where a fit knows its own rows much better than those of the validation part."""
    name = run.objective
    own, validation = (at(run.status, part, name) for part in ("training", "validation"))
    if own is None or validation is None or name.startswith(_UNBOUNDED):
        return
    if own - validation <= _BY_HEART or any(part in str(run.status.get("estimator")) for part in _KEEPS_ROWS):
        return
    yield Caution(
        "It learns its rows by heart",
        f"One and the same fit has {name} {texts.score(own)} on its own rows and {texts.score(validation)} on the "
        "validation part.",
        "Try simpler cells, too (stronger regularization, smaller trees, fewer columns), or more rows; "
        "scoring.trainScores: true tells it of every cell.",
    )


def _failures(run: Run) -> Iterator[Caution]:
    failed = sum(cell.outcome == "failed" for cell in run.cells)
    if failed:
        yield Caution(
            f"{counted(failed, 'cell')} failed",
            f"{failed} of {len(run.cells)} cells have no score. {run.status.get('errors') or ''}",
            "Take these combinations out of the grid, or do what their messages say (under Cost).",
        )


def _title_and_text(note: str) -> tuple[str, str]:
    return ("Note", note[:1].upper() + note[1:])
