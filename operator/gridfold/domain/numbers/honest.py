"""The selection-honest score: what the search's way of choosing is worth on rows that the choice has not seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gridfold.domain.numbers.choosing import BEST, Choice
from gridfold.domain.numbers.judged import JudgedCell, mean

_LEAST_FOLDS = 2


@dataclass(frozen=True)
class HonestScore:
    """A score of the search as a whole."""

    score: float  #: mean over the splits
    optimism: float  #: the winner's mean minus that: what choosing by these very scores adds to them
    chosen: tuple[int, ...]  #: the cell that the other splits choose, for each split


def honest_score(cells: Sequence[JudgedCell], repeats: int = 1, choice: Choice = BEST) -> HonestScore | None:
    """Return the mean over all splits j of the score on j of the cell that is chosen without j.

        s = 1/J · Σ_j score[c(j), j],   c(j) = the choice by the scores of the other splits

    The winner's own mean is too good: the highest of many noisy means is high also by luck (Cawley and Talbot 2010,
    "On over-fitting in model selection"; Tibshirani and Tibshirani 2009 for this estimate from stored fold scores).
    Only cells with a score for every split can be chosen, as in the ranking; ties go to the first. Of repeated
    cross-validation (splits in scikit-learn's order, a repeat after the other) the other splits are those of the
    same repeat: other repeats score on the very rows that j is about.

    None where no cell has all scores, or where a repeat has one split only: nothing is left to choose by.
    """
    places = [place for place, cell in enumerate(cells) if cell.is_scored]
    winner = choice.of(cells)
    splits = len(cells[places[0]].scores) if places else 0
    folds = splits // max(repeats, 1)
    if winner is None or folds < _LEAST_FOLDS:
        return None
    scored = [cells[place] for place in places]
    rows = [list(cell.scores) for cell in scored]
    chosen = []
    for split in range(splits):
        start = split - split % folds
        # Where one cell is left out of nothing, `among` always finds one: all of these have scores.
        found = choice.among(scored, [row[start:split] + row[split + 1 : start + folds] for row in rows])
        chosen.append(places[found or 0])
    score = mean([cells[cell].scores[split] for split, cell in enumerate(chosen)])
    return HonestScore(score, cells[winner].mean - score, tuple(chosen)) if math.isfinite(score) else None
