"""The grid: cells by number, in scikit-learn's order."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.v1alpha1 import Search
from gridfold.domain.visible import excerpt

Parameters = Mapping[str, Any]
PREPROCESSING = "preprocessing."
NUMBER_KINDS: Mapping[str, type[int] | type[float]] = {"float": float, "int": int}


def script_name(axis: str) -> str:
    """Return an axis' name in the script that a user could have written: estimator__C, preprocessing__numeric__scale.

    The order of cells is the order of these names (docs of the protocol: ParameterGrid sorts them).
    """
    return axis.replace(".", "__") if axis.startswith(PREPROCESSING) else f"estimator__{axis}"


def plain_value(value: Any) -> Any:
    """Return the value that a {float: 1} or {int: 1} stands for; lists and class weights are treated item by item.

    YAML's null of a preprocessing axis is handled by `Grid`, not here.
    """
    if isinstance(value, Mapping):
        if len(value) == 1 and (kind := next(iter(value))) in NUMBER_KINDS:
            return NUMBER_KINDS[kind](value[kind])
        return {label: plain_value(item) for label, item in value.items()}
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return value


@dataclass(frozen=True)
class Grid(Sequence[Parameters]):
    """A list of grids as one sequence of cells, never laid out in memory.

    Equal to `list(sklearn.model_selection.ParameterGrid(...))` of the script's names: grids in their order, in
    each the axes sorted by name, the last one running fastest.
    """

    axes: tuple[tuple[tuple[str, tuple[Any, ...]], ...], ...]

    @classmethod
    def of(cls, grids: Iterable[Mapping[str, Sequence[Any]]]) -> "Grid":
        """Return the grid of `spec.search.grid`."""
        return cls(tuple(_sorted_axes(grid) for grid in grids))

    @property
    def size(self) -> int:
        """Return how many cells there are, of any number: `len` has no name for 2^63 and more."""
        return sum(_size(axes) for axes in self.axes)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        rest = index + len(self) if index < 0 else index
        for axes in self.axes:
            if 0 <= rest < _size(axes):
                return _cell(axes, rest)
            rest -= _size(axes)
        raise IndexError(f"cell {index} of a grid of {len(self)}")

    def __iter__(self) -> Iterator[Parameters]:
        return (self[index] for index in range(len(self)))


def cell_count(search: Search) -> int:
    """Return how many cells a search has: those of its grid, or those that are drawn from it."""
    size = Grid.of(search.grid).size
    return size if search.cells is None else min(search.cells, size)


def _sorted_axes(grid: Mapping[str, Sequence[Any]]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    names = sorted(grid, key=script_name)
    return tuple((name, tuple(_axis_value(name, value) for value in grid[name])) for name in names)


def _axis_value(name: str, value: Any) -> Any:
    if name.startswith(PREPROCESSING):
        return "None" if value is None else value  # `[Standard, null]` and `[Standard, None]` say the same
    return plain_value(value)


def _size(axes: tuple[tuple[str, tuple[Any, ...]], ...]) -> int:
    return math.prod(len(values) for _, values in axes)


def _cell(axes: tuple[tuple[str, tuple[Any, ...]], ...], rest: int) -> Parameters:
    chosen: dict[str, Any] = {}
    for name, values in reversed(axes):
        rest, position = divmod(rest, len(values))
        chosen[name] = values[position]
    return dict(reversed(chosen.items()))


def parameter_texts(parameters: Parameters) -> dict[str, str]:
    """Return parameters as short texts: strings as they are, all else as JSON (1.0 stays 1.0)."""
    return {
        name: (value if isinstance(value, str) else json.dumps(value, default=str))[:256]
        for name, value in parameters.items()
    }


def shown_parameters(parameters: Parameters) -> dict[str, str]:
    """Return `parameter_texts` as the status shows them: one line each, with escapes for what is not seen."""
    return {name: excerpt(text) for name, text in parameter_texts(parameters).items()}


def format_ranges(cells: Iterable[int]) -> str:
    """Return cells as ranges: {0, 1, 2, 5} is "0-2,5"."""
    runs: list[list[int]] = []
    for cell in sorted(cells):
        if runs and cell == runs[-1][1] + 1:
            runs[-1][1] = cell
        else:
            runs.append([cell, cell])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def parse_ranges(text: str) -> tuple[int, ...]:
    """Return the numbers of `format_ranges` (and of a Job's completedIndexes), ascending."""
    numbers: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)
