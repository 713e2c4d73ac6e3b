"""The honest numbers of a run that has none of its own, from its table: the shape of status.json's `selection`."""

from collections.abc import Sequence
from typing import Any

from gridfold.domain.numbers.edge import edges
from gridfold.domain.numbers.honest import honest_score
from gridfold.domain.numbers.importance import Importance, Shares, importance
from gridfold.domain.numbers.judged import JudgedCell


def selection_of(cells: Sequence[JudgedCell], winner: int | None, test_share: float, repeats: int) -> dict[str, Any]:
    """Return the document, {} where no cell has won; the estimator's own bounds are not known here."""
    if winner is None:
        return {}
    honest = honest_score(cells, repeats)
    try:
        shares = importance(cells)
    except OverflowError:  # of losses whose squares are no numbers
        shares = Importance(reason="the scores are too large")
    return {
        "winner": winner,
        "testShare": test_share,
        "honest": honest and {"score": honest.score, "optimism": honest.optimism},
        "edges": [
            {
                "parameter": edge.parameter,
                "value": edge.value,
                "side": edge.side.capitalize(),
                "values": edge.values,
                "next": edge.next,
            }
            for edge in edges(cells, winner)
        ],
        "importance": {
            "all": shares.all and _shares(shares.all),
            "betterHalf": shares.better and _shares(shares.better),
            "reason": shares.reason,
        },
    }


def _shares(shares: Shares) -> dict[str, Any]:
    return {
        "cells": shares.cells,
        "main": dict(shares.main),
        "pairs": [{"parameters": list(pair), "share": share} for pair, share in shares.pairs.items()],
        "rest": shares.rest,
    }
