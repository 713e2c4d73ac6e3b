"""The honest numbers of a run that has none of its own, from its table: the shape of status.json's `selection`."""

from collections.abc import Sequence
from typing import Any

from gridfold.domain.numbers.edge import edges
from gridfold.domain.numbers.honest import honest_score
from gridfold.domain.numbers.importance import importance
from gridfold.domain.numbers.judged import JudgedCell
from gridfold.domain.numbers.summary import edges_document, importance_document


def selection_of(cells: Sequence[JudgedCell], winner: int | None, test_share: float, repeats: int) -> dict[str, Any]:
    """Return the document, {} where no cell has won; the estimator's own bounds are not known here."""
    if winner is None:
        return {}
    honest = honest_score(cells, repeats)
    return {
        "winner": winner,
        "testShare": test_share,
        "honest": honest and {"score": honest.score, "optimism": honest.optimism},
        "edges": edges_document(edges(cells, winner)),
        "importance": importance_document(importance(cells)),
    }
