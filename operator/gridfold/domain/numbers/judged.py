"""A cell as its numbers stand in results.csv, and means that tie where GridSearchCV's tie."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

NONE = math.nan
#: numpy adds up to so many numbers in one go, in eight partial sums.
_BLOCK, _PARTIAL = 128, 8
#: What is beyond is no float, or infinite.
_HUGE = 1e300


@dataclass(frozen=True)
class JudgedCell:
    """A cell of a search and what became of it."""

    parameters: Mapping[str, Any]  #: in the user's names
    scores: Sequence[float] = ()  #: of the objective, one for each split; NaN: none. (): the cell has none at all
    fit_seconds: float = NONE  #: mean over the splits; NaN: not known

    @cached_property
    def mean(self) -> float:
        """Return the mean score that decides; NaN where a split has no score."""
        return mean(self.scores)

    @property
    def is_scored(self) -> bool:
        """Tell whether the cell can win: it has a score for every split."""
        return not math.isnan(self.mean)


def mean(values: Sequence[float]) -> float:
    """Return the mean of one row of scores exactly as numpy gives it, NaN for none.

    Ties decide which cell wins, and means of the same scores in another order tie in some ways of adding only. So
    the scores are added in numpy's order (pairwise summation, numpy/_core/src/umath/loops_utils.h).
    """
    return _sum(values) / len(values) if values else NONE


def std(values: Sequence[float]) -> float:
    """Return the standard deviation (ddof 0) of one row of scores exactly as cv_results_ has it, NaN for none."""
    middle = mean(values)
    away = [value - middle for value in values]
    return math.sqrt(mean([value * value for value in away])) if values else NONE


def known(value: float) -> float | None:
    """Return a number as JSON has it: None for what is no finite one."""
    return value if math.isfinite(value) else None


def best(means: Sequence[float]) -> int | None:
    """Return the first place of the highest mean, None where all are NaN: GridSearchCV's rule."""
    known = [place for place, value in enumerate(means) if not math.isnan(value)]
    return max(known, key=lambda place: (means[place], -place)) if known else None


def text(value: Any) -> str:
    """Return a parameter's value as one text: 1, 1.0 and true are three, lists and maps are told apart, too."""
    return json.dumps(value, sort_keys=True, default=str)


def is_number(value: Any) -> bool:
    """Tell whether a parameter's value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_HUGE < value < _HUGE


def _sum(values: Sequence[float]) -> float:
    count = len(values)
    if count < _PARTIAL:
        return reduce(add, values)
    if count <= _BLOCK:
        whole = count - count % _PARTIAL
        r = [reduce(add, values[start:whole:_PARTIAL]) for start in range(_PARTIAL)]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
        return reduce(add, values[whole:], total)
    half = count // 2
    half -= half % _PARTIAL
    return _sum(values[:half]) + _sum(values[half:])
