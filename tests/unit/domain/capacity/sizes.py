"""Sizes of pods and nodes for tests, and the optimal packing of a few pods."""

import random
from collections.abc import Iterable
from decimal import Decimal

from hypothesis import strategies as st

from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.capacity.held import Pods, Shape
from gridfold.domain.capacity.sizing import nodes_for

GPU = "nvidia.com/gpu"


def amounts(**texts: str) -> dict[str, Decimal]:
    return {GPU if name == "gpu" else name: amount(text) for name, text in texts.items()}


def pods(count: int, **texts: str) -> Pods:
    return Pods(count, amounts(**texts))


def shape(**texts: str) -> Shape:
    return Shape(amounts(**texts))


#: One node, and pods that fit on it once or many times, or do not.
shapes = st.builds(
    lambda cpu, memory, gpu: Shape({"cpu": Decimal(cpu), "memory": Decimal(memory), GPU: Decimal(gpu)}),
    st.integers(1, 16),
    st.integers(1, 64),
    st.integers(0, 4),
)


def groups(most_pods: int = 60) -> st.SearchStrategy[Pods]:
    return st.builds(
        lambda count, cpu, memory, gpu: Pods(
            count, {"cpu": Decimal(cpu) / 4, "memory": Decimal(memory), **({GPU: Decimal(gpu)} if gpu else {})}
        ),
        st.integers(0, most_pods),
        st.integers(1, 24),
        st.integers(1, 40),
        st.integers(0, 2),
    )


def fewest_nodes(found: Iterable[Pods], node: Shape) -> int:
    """Return the number of nodes of the best packing there is: every pod on every node, by branch and bound."""
    items = sorted(
        (
            tuple(group.requests.get(name, Decimal(0)) for name in node.amounts)
            for group in found
            for _ in range(group.count)
        ),
        reverse=True,
    )
    whole = tuple(node.amounts.values())
    least = max(-(-sum(item[i] for item in items) // size) for i, size in enumerate(whole) if size)
    best = len(items)

    def place(index: int, nodes: list[tuple[Decimal, ...]]) -> None:
        nonlocal best
        if len(nodes) >= best or best == least:
            return
        if index == len(items):
            best = len(nodes)
            return
        item = items[index]
        for room in dict.fromkeys(nodes):
            if all(need <= free for need, free in zip(item, room, strict=True)):
                rest = tuple(free - need for need, free in zip(item, room, strict=True))
                others = [*nodes]
                others[others.index(room)] = rest
                place(index + 1, others)
        if len(nodes) + 1 < best:
            rest = tuple(free - need for need, free in zip(item, whole, strict=True))
            place(index + 1, [*nodes, rest])

    place(0, [])
    return best


def cell_set(seed: int) -> tuple[list[Pods], Shape]:
    """Return up to 16 pods of up to four sizes, as cells with more and more memory have, or of any size."""
    draw = random.Random(seed)
    node = shape(cpu=str(draw.choice([4, 8])), memory=f"{draw.choice([16, 32])}Gi")
    sizes = draw.randint(1, 4)
    memory = draw.choice([1, 2, 3])
    found = [
        pods(
            draw.randint(1, 16 // sizes),
            cpu=f"{draw.choice([500, 1000, 1500, 2000])}m",
            memory=f"{min(16, memory * 2**step if seed % 2 else draw.randint(1, 12))}Gi",
        )
        for step in range(sizes)
    ]
    return found, node


def packing_ratios(sets: int = 20) -> list[float]:
    """Return for each of some sets of cells the nodes that are asked for ÷ the fewest that have room for them."""
    found = (cell_set(seed) for seed in range(sets))
    return [nodes_for(cells, node) / fewest_nodes(cells, node) for cells, node in found]
