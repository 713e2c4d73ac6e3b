"""Which cells of the grid are tried: all of them, or those that scikit-learn's ParameterSampler draws."""

from gridfold.api.v1alpha1 import Search, SearchAlgorithm
from gridfold.domain.grid import Grid
from gridfold_trainer.learning.light_imports import import_scikit_learn


def draw(search: Search) -> tuple[int, ...]:
    """Return the number in the whole grid of each cell, in the order of the cells.

    Cell i of a Random search is the i-th combination that ParameterSampler yields for the list of grids, the number
    of cells and the seed: without replacement, in the order drawn. Where the grid is smaller, all of it is drawn, in
    that order too.
    """
    size = len(Grid.of(search.grid))
    if search.algorithm is not SearchAlgorithm.RANDOM or search.cells is None:
        return tuple(range(size))
    import_scikit_learn()
    from sklearn.utils.random import sample_without_replacement

    drawn = sample_without_replacement(size, min(search.cells, size), random_state=search.seed)
    return tuple(int(number) for number in drawn)
