"""Cells for the tests of honest numbers."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gridfold.domain.numbers.judged import JudgedCell

NAN = math.nan
score = st.one_of(st.sampled_from([0.0, 0.5, 0.1, 0.2, 0.3]), st.floats(-1e3, 1e3))


def of_scores(*rows: Sequence[float], seconds: Sequence[float] = ()) -> list[JudgedCell]:
    """Cells of one axis, in its order."""
    times = [*seconds, *[NAN] * (len(rows) - len(seconds))]
    return [JudgedCell({"C": place}, row, time) for place, (row, time) in enumerate(zip(rows, times, strict=True))]


def product(axes: Mapping[str, Sequence[Any]], means: Any) -> list[JudgedCell]:
    """The cells of a grid, each with one score: `means` of its parameters, or a list."""
    points = [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]
    values = [means(**point) for point in points] if callable(means) else means
    return [JudgedCell(point, (value,)) for point, value in zip(points, values, strict=True)]


@st.composite
def searches(draw: st.DrawFn, most_cells: int = 12) -> np.ndarray:
    """Scores of shape (cells, splits), with ties and, now and then, a NaN."""
    shape = draw(st.integers(1, most_cells)), draw(st.integers(1, 6))
    values = [[draw(score) for _ in range(shape[1])] for _ in range(shape[0])]
    found = np.array(values, dtype=np.float64)
    for place in draw(st.lists(st.tuples(st.integers(0, shape[0] - 1), st.integers(0, shape[1] - 1)), max_size=3)):
        found[place] = np.nan
    return found
