"""All honest numbers of a search as one document: what status.json has as `selection`, every digit of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridfold.domain.numbers.choosing import BEST, Choice
from gridfold.domain.numbers.edge import Bounds, Edge, edges
from gridfold.domain.numbers.equals import cheapest_equal, indistinguishable
from gridfold.domain.numbers.honest import honest_score
from gridfold.domain.numbers.importance import Importance, Shares, importance
from gridfold.domain.numbers.judged import JudgedCell


@dataclass(frozen=True)
class Question:
    """What must be known beside the cells."""

    test_share: float  #: rows to score on ÷ rows to fit on, of all splits together
    repeats: int = 1  #: of the cross-validation
    choice: Choice = BEST
    bounds: Mapping[str, Bounds] = field(default_factory=dict)  #: of the winner's parameters


def selection_document(cells: Sequence[JudgedCell], question: Question) -> dict[str, Any] | None:
    """Return the document, None where no cell has won. Cells are named by their place."""
    choice = question.choice
    winner, highest = choice.of(cells), BEST.of(cells)
    if winner is None:
        return None
    honest = honest_score(cells, question.repeats, choice)
    equals = indistinguishable(cells, winner, question.test_share)
    cheapest = cheapest_equal(cells, winner, equals)
    return {
        "cells": len(cells),
        "winner": winner,
        "highestCell": highest,
        "testShare": question.test_share,
        "indistinguishable": len(equals),
        "honest": honest and {"score": honest.score, "optimism": honest.optimism, "chosen": list(honest.chosen)},
        "cheapestEqual": None
        if cheapest in (None, winner)
        else {
            "cell": cheapest,
            "fitSeconds": cells[cheapest].fit_seconds,
            "winnerFitSeconds": cells[winner].fit_seconds,
        },
        "edges": edges_document(edges(cells, winner, question.bounds)),
        "importance": importance_document(importance(cells, choice)),
    }


def edges_document(found: Sequence[Edge]) -> list[dict[str, Any]]:
    """Return the document's list of axes at whose end the winner is."""
    return [
        {
            "parameter": edge.parameter,
            "value": edge.value,
            "side": edge.side.capitalize(),
            "values": edge.values,
            "next": edge.next,
        }
        for edge in found
    ]


def importance_document(shares: Importance) -> dict[str, Any]:
    """Return the document's part about which parameters made the difference."""
    return {
        "all": shares.all and _shares(shares.all),
        "betterHalf": shares.better and _shares(shares.better),
        "reason": shares.reason,
        "betterHalfReason": shares.better_reason,
    }


def _shares(shares: Shares) -> dict[str, Any]:
    return {
        "cells": shares.cells,
        "main": dict(shares.main),
        "pairs": [{"parameters": list(pair), "share": share} for pair, share in shares.pairs.items()],
        "rest": shares.rest,
        "leftOut": {name: list(values) for name, values in shares.left_out.items()},
    }
