"""From the numbers of one grid to those of another: cells are the same where their parameters are. Pure.

It is asked at every look for as long as a wave of an earlier grid is there, and takes a tenth of a second for 10,000
cells, so what it says of two grids is remembered.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gridfold.domain.grid import Grid
from gridfold.domain.keys import digest

#: Pairs of grids in memory, with at most 10,000 numbers each; a job seldom has more than one, and not for long.
KEPT = 32

Grids = Sequence[Mapping[str, Sequence[Any]]]


def renumbered(before: Grids, now: Grids) -> Sequence[int | None]:
    """Return the present number of every cell of an earlier grid, None where it is not in the present one.

    Of two equal cells the first stands for both.
    """
    return _renumbered(json.dumps(before), json.dumps(now))


@lru_cache(maxsize=KEPT)
def _renumbered(before: str, now: str) -> tuple[int | None, ...]:
    numbers = {digest(parameters): cell for cell, parameters in reversed([*enumerate(Grid.of(json.loads(now)))])}
    return tuple(numbers.get(digest(parameters)) for parameters in Grid.of(json.loads(before)))
