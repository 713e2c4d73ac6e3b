"""How many nodes of one shape pods need: first-fit decreasing, over every resource that any of them asks for.

What a job needs at one time has one size of pods, or two (a wave of cells ends while the next one, with more memory,
begins). Then more pods never need fewer nodes; with three sizes, first-fit decreasing can save a node by one more pod.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gridfold.domain.capacity.held import Amounts, Pods, Shape

#: How many pods a node takes where its shape does not say: maxPods of the kubelet, by default.
PODS_PER_NODE = Decimal(110)
PODS = "pods"
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Misfit:
    """A resource of which one pod asks for more than one node gives."""

    resource: str
    wanted: Decimal
    given: Decimal


@dataclass(frozen=True)
class Room:
    """So many nodes with the same room on each."""

    nodes: int
    free: Amounts


def misfits(pods: Pods, shape: Shape) -> tuple[Misfit, ...]:
    """Return why one such pod fits on no node of the shape; empty where it fits. What is not named is not there."""
    room = _whole(shape)
    wanted = {**pods.requests, PODS: Decimal(1)}
    return tuple(
        Misfit(name, size, room.get(name, NOTHING))
        for name, size in sorted(wanted.items())
        if size > room.get(name, NOTHING)
    )


def nodes_for(pods: Iterable[Pods], shape: Shape, *, empty: int = 0, free: Sequence[Amounts] = ()) -> int:
    """Return how many nodes the pods need beside so many empty ones, and beside the room that is free on others.

    Pods that fit on no node of the shape are left out (`misfits`).
    """
    fitting = [group for group in pods if group.count > 0 and not misfits(group, shape)]
    rooms = [*(Room(1, {PODS: PODS_PER_NODE, **amounts}) for amounts in free), Room(empty, _whole(shape))]
    orders = [sorted(fitting, key=_decreasing(shape, measure), reverse=True) for measure in (max, sum)]
    return min(_first_fit(order, rooms, _whole(shape)) for order in orders)


def pods_a_node(pods: Pods, shape: Shape) -> int:
    """Return how many such pods one empty node has room for."""
    return _times(pods.requests, _whole(shape))


def nodes_at_most(pods: Iterable[Pods], shape: Shape) -> int:
    """Return a number of nodes that is enough however the scheduler mixes pods of different sizes."""
    return sum(nodes_for((group,), shape) for group in pods)


def _whole(shape: Shape) -> dict[str, Decimal]:
    return {PODS: PODS_PER_NODE, **shape.amounts}


Key = tuple[Decimal, tuple[tuple[str, Decimal], ...]]


def _decreasing(shape: Shape, measure: Callable[[Iterable[Decimal]], Decimal | int]) -> Callable[[Pods], Key]:
    """Return what a pod takes of a node, in one number: its largest share of a resource, or all shares together."""

    def share(pods: Pods) -> Key:
        shares = [size / shape.amounts[name] for name, size in pods.requests.items() if size]
        return Decimal(measure(shares)) if shares else NOTHING, tuple(sorted(pods.requests.items()))

    return share


def _first_fit(order: Iterable[Pods], rooms: Sequence[Room], whole: Amounts) -> int:
    """Return how many whole nodes are taken into use when pods go, in this order, where they fit first.

    Nodes with the same room on them are one entry, so that it takes as long for ten thousand pods as for ten.
    """
    places = list(rooms)
    taken = 0
    for group in order:
        places, left = _fill(places, group)
        if left:
            new = -(-left // _times(group.requests, whole))
            taken += new
            more, _ = _fill([Room(new, whole)], Pods(left, group.requests))
            places += more
    return taken


def _fill(places: Iterable[Room], group: Pods) -> tuple[list[Room], int]:
    """Return what room there is with pods of one size put into it, and how many found none."""
    filled: list[Room] = []
    left = group.count
    for place in places:
        each = _times(group.requests, place.free)
        full, rest = divmod(min(left, each * place.nodes), each) if each else (0, 0)
        left -= full * each + rest
        untouched = place.nodes - full - bool(rest)
        parts = ((full, each), (int(bool(rest)), rest), (untouched, 0))
        filled += (Room(nodes, _less(place.free, group.requests, pods)) for nodes, pods in parts if nodes)
    return filled, left


def _times(requests: Amounts, free: Amounts) -> int:
    """Return how many such pods fit into this room."""
    needs = {**requests, PODS: Decimal(1)}
    return int(min(max(NOTHING, free.get(name, NOTHING)) // size for name, size in needs.items() if size))


def _less(free: Amounts, requests: Amounts, pods: int) -> Amounts:
    needs = {**requests, PODS: Decimal(1)}
    return {name: size - pods * needs.get(name, NOTHING) for name, size in free.items()} if pods else free
