"""Cells of one grid by the numbers of another."""

from typing import Any

import pytest

from gridfold.domain.renumbering import renumbered

CASES: list[tuple[list[dict[str, Any]], list[dict[str, Any]], list[int | None]]] = [
    ([{"C": [1, 2, 3]}], [{"C": [3, 1]}], [1, None, 0]),
    ([{"C": [1, 2], "tol": [0.1, 0.2]}], [{"tol": [0.2], "C": [2, 1]}], [None, 1, None, 0]),
    ([{"C": [1, 1]}], [{"C": [5, 1, 1]}], [1, 1]),
    ([{"C": [1]}, {"C": [2]}], [{"C": [2, 1]}], [1, 0]),
    ([{"C": [1, {"float": 1}, 1.0]}], [{"C": [1.0, 1]}], [1, 0, 0]),
    ([{"C": [1]}], [{"C": [1], "tol": [0.1]}], [None]),
    ([{"kernel": ["rbf", None]}], [{"kernel": [None]}], [None, 0]),
    ([{"preprocessing.numeric.scale": ["None", "Standard"]}], [{"preprocessing.numeric.scale": [None]}], [0, None]),
]


@pytest.mark.parametrize(("before", "now", "numbers"), CASES)
def test_a_cell_is_the_same_where_its_parameters_are(
    before: list[dict[str, Any]], now: list[dict[str, Any]], numbers: list[int | None]
) -> None:
    assert list(renumbered(before, now)) == numbers
