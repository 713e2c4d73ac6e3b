"""A param_grid as the grid of a job, cell by cell in the order of scikit-learn's ParameterGrid."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.model_selection import ParameterGrid

from gridfold.domain.grid import script_name
from gridfold_notebook.pipelines import Parts
from gridfold_notebook.values import spelled

Axes = list[tuple[str, list[Any]]]


def cells_of(param_grid: Any) -> list[dict[str, Any]]:
    """Return the candidates, as GridSearchCV has them in params.

    Raises:
        TypeError, ValueError: it is no grid; in scikit-learn's words.
    """
    return list(ParameterGrid(param_grid))


def grid_of(
    param_grid: Any, parts: Parts, constants: Mapping[str, Any], problems: list[str]
) -> list[dict[str, list[Any]]]:
    """Return spec.search.grid; `constants` are parameters that every cell has and no grid names."""
    grids = [param_grid] if isinstance(param_grid, Mapping) else param_grid
    found = []
    for grid in grids:
        axes = [(name, values) for name in sorted(grid) for name, values in [_axis(name, grid[name], parts, problems)]]
        names = [name for name, _ in axes]
        if len(set(names)) < len(names):
            problems.append(f"param_grid has two parameters for one of a job's ({', '.join(names)}); expected one")
        rest = {name: [value] for name, value in constants.items() if name not in names}
        found += [{**dict(one), **rest} for one in _in_order(axes)]
    return found


def _axis(name: str, values: Sequence[Any], parts: Parts, problems: list[str]) -> tuple[str, list[Any]]:
    """Return a job's name and values of a parameter."""
    known = parts.axes.get(name)
    own = name.removeprefix(parts.prefix)
    if known is None and not name.startswith(parts.prefix):
        wanted = ", ".join([f"{parts.prefix}…", *parts.axes])
        problems.append(f"param_grid has {name!r}, which a job does not know of this Pipeline; expected {wanted}")
    said, every = known.said if known else spelled, []
    for value in values:
        try:
            every.append(said(value))
        except ValueError as error:
            problems.append(f"param_grid has {name!r}: {error}")
    return known.name if known else own, every


def _in_order(axes: Axes) -> list[Axes]:
    """Return grids whose cells a job has in the order in which these axes give them: the last one runs fastest.

    A job sorts axes by names of its own; where that is another order, the first of these is laid out as many grids.
    """
    if sorted(axes, key=lambda axis: script_name(axis[0])) == axes:
        return [axes]
    (name, values), *rest = axes
    return [[(name, [value]), *one] for value in values for one in _in_order(rest)]
