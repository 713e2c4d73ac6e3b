"""Nodes as a part of `decide`: what is done about them as a run goes on, and what the status says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gridfold.domain.capacity.held import EnsureNodes, Held, ReleaseNodes, Trouble
from gridfold.domain.keys import run_digest
from gridfold.domain.observed import Waiting
from gridfold.domain.plan import Plan
from tests.unit.domain.capacity.sizes import shape
from tests.unit.domain.world import World, cell_end, document, job_of

NOTHING = Held("big", shape=shape(cpu="4", memory="16Gi"), spares_busy=True)
NO_ROOM = Waiting("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 10, 30.0)
GRID = [{"C": [float(c) for c in range(1, 11)]}]


def asking(**spec: Any) -> dict[str, Any]:
    return document(GRID, **{"capacity": {"provider": "big"}, **spec})


def searching(observed: Held | None = NOTHING, **spec: Any) -> World:
    """Return a job whose ten cells, each of one processor, find no room."""
    world = World(job_of(asking(**spec)), held=observed)
    world.step()
    world.finish_prepare(10)
    world.step()
    world.step()
    (wave,) = world.waves
    world.wait(wave, NO_ROOM)
    return world


def held(nodes: int, ready: int = 0, launched: int | None = None, **changes: Any) -> Held:
    there = frozenset(f"node-{number}" for number in range(ready))
    launched = ready if launched is None else launched
    return replace(NOTHING, nodes=nodes, launched=launched, ready=there, bound=True, **changes)


def run(world: World, *cells: int) -> None:
    """Have cells run on the first of the job's nodes."""
    (name,) = world.waves
    world.waves[name] = replace(
        world.waves[name], waiting=(), running=frozenset(cells), nodes=frozenset({"node-0", "node-1", "node-2"})
    )


def test_a_job_without_a_provider_has_no_word_of_nodes_in_its_status() -> None:
    world = searching(None, capacity={"provider": "none"})
    plan = world.step()
    assert (plan.nodes, plan.status.capacity) == (None, None)
    assert world.condition("CapacityReady") == "False/Unschedulable"


def test_nodes_are_asked_for_and_then_nothing_more_until_something_changes() -> None:
    world = searching()
    plan = world.step()
    assert plan.nodes == EnsureNodes(3), "ten pods of one processor on nodes of four"
    assert world.condition("CapacityReady") == "False/NodesRequested"
    assert "10 pods find no room: asked big for 3 nodes; 0 of 3 are ready" in world.message("CapacityReady")
    world.held = held(3)
    assert world.step().nodes is None
    capacity = world.status.capacity
    assert capacity is not None
    assert (capacity.provider, capacity.requested_nodes, capacity.ready_nodes) == ("big", 3, 0)


def test_while_nodes_are_on_their_way_somebody_looks_every_few_seconds_and_else_once_a_minute() -> None:
    world = searching()
    assert (world.step().requeue_after_seconds or 99) <= 3
    world.held = held(3, ready=1)
    assert (world.step().requeue_after_seconds or 99) <= 3
    world.held = held(3, ready=3)
    run(world, *range(10))
    assert world.step().requeue_after_seconds == 60


def test_that_nodes_are_asked_for_is_told_once_and_no_warning() -> None:
    world = searching()
    plan = world.step()
    told = [(event.type, event.reason) for event in plan.events if event.reason == "NodesRequested"]
    assert told == [("Normal", "NodesRequested")]
    world.held = held(3, ready=1)
    assert [event for event in world.step().events if event.reason == "NodesRequested"] == []


def test_pods_that_get_their_nodes_end_the_trouble() -> None:
    world = searching()
    world.step()
    world.held = held(3, ready=3)
    run(world, *range(10))
    world.step()
    assert world.condition("CapacityReady") == "True/PodsScheduled"


def end(world: World) -> Plan:
    """Bring the run to its end."""
    (name,) = world.waves
    for cell in range(10):
        world.end_cell(name, cell, cell_end(cell, 0.5), good=True)
    world.waves[name] = replace(world.waves[name], running=frozenset(), waiting=(), nodes=frozenset())
    world.step()
    world.finish_refit()
    return world.step()


def test_a_run_that_has_ended_hands_everything_back_and_rests_when_that_is_done() -> None:
    world = searching()
    world.step()
    world.held = held(3, ready=3)
    assert end(world).nodes == ReleaseNodes()
    assert world.condition("CapacityReady") != "False/NodesRequested"
    world.held = held(0, ready=3, leaving=True)
    plan = world.step()
    assert (plan.nodes, plan.requeue_after_seconds) == (ReleaseNodes(), 3)
    world.held = NOTHING
    world.step()
    plan = world.step()
    assert (plan.nodes, plan.requeue_after_seconds, plan.events) == (None, None, ())
    assert plan.status == world.status


def test_nodes_that_cannot_be_handed_back_are_tried_again_with_pauses_and_the_status_says_why() -> None:
    world = searching()
    world.held = held(3, ready=3)
    world.edit(asking(suspend=True))
    assert world.step().nodes == ReleaseNodes()
    trouble = Trouble("ProviderForbidden", "nodepools is forbidden", tries=1, last=world.now)
    world.held = held(3, ready=3, leaving=True, trouble=trouble)
    plan = world.step()
    assert (plan.nodes, plan.requeue_after_seconds) == (None, 29)
    assert plan.status.capacity is not None
    assert plan.status.capacity.message == "nodes cannot be handed back yet: nodepools is forbidden"
    world.now += timedelta(seconds=30)
    assert world.step().nodes == ReleaseNodes()


def preparing(observed: Held, **capacity: Any) -> World:
    world = World(job_of(asking(capacity={"provider": "big", "ahead": True, **capacity})), held=observed)
    world.step()
    return world


def test_nodes_are_asked_for_ahead_of_the_cells_and_those_of_cells_that_were_cached_go_at_once() -> None:
    ahead = replace(NOTHING, ahead=True)
    world = preparing(ahead)
    assert world.step().nodes == EnsureNodes(3)
    world.held = replace(held(3, launched=3), ahead=True)
    assert world.step().nodes is None
    world.finish_prepare(10, cached=set(range(7)))
    assert world.step().nodes == EnsureNodes(1)


def test_pods_of_several_cells_need_fewer_nodes_ahead() -> None:
    packed = {"packing": {"mode": "Fixed", "cellsPerPod": 5}}
    world = World(
        job_of(asking(capacity={"provider": "big", "ahead": True}, execution=packed)), held=replace(NOTHING, ahead=True)
    )
    world.step()
    assert world.step().nodes == EnsureNodes(1), "two pods, and three have room on a node"


def test_a_run_whose_cells_were_all_cached_hands_back_what_was_asked_for_ahead() -> None:
    world = preparing(replace(held(3, launched=2), ahead=True))
    world.finish_prepare(10, cached=set(range(10)))
    world.step()
    (refit,) = world.refits
    world.refits[refit] = replace(world.refits[refit], running_pods=1, nodes=frozenset({"another"}))
    assert world.step().nodes == ReleaseNodes()


def test_a_provider_that_cannot_be_asked_ahead_is_told_in_the_status() -> None:
    world = preparing(NOTHING)
    assert world.step().nodes is None
    assert world.status.capacity is not None
    assert world.status.capacity.message.startswith("big gives nodes only for pods that wait for them")
    assert world.condition("CapacityReady") == ""


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("suspended", {"suspend": True}),
    ("edited to another provider", {"capacity": {"provider": "other"}}),
    ("edited to none", {"capacity": {"provider": "none"}}),
]


@pytest.mark.parametrize(("why", "spec"), CHANGES, ids=[case[0] for case in CHANGES])
def test_a_job_that_does_not_want_its_nodes_any_more_hands_them_back(why: str, spec: dict[str, Any]) -> None:
    world = searching()
    world.step()
    world.held = held(3, ready=1)
    world.edit(asking(**spec))
    assert world.step().nodes == ReleaseNodes(), why


def test_a_refused_spec_keeps_the_nodes_on_which_cells_go_on_and_hands_them_back_with_the_last() -> None:
    world = searching()
    world.step()
    world.held = held(3, ready=3)
    run(world, *range(10))
    world.edit({**asking(), "spec": {**asking()["spec"], "search": {"grid": [{"C": [1.5]}], "maxCells": 1}}})
    refused = world.job.spec.model_copy(update={"search": world.job.spec.search.model_copy(update={"max_cells": 0})})
    world.job = world.job.model_copy(update={"spec": refused})
    assert world.step().nodes is None
    world.waves.clear()
    assert world.step().nodes == ReleaseNodes()


def test_an_edit_of_capacity_starts_no_other_run_and_tries_nothing_again() -> None:
    before, after = (job_of(asking(capacity={"provider": name})) for name in ("big", "small"))
    assert run_digest("u", before.spec) == run_digest("u", after.spec)
    world = searching()
    world.step()
    attempt = world.status.attempt
    world.edit(asking(capacity={"provider": "big", "maxNodes": 2}))
    world.step()
    assert world.status.attempt == attempt
    assert len(world.waves) == 1


def test_hours_are_nodes_times_the_time_that_they_are_there_and_survive_a_new_run() -> None:
    world = searching()
    world.step()
    world.held = held(3, launched=3)
    world.step()
    world.now += timedelta(hours=1)
    world.held = held(3, ready=3)
    world.step()
    world.now += timedelta(minutes=30)
    world.held = held(2, ready=2)
    world.step()
    assert world.status.capacity is not None
    assert world.status.capacity.node_hours == "4.5"
    world.edit(asking(split={"seed": 9}))
    world.now += timedelta(hours=1)
    world.step()
    assert world.status.capacity.node_hours == "6.5"
    world.held = None
    world.step()
    world.now += timedelta(hours=5)
    world.step()
    world.held = held(1, ready=1)
    world.step()
    assert world.status.capacity.node_hours == "6.5"


def test_hours_that_are_used_up_hand_everything_back_and_say_so() -> None:
    world = searching(capacity={"provider": "big", "maxNodeHours": 2})
    world.held = held(3, ready=3)
    world.step()
    world.now += timedelta(hours=1)
    assert world.step().nodes == ReleaseNodes()
    assert world.condition("CapacityReady") == "False/NodeHoursUsed"


def test_a_provider_that_is_not_known_is_told_before_any_pod_lacks_a_node() -> None:
    trouble = Trouble("ProviderUnknown", "spec.capacity.provider is bgi, and the platform has configured big")
    world = World(job_of(asking(capacity={"provider": "bgi"})), held=Held("bgi", trouble=trouble))
    world.step()
    assert world.status.capacity is not None
    assert world.status.capacity.message == trouble.message
    assert world.condition("CapacityReady") == "False/ProviderUnknown"
    unknown = searching()
    unknown.held = Held("big", trouble=trouble)
    unknown.step()
    assert unknown.condition("CapacityReady") == "False/ProviderUnknown"


def test_what_is_said_of_nodes_again_is_not_written_again() -> None:
    world = searching()
    for observed in (held(3, ready=1), held(3, ready=3)):
        world.held = observed
        world.step()
        before = world.status
        world.now += timedelta(seconds=30)
        assert world.step().status == before
