"""How far a choice can be trusted, for people: the status' form of `numbers.summary`, and its lines in a terminal."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gridfold.api.selection import (
    MOST_EDGES,
    MOST_PARAMETERS,
    CheapestEqual,
    EdgeStatus,
    ParameterShare,
    SelectionStatus,
)
from gridfold.api.v1alpha1 import Prefer, Scoring
from gridfold.domain.baselines import baseline_lines, baseline_status
from gridfold.domain.leaderboard import format_score
from gridfold.domain.numbers.choosing import Choice, Simplest
from gridfold.domain.numbers.equals import NOTICEABLY_FASTER
from gridfold.domain.words import counted

_CHARACTERS = 256
#: Of the variance: what is below has no effect worth a name.
_LITTLE = 0.01
_SHOWN_EDGES, _SHOWN_SHARES = 3, 3


def choice_of(scoring: Scoring) -> Choice:
    """Return how a job's winner is chosen."""
    return Choice(tuple(Simplest(item.parameter, item.prefer is Prefer.HIGHEST) for item in scoring.simplest))


def selection_status(document: Mapping[str, Any] | None) -> SelectionStatus | None:
    """Return what the status shows of `selection_document`; an older run has none."""
    if document is None:
        return None
    honest, cheapest, found = document["honest"], document["cheapestEqual"], document["importance"]
    return SelectionStatus(
        honest_score=honest and format_score(honest["score"]),
        optimism=honest and format_score(honest["optimism"]),
        dummy=baseline_status(document.get("dummy")),
        defaults=baseline_status(document.get("defaults")),
        highest_cell=None if document["highestCell"] == document["winner"] else document["highestCell"],
        cheapest_equal=cheapest
        and CheapestEqual(
            cell=cheapest["cell"],
            fit_seconds=_seconds(cheapest["fitSeconds"]),
            winner_fit_seconds=_seconds(cheapest["winnerFitSeconds"]),
        ),
        edges=[
            EdgeStatus(
                parameter=edge["parameter"][:_CHARACTERS],
                value=json.dumps(edge["value"]),
                side=edge["side"],
                values=edge["values"],
                try_next=json.dumps(edge["next"]),
            )
            for edge in document["edges"][:MOST_EDGES]
        ],
        importance=_importance(found["all"], found["betterHalf"]) if found["all"] else [],
        importance_about=_about(found, document["cells"])[:_CHARACTERS] or None,
    )


def selection_lines(selection: SelectionStatus | None, objective: str, mean: str) -> Iterator[tuple[str, str]]:
    """Yield title and text of what changes a decision; `mean` is the winner's, as it is shown."""
    if selection is None:
        return
    if selection.highest_cell is not None:
        yield "Chosen", f"the simplest cell within one standard deviation of cell {selection.highest_cell}, the best"
    if selection.honest_score not in (None, mean):
        yield (
            "Honest",
            f"{objective} {selection.honest_score}, where the choice has not seen what it is scored on "
            f"(the winner's mean: {mean})",
        )
    yield from baseline_lines(selection.dummy, selection.defaults, objective)
    faster = selection.cheapest_equal
    if faster and float(faster.fit_seconds) <= NOTICEABLY_FASTER * float(faster.winner_fit_seconds):
        yield (
            "Faster",
            f"cell {faster.cell} cannot be told apart from the winner, and fits in {faster.fit_seconds} s instead of "
            f"{faster.winner_fit_seconds} s",
        )
    for edge in selection.edges[:_SHOWN_EDGES]:
        tried = f"the {edge.side.lower()} of {counted(edge.values, 'value')} tried"
        yield "Edge", f"{edge.parameter}={edge.value} is {tried}: try {edge.try_next}, too"
    if len(selection.importance) > 1:
        shares = ", ".join(map(_share, selection.importance[:_SHOWN_SHARES]))
        about = f" ({selection.importance_about})" if selection.importance_about else ""
        yield "Mattered", f"{shares}{about}"


def _share(found: ParameterShare) -> str:
    better = "" if found.better_half is None else f" (better half: {float(found.better_half):.0%})"
    return f"{' × '.join(found.parameters)} {float(found.share):.0%}{better}"


def _importance(all_cells: Mapping[str, Any], better: Mapping[str, Any] | None) -> list[ParameterShare]:
    """Return every parameter's share and the strongest pair's, the greatest first."""
    half = _by_parameters(better) if better else {}
    shares = _by_parameters(all_cells)
    pairs = [names for names in shares if len(names) > 1 and shares[names] >= _LITTLE]
    shown = [*(names for names in shares if len(names) == 1), *pairs[:1]]
    return [
        ParameterShare(
            parameters=[name[:_CHARACTERS] for name in names],
            share=f"{shares[names]:.3f}",
            better_half=f"{half[names]:.3f}" if names in half else None,
        )
        for names in sorted(shown, key=lambda names: -shares[names])[:MOST_PARAMETERS]
    ]


def _by_parameters(shares: Mapping[str, Any]) -> dict[tuple[str, ...], float]:
    alone = {(name,): share for name, share in shares["main"].items()}
    return alone | {tuple(pair["parameters"]): pair["share"] for pair in shares["pairs"]}


def _about(importance: Mapping[str, Any], total: int) -> str:
    """Return which cells importance is about, "" for all, or why there is none."""
    found = importance["all"]
    if found is None:
        return f"not told: {importance['reason']}"
    if found["cells"] == total:
        return ""
    out = "; ".join(f"{name} {', '.join(values)}" for name, values in found["leftOut"].items())
    return f"of {found['cells']} of {total} cells{f': without {out}' if out else ''}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g}" if 0.001 <= seconds < 1000 else f"{seconds:.3f}"
