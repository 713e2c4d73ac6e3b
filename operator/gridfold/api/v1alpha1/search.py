"""spec.search: which cells are tried."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Int, Seed


class SearchAlgorithm(StrEnum):
    """Which cells of the grid are tried."""

    GRID = "Grid"
    RANDOM = "Random"


Axis = Annotated[list[Any], Field(min_length=1, max_length=1000)]


class Search(ApiModel):
    """Which cells are tried."""

    grid: Annotated[list[Annotated[dict[str, Axis], Field(max_length=50)]], Field(min_length=1, max_length=50)] = Field(
        description="A list of grids. Each is the product of its axes: name of a parameter, list of its values. "
        "preprocessing.numeric.impute, preprocessing.numeric.scale, preprocessing.categorical.impute and "
        "preprocessing.categorical.encode vary the preprocessing. Write {int: 1} or {float: 1} where the two "
        "mean different things. Editing it runs the new cells only: cells that stay keep their results and, where "
        "they run now, their pods; running cells that left are ended or ignored."
    )
    algorithm: SearchAlgorithm = Field(
        SearchAlgorithm.GRID,
        description="Grid tries all cells of the grid; Random draws some of them, as "
        "scikit-learn's ParameterSampler does.",
    )
    cells: Annotated[Int, Field(ge=1, le=10000)] | None = Field(
        None, description="Random only: how many cells are drawn, without replacement."
    )
    seed: Seed = Field(0, description="Random only: seed of the draw.")
    max_cells: Annotated[Int, Field(ge=1, le=10000)] = Field(
        1000, description="The job is refused if it has more cells than this."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "cells",
            "self.algorithm != 'Random' || has(self.cells)",
            "is required where algorithm is Random: it says how many cells are drawn",
            lambda s: s.algorithm is not SearchAlgorithm.RANDOM or s.cells is not None,
            lambda s: s.cells,
        ),
        Rule(
            "cells",
            "self.algorithm == 'Random' || !has(self.cells)",
            "must be left out where algorithm is Grid: all cells of the grid are tried",
            lambda s: s.algorithm is SearchAlgorithm.RANDOM or s.cells is None,
            lambda s: s.cells,
        ),
    )
