"""Cells that the estimator refuses: the script's search leaves them out, and its table has them, without a score."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gridfold.api.inspection import RefusedCells
from gridfold.api.v1alpha1 import SearchAlgorithm, TrainingJobSpec
from gridfold.domain.grid import cell_count, parse_ranges
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import LINE_CHARACTERS, Call, Name, assign

_ALONE = 2  #: numbers next to each other that are shorter written out than as a range


def fragments(spec: TrainingJobSpec, refused: Sequence[RefusedCells]) -> Iterator[Fragment]:
    """Yield all cells and the numbers of those that are kept, with the estimator's words on the others."""
    if not refused:
        return
    numbers = sorted(number for group in refused for number in parse_ranges(group.cells))
    comment = ["# Left out: cells that the estimator refuses, by their number in the grid."]
    for group in refused:
        comment += textwrap.wrap(
            f"{group.cells.replace(',', ', ')}: {' '.join(group.message.split())}",
            LINE_CHARACTERS,
            initial_indent="# ",
            subsequent_indent="#   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    code = [*comment, assign("LEFT_OUT", _listed(numbers)), assign("cells", Call("list", (_cells(spec),)))]
    code.append("kept = sorted(set(range(len(cells))) - set(LEFT_OUT))")
    made = _cells(spec).function
    yield Fragment("\n".join(code), (f"from sklearn.model_selection import {made}",))


def whole_table(is_score: str, refused: Sequence[RefusedCells]) -> Iterator[Fragment]:
    """Yield what gives the table of all cells; `is_score` tells of a name whether its column has scores."""
    if refused:
        yield load("whole_table", is_score=is_score)


def _cells(spec: TrainingJobSpec) -> Call:
    if spec.search.algorithm is SearchAlgorithm.RANDOM:
        options = {"random_state": spec.search.seed}
        return Call("ParameterSampler", (Name("grid"), cell_count(spec.search)), options)
    return Call("ParameterGrid", (Name("grid"),))


def _listed(numbers: list[int]) -> list[int | Name]:
    """Return numbers as a list's items, those that follow each other as ranges."""
    ends = [number for number, after in pairwise([*numbers, numbers[-1] + 2]) if after != number + 1]
    starts = [numbers[0], *(after for number, after in pairwise(numbers) if after != number + 1)]
    found: list[int | Name] = []
    for start, end in zip(starts, ends, strict=True):
        few = end - start < _ALONE
        found += range(start, end + 1) if few else [Name(f"*range({start}, {end + 1})")]
    return found
