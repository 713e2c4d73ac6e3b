"""Cells are numbered as scikit-learn's ParameterGrid numbers the script's names."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import ParameterGrid

from gridfold.domain.grid import Grid

PREPROCESSING = {
    "preprocessing.numeric.impute": ["Median", "Mean", "MostFrequent", "None"],
    "preprocessing.numeric.scale": ["Standard", "MinMax", "Robust", "None"],
    "preprocessing.categorical.impute": ["MostFrequent", "None"],
    "preprocessing.categorical.encode": ["OneHot", "Ordinal"],
}
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
VALUES = st.one_of(st.integers(-3, 3), st.floats(-1, 1), st.text(max_size=3), st.booleans(), st.none())


@st.composite
def grids(draw: st.DrawFn) -> list[dict[str, list[Any]]]:
    """A list of grids with axes of both kinds, in any order of their names."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        axes = draw(st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), max_size=4))
        chosen = draw(st.lists(st.sampled_from(sorted(PREPROCESSING)), unique=True, max_size=2))
        axes.update({name: draw(st.permutations(PREPROCESSING[name])) for name in chosen})
        found.append({name: axes[name] for name in draw(st.permutations(sorted(axes)))})
    return found


def script_name(axis: str) -> str:
    """The name of an axis in the script (written out here, not taken from the product)."""
    return "__".join(axis.split(".")) if axis.startswith("preprocessing.") else "estimator__" + axis


@given(axes=grids())
def test_cells_are_in_the_order_of_parameter_grid(axes: list[dict[str, list[Any]]]) -> None:
    script = ParameterGrid([{script_name(name): values for name, values in grid.items()} for grid in axes])
    cells = [{script_name(name): value for name, value in cell.items()} for cell in Grid.of(axes)]
    assert [list(map(repr, sorted(cell.items(), key=str))) for cell in cells] == [
        list(map(repr, sorted(cell.items(), key=str))) for cell in script
    ]
    assert len(cells) == len(script)
    assert all(Grid.of(axes)[number] == cell for number, cell in enumerate(Grid.of(axes)))
