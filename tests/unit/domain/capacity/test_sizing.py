"""How many nodes pods need."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.domain.capacity.held import Pods, Shape
from gridfold.domain.capacity.sizing import Misfit, misfits, nodes_at_most, nodes_for, pods_a_node
from tests.unit.domain.capacity.sizes import GPU, amounts, groups, packing_ratios, pods, shape, shapes

NODE = shape(cpu="4", memory="16Gi", gpu="1")


@pytest.mark.parametrize(
    ("found", "nodes", "why"),
    [
        ([], 0, "no pod"),
        ([pods(0, cpu="1")], 0, "none of a size"),
        ([pods(16, cpu="1")], 4, "as many as fit side by side"),
        ([pods(17, cpu="1")], 5, "one more pod, one more node"),
        ([pods(3, cpu="1", memory="9Gi")], 3, "the scarcest resource decides"),
        ([pods(3, cpu="100m", gpu="1")], 3, "also where it is an extended one"),
        ([pods(2, cpu="3"), pods(2, cpu="1")], 2, "small pods go beside large ones"),
        ([pods(1, cpu="1"), pods(5, cpu="5")], 1, "pods that fit nowhere ask for nothing"),
        ([pods(220, cpu="1m")], 2, "a node takes 110 pods"),
    ],
)
def test_the_nodes_that_pods_need(found: list[Pods], nodes: int, why: str) -> None:
    assert nodes_for(found, NODE) == nodes, why


def test_a_shape_that_says_how_many_pods_a_node_takes_is_believed() -> None:
    assert nodes_for([pods(20, cpu="1m")], shape(cpu="4", pods="8")) == 3


def test_nodes_that_are_on_their_way_and_free_room_are_used_first() -> None:
    assert nodes_for([pods(10, cpu="1")], NODE, empty=1) == 2
    assert nodes_for([pods(10, cpu="1")], NODE, empty=1, free=[amounts(cpu="2500m", memory="1Gi")]) == 1
    assert nodes_for([pods(10, cpu="1")], NODE, empty=9) == 0


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (pods(1, cpu="4", memory="16Gi", gpu="1"), ()),
        (pods(1, cpu="4500m"), (Misfit("cpu", Decimal("4.5"), Decimal(4)),)),
        (pods(1, gpu="2"), (Misfit(GPU, Decimal(2), Decimal(1)),)),
    ],
)
def test_a_pod_that_fits_on_no_node_is_told_by_resource(one: Pods, expected: tuple[Misfit, ...]) -> None:
    assert misfits(one, NODE) == expected


def test_a_resource_that_a_shape_does_not_name_is_not_there() -> None:
    found = misfits(Pods(1, {"cpu": Decimal(1), "amd.com/gpu": Decimal(2)}), NODE)
    assert found == (Misfit("amd.com/gpu", Decimal(2), Decimal(0)),)


@given(st.lists(groups(), max_size=4), shapes)
def test_no_node_is_asked_for_that_no_pod_needs(found: list[Pods], node: Shape) -> None:
    fitting = [group for group in found if not misfits(group, node)]
    assert nodes_for(found, node) <= nodes_at_most(found, node) <= sum(group.count for group in fitting)


@given(st.lists(groups(), max_size=4), shapes)
def test_the_nodes_have_room_for_the_pods_in_each_resource(found: list[Pods], node: Shape) -> None:
    fitting = [group for group in found if not misfits(group, node)]
    nodes = nodes_for(found, node)
    for name, size in node.amounts.items():
        assert sum(group.count * group.requests.get(name, Decimal(0)) for group in fitting) <= nodes * size


@given(groups(), groups(), st.integers(0, 3), shapes, st.integers(0, 5), st.booleans())
def test_more_pods_never_need_fewer_nodes(
    first: Pods, second: Pods, more: int, node: Shape, empty: int, of_the_second: bool
) -> None:
    before = nodes_for([first, second], node, empty=empty)
    if of_the_second:
        second = Pods(second.count + more, second.requests)
    else:
        first = Pods(first.count + more, first.requests)
    assert before <= nodes_for([first, second], node, empty=empty)


@given(groups(), groups(), shapes, st.integers(0, 5))
def test_a_node_on_its_way_saves_at_most_one(first: Pods, second: Pods, node: Shape, empty: int) -> None:
    before, after = (nodes_for([first, second], node, empty=number) for number in (empty, empty + 1))
    assert before - 1 <= after <= before


@given(st.permutations([pods(3, cpu="1"), pods(4, cpu="3"), pods(2, memory="9Gi")]))
def test_the_order_of_pods_does_not_matter(found: list[Pods]) -> None:
    assert nodes_for(found, NODE) == 4


def test_nodes_asked_for_are_close_to_the_optimal_packing_of_twenty_sets_of_cells() -> None:
    ratios = packing_ratios()
    assert min(ratios) >= 1, "the other packing is the best there is"
    assert max(ratios) <= 1.15, ratios


def test_ten_thousand_pods_are_packed_as_quickly_as_ten() -> None:
    # Nodes with the same room are one entry: of one size there are three at most.
    assert nodes_for([pods(10_000, cpu="1500m")], NODE) == 5_000


@given(groups(), shapes)
def test_pods_of_one_size_need_as_many_nodes_as_they_fill_one_by_one(group: Pods, node: Shape) -> None:
    each = pods_a_node(group, node)
    assert (each == 0) == bool(misfits(group, node))
    if each:
        assert nodes_for([group], node) == -(-group.count // each)
