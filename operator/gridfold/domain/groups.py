"""Groups: which cells one pod computes, one after the other. The i-th group of a wave is completion index i's. Pure.

A pod of several cells that is taken down leaves those unfinished to which it had not come, and the one that it was at.
Which one that was is not known for sure, so they are tried again in halves, until the one that takes its pod down
stands alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from gridfold.api.handoff import MOST_CELLS_TOGETHER
from gridfold.domain.grid import format_ranges, parse_ranges

Group = tuple[int, ...]
Groups = tuple[Group, ...]

_END = ";"


def alone(cells: Iterable[int]) -> Groups:
    """Return groups of one cell each."""
    return tuple((cell,) for cell in cells)


def cells_of(groups: Iterable[Group]) -> Group:
    """Return all cells of groups, in their order."""
    return tuple(cell for group in groups for cell in group)


def plan_groups(
    cells: Iterable[int], suspects: Mapping[int, Group], pack: Callable[[Sequence[int]], Groups] = alone
) -> Groups:
    """Return in which groups cells go out, in the order in which they are best started.

    `suspects` are cells that a pod has left unfinished, by the cells that this pod had: they are parted. `pack` says
    who goes with whom of all others, and may keep some back for a later wave.
    """
    left = dict[Group, list[int]]()
    for cell in sorted(cells):
        left.setdefault(suspects.get(cell, ()), []).append(cell)
    fresh = left.pop((), [])
    return (*(pack(fresh) if fresh else ()), *sorted(map(tuple, _halves(left.values()))))


def _halves(groups: Iterable[Sequence[int]]) -> Iterable[Sequence[int]]:
    for cells in groups:
        middle = -(-len(cells) // 2)
        yield from filter(None, (cells[:middle], cells[middle:]))


def format_groups(groups: Groups) -> str:
    """Return groups as text: "0-11,14" for one of each cell, ascending; else "0-3;4-7,9;", each with its semicolon."""
    cells = [group[0] for group in groups if len(group) == 1]
    if len(cells) == len(groups) and cells == sorted(cells):
        return format_ranges(cells)
    return "".join(f"{format_ranges(group)}{_END}" for group in groups)


def parse_groups(text: str) -> Groups:
    """Return the groups of a text.

    Raises:
        ValueError: it is no such text, a group is empty or too large, or a cell is named twice.
    """
    *ended, rest = text.split(_END)
    if ended and rest:
        raise ValueError(f"not groups of cells: {text[:80]!r} does not end with a semicolon")
    groups = tuple(map(parse_ranges, ended)) if ended else alone(parse_ranges(rest))
    cells = cells_of(groups)
    if not all(0 < len(group) <= MOST_CELLS_TOGETHER for group in groups) or len(set(cells)) < len(cells):
        raise ValueError(
            f"not groups of cells: {text[:80]!r} has an empty group, one of more than {MOST_CELLS_TOGETHER} cells, or "
            "a cell twice"
        )
    return groups
