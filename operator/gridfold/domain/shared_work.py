"""Which cells are best computed by one process, because work of one serves the other. Pure.

What is shared and how is the trainer's (`gridfold_trainer.learning.sharing`); here is only who sits with whom.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridfold.api.handoff import MOST_CELLS_TOGETHER
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import PREPROCESSING, Grid, Parameters
from gridfold.domain.groups import Group, Groups

_KINDS = ("Classifier", "Regressor")
#: Axes along which one fit serves all cells, by the estimator's full name; a test compares them with the trainer's.
SHARED_AXES: Mapping[str, tuple[str, ...]] = {
    f"sklearn.{family}{kind}": axes
    for family, axes in {
        "ensemble.RandomForest": ("n_estimators",),
        "ensemble.ExtraTrees": ("n_estimators",),
        "ensemble.Bagging": ("n_estimators",),
        "ensemble.AdaBoost": ("n_estimators",),
        "ensemble.GradientBoosting": ("n_estimators",),
        "ensemble.HistGradientBoosting": ("max_iter",),
        "neighbors.KNeighbors": ("n_neighbors", "weights"),
    }.items()
    for kind in _KINDS
}
#: A group is at least so many times smaller than what each process has to do in all: the last ones end together.
_SMALLEST = 4


@dataclass(frozen=True)
class _Family:
    """Cells that one fit serves, with how long it takes, as far as that shows before."""

    preparation: str
    cells: Group
    work: float


def shared_groups(spec: TrainingJobSpec, cells: Sequence[int], processes: int) -> Groups:
    """Return groups of cells for so many processes at a time, in the order in which they are best started.

    Cells that one fit serves are together, those with the same preparation as far as all processes have enough to do.
    The groups get smaller, so that the processes end at about the same time.
    """
    families = _families(spec, cells, MOST_CELLS_TOGETHER)
    if processes == 1:  # nobody else waits for work, so nothing speaks for preparing the same rows twice
        alike: dict[str, list[_Family]] = {}
        for family in families:
            alike.setdefault(family.preparation, []).append(family)
        return tuple(group for some in alike.values() for group in _gather(some, MOST_CELLS_TOGETHER, lambda *_: False))
    least = sum(family.work for family in families) / (_SMALLEST * processes)
    return _gather(families, MOST_CELLS_TOGETHER, lambda work, left: work >= max(left / (2 * processes), least))


def packed_groups(spec: TrainingJobSpec, cells: Sequence[int], most: int) -> Groups:
    """Return groups of at most so many cells that share as much as they can, in the order in which to start them."""
    return _gather(_families(spec, cells, most), most, lambda *_: False)


def _gather(families: Iterable[_Family], most: int, is_full: Callable[[float, float], bool]) -> Groups:
    """Return families put together, in groups of at most so many cells; those with most work come first.

    `is_full` is asked with the work of a group so far, and with that of this group and of all later ones.
    """
    ordered = sorted(families, key=lambda family: (family.preparation, -family.work))
    groups, together, left = list[tuple[float, Group]](), list[_Family](), sum(family.work for family in ordered)
    for family, following in zip(ordered, (*ordered[1:], None), strict=True):
        together.append(family)
        work, cells = sum(one.work for one in together), [cell for one in together for cell in one.cells]
        if following is None or len(cells) + len(following.cells) > most or is_full(work, left):
            groups.append((work, tuple(sorted(cells))))
            together, left = [], left - work
    return tuple(cells for _, cells in sorted(groups, key=lambda group: (-group[0], group[1])))


def _families(spec: TrainingJobSpec, cells: Iterable[int], most: int) -> list[_Family]:
    """Return the cells by what they share; a family has at most so many."""
    if spec.search.cells is not None:  # which cells of the grid are drawn is the trainer's to know
        return [_Family("", (cell,), 1.0) for cell in cells]
    grid, axes = Grid.of(spec.search.grid), SHARED_AXES.get(spec.estimator.class_name, ())
    found: dict[tuple[str, str], list[tuple[int, Parameters]]] = {}
    for cell in cells:
        chosen = grid[cell]
        preparation = repr([item for item in chosen.items() if item[0].startswith(PREPROCESSING)])
        rest = repr([item for item in chosen.items() if item[0] not in axes])
        found.setdefault((preparation, rest), []).append((cell, chosen))
    parts = (
        (preparation, members[start : start + most])
        for (preparation, _), members in found.items()
        for start in range(0, len(members), most)
    )
    return [
        _Family(preparation, tuple(cell for cell, _ in members), _work(members, axes)) for preparation, members in parts
    ]


def _work(members: Sequence[tuple[int, Parameters]], axes: Sequence[str]) -> float:
    """Return how long a fit is, in numbers of the axis that says so; 1 for each cell where none does."""
    numbers = [
        float(value)
        for _, chosen in members
        for axis in axes
        if isinstance(value := chosen.get(axis), int | float) and value > 0
    ]
    return max(numbers, default=float(len(members)))
