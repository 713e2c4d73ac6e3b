"""All honest numbers of 10,000 cells take well below a second."""

import itertools
import time

import numpy as np

from gridfold.domain.numbers.edge import edges
from gridfold.domain.numbers.equals import cheapest_equal, indistinguishable
from gridfold.domain.numbers.honest import honest_score
from gridfold.domain.numbers.importance import importance
from gridfold.domain.numbers.judged import JudgedCell


def test_ten_thousand_cells_are_soon_told() -> None:
    points = list(itertools.product(range(10), repeat=4))
    scores = np.random.default_rng(0).normal(0.8, 0.02, (len(points), 5)).tolist()
    cells = [
        JudgedCell(dict(zip("abcd", point, strict=True)), row, 1.0) for point, row in zip(points, scores, strict=True)
    ]
    start = time.process_time()
    honest, shares = honest_score(cells), importance(cells)
    equals = indistinguishable(cells, 0, 0.25)
    cheapest, ends = cheapest_equal(cells, 0, equals), edges(cells, 0)
    assert time.process_time() - start < 5  # 0.5 s on a machine at rest; a quadratic way takes minutes
    assert honest is not None
    assert shares.all is not None
    assert shares.all.cells == len(cells)
    assert cheapest is not None
    assert len(ends) == 4
