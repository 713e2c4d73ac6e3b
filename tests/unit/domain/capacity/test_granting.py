"""What is asked of a provider, and what is said of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.conditions import Reason
from gridfold.api.v1alpha1.capacity import CapacitySettings
from gridfold.domain.capacity.granting import Grant, judge, pause_seconds
from gridfold.domain.capacity.held import EnsureNodes, Held, Pods, ReleaseNodes, Trouble, Verdict
from gridfold.domain.capacity.need import Need, Off
from gridfold.domain.capacity.sizing import misfits, nodes_at_most, nodes_for
from tests.unit.domain.capacity.sizes import groups, pods, shape, shapes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NODE = shape(cpu="4", memory="16Gi")
NOTHING = Held("karpenter", shape=NODE)
WORDS = "0/3 nodes are available: 3 Insufficient cpu."


def cells(lacking: int, running: int = 0, live: int | None = None, **changes: Any) -> Need:
    """Return the need of one-CPU cells."""
    rest = lacking + running if live is None else live
    found = Need(lacking=(pods(lacking, cpu="1"),) if lacking else (), live=(pods(rest, cpu="1"),) if rest else ())
    return replace(found, running=running, words=WORDS, **changes)


def ready(number: int, granted: int | None = None, **changes: Any) -> Held:
    """Return nodes of which so many have come, a while ago."""
    names = frozenset(f"n{i}" for i in range(number))
    held = replace(NOTHING, nodes=number if granted is None else granted, ready=names, launched=number)
    return replace(held, since=NOW, ready_since=NOW - timedelta(minutes=5), **changes)


def busy(number: int) -> frozenset[str]:
    return frozenset(f"n{i}" for i in range(number))


#: Prepare runs, somewhere else, and nodes are asked for the cells.
AHEAD = Need(
    ahead=(pods(17, cpu="1"),),
    live=(pods(1, cpu="1"), pods(17, cpu="1")),
    running=1,
    busy=frozenset({"own"}),
)


def decide(need: Need, held: Held = NOTHING, used_seconds: float = 0, **capacity: Any) -> Verdict:
    settings = CapacitySettings.model_validate({"provider": "karpenter", **capacity})
    return judge(Grant(need, held, settings, used_seconds, NOW))


@pytest.mark.parametrize(
    ("need", "held", "step", "why"),
    [
        (cells(16), NOTHING, EnsureNodes(4), "as many as the pods need"),
        (cells(16), ready(0, granted=4), EnsureNodes(4), "those that are on their way are for them"),
        (cells(16), ready(4), EnsureNodes(4), "so are those that have just come"),
        (cells(8, running=16, busy=busy(4)), ready(4), EnsureNodes(6), "more pods, beside full nodes"),
        (cells(8, running=4, busy=busy(1)), ready(1, granted=3), EnsureNodes(3), "full, and two on their way"),
        (cells(0, running=16, busy=busy(4)), ready(4), EnsureNodes(4), "what runs keeps its nodes"),
        (cells(0, running=0, live=16), ready(4), EnsureNodes(4), "pods are about to be made"),
        (cells(0), NOTHING, None, "nothing lacks a node"),
        (cells(0, live=20), NOTHING, None, "pods that nobody has refused ask for nothing"),
        (Need(ahead=(pods(16, cpu="1"),), live=(pods(16, cpu="1"),)), NOTHING, EnsureNodes(4), "ahead of the cells"),
        (AHEAD, ready(0, granted=5, spares_busy=True), EnsureNodes(5), "prepare, which runs, takes no cell's place"),
    ],
)
def test_what_is_asked(need: Need, held: Held, step: EnsureNodes | None, why: str) -> None:
    assert decide(need, held).step == step, why


@pytest.mark.parametrize(
    ("need", "held", "step", "why"),
    [
        (cells(0, live=3), ready(5), EnsureNodes(1), "the others turned out to be cached"),
        (cells(0, live=3), ready(0, granted=5), EnsureNodes(1), "also where they are on their way still"),
        (cells(0, running=4, live=4, busy=busy(2)), ready(4, spares_busy=True), EnsureNodes(2), "empty ones alone go"),
        (cells(0, running=4, live=4, busy=busy(2)), ready(4), EnsureNodes(4), "another one might be taken"),
        (cells(0, running=1, live=1, busy=frozenset({"own"})), ready(2), ReleaseNodes(), "the last pod is elsewhere"),
        (cells(0, running=1, live=1, busy=frozenset({"own"})), ready(1, granted=2), EnsureNodes(2), "one is not known"),
    ],
)
def test_nodes_are_handed_back_as_soon_as_fewer_pods_are_left(
    need: Need, held: Held, step: EnsureNodes | ReleaseNodes, why: str
) -> None:
    assert decide(need, held).step == step, why


@pytest.mark.parametrize(
    ("need", "held", "why"),
    [
        (Need(off=Off.OVER), ready(4), "the run has ended, or is suspended"),
        (Need(off=Off.TERMINATING), ready(4), "the namespace is being deleted"),
        (Need(off=Off.QUEUE), ready(4), "a queue admits the pods from now on"),
        (cells(0), ready(4), "nothing can run any more"),
        (cells(16), ready(4, provider="other"), "the job has changed its provider"),
        (cells(16), ready(4, leaving=True), "they are being handed back already"),
        (Need(off=Off.OVER), replace(NOTHING, bound=True), "the resource still waits for it"),
        (Need(off=Off.OVER), replace(NOTHING, launched=1), "a machine is there still"),
        (Need(off=Off.OVER), replace(ready(4), shape=None), "the provider is not configured any more"),
    ],
)
def test_everything_is_handed_back_at_once_where(need: Need, held: Held, why: str) -> None:
    verdict = decide(need, held)
    assert verdict.step == ReleaseNodes(), why
    assert verdict.look_again_seconds is not None


@pytest.mark.parametrize("off", list(Off))
def test_nothing_is_asked_where_nodes_are_no_matter_of_ours(off: Off) -> None:
    assert decide(replace(cells(16), off=off)).step is None


def test_under_a_queue_it_is_said_that_the_provider_is_not_asked() -> None:
    verdict = decide(Need(off=Off.QUEUE))
    assert verdict.reason == Reason.PROVIDER_OFF
    assert "spec.execution.queueName" in verdict.message
    assert decide(Need(off=Off.QUEUE), replace(NOTHING, provider="none"), provider="none") == Verdict()


def test_without_a_provider_nothing_is_asked_and_nothing_said() -> None:
    assert decide(cells(16), Held("none"), provider="none") == Verdict()


def test_a_job_that_names_no_provider_any_more_hands_everything_back() -> None:
    assert decide(cells(16), ready(4), provider="none").step == ReleaseNodes()


def test_what_is_asked_and_what_has_come_is_said() -> None:
    verdict = decide(cells(16), ready(1, granted=4))
    assert (verdict.reason, verdict.message) == (
        Reason.NODES_REQUESTED,
        "16 pods find no room: asked karpenter for 4 nodes; 1 of 4 is ready",
    )


@pytest.mark.parametrize(
    ("held", "capacity", "nodes", "words"),
    [
        (NOTHING, {"maxNodes": 3}, 3, "4 would be needed, but spec.capacity.maxNodes is 3: raise it"),
        (
            replace(NOTHING, most_nodes=2),
            {},
            2,
            "4 would be needed, but the platform lets this job have 2 of karpenter",
        ),
        (NOTHING, {"maxNodeHours": 1}, 2, "4 would be needed, but too few node-hours are left of spec.capacity"),
    ],
)
def test_a_job_that_needs_more_than_it_may_have_is_told(
    held: Held, capacity: dict[str, Any], nodes: int, words: str
) -> None:
    verdict = decide(cells(16), held, used_seconds=2880, **capacity)
    assert verdict.step == EnsureNodes(nodes)
    assert verdict.reason == Reason.NODE_LIMIT
    assert words in verdict.message


def test_a_lower_limit_counts_at_once() -> None:
    assert decide(cells(0, running=16, live=16, busy=busy(4)), ready(4), maxNodes=2).step == EnsureNodes(2)


def test_few_node_hours_let_a_job_keep_what_it_has() -> None:
    need = cells(8, running=16, busy=busy(4))
    verdict = decide(need, ready(4), used_seconds=3500, maxNodeHours=1)
    assert verdict.step == EnsureNodes(4)
    assert verdict.reason == Reason.NODE_LIMIT
    assert verdict.look_again_seconds == 25.0


def test_a_job_that_has_used_its_node_hours_hands_everything_back() -> None:
    verdict = decide(cells(16), ready(4), used_seconds=3600, maxNodeHours=1)
    assert verdict.step == ReleaseNodes()
    assert verdict.reason == Reason.NODE_HOURS_USED
    assert "raise spec.capacity.maxNodeHours" in verdict.message
    assert decide(cells(16), used_seconds=3600, maxNodeHours=1).step is None
    assert decide(cells(16), used_seconds=3600, maxNodeHours=2).step == EnsureNodes(4)


def test_pods_that_fit_on_no_node_ask_for_none_and_are_told_by_resource() -> None:
    need = Need(lacking=(pods(3, cpu="8", gpu="1"),), live=(pods(3, cpu="8", gpu="1"),))
    verdict = decide(need)
    assert verdict.step is None
    assert verdict.reason == Reason.POD_DOES_NOT_FIT
    assert verdict.message == (
        "no node of karpenter has room for such a pod, so none is asked for: a pod wants cpu 8, and a node gives 4; "
        "nvidia.com/gpu 1, and a node gives none; lower spec.execution.resources, or name a provider with larger nodes "
        "in spec.capacity.provider"
    )


def test_a_provider_that_cannot_be_used_is_told_to_who_needs_it() -> None:
    trouble = Trouble(Reason.PROVIDER_UNKNOWN, "the platform has no provider karpenter; it has: big, small")
    held = Held("karpenter", trouble=trouble)
    assert decide(cells(16), held) == Verdict(None, trouble.reason, trouble.message)
    assert decide(cells(0, running=3), held) == Verdict()


def test_why_nodes_do_not_come_is_told_while_they_are_asked_for() -> None:
    trouble = Trouble(Reason.PROVIDER_FAILED, "InsufficientCapacity: no m5.large in eu-1a")
    verdict = decide(cells(16), ready(0, granted=4, trouble=trouble))
    assert verdict.step == EnsureNodes(4)
    assert verdict.reason == Reason.PROVIDER_FAILED
    assert verdict.message.endswith("0 of 4 are ready; InsufficientCapacity: no m5.large in eu-1a")


@pytest.mark.parametrize(
    ("asked_for", "waited", "words"),
    [
        (300, 300, "4 nodes; 1 of 4 is ready, and 3 have not come within 5 minutes, for no reason that is told"),
        (299, 900, ""),
        (900, 20, ""),
    ],
    ids=["late", "asked for just now", "a node has gone just now, and its pods wait since then"],
)
def test_nodes_that_do_not_come_are_told_after_a_while_though_nobody_says_why(
    asked_for: int, waited: float, words: str
) -> None:
    held = replace(ready(1, granted=4), since=NOW - timedelta(seconds=asked_for))
    need = cells(12, running=4, busy=busy(1), waited=waited)
    verdict = decide(need, held)
    assert verdict.step == EnsureNodes(4), "it is not given up"
    assert verdict.reason == (Reason.NODES_LATE if words else Reason.NODES_REQUESTED)
    assert words in verdict.message
    trouble = Trouble(Reason.PROVIDER_FAILED, "NoQuota: no more machines")
    assert decide(need, replace(held, trouble=trouble)).reason == Reason.PROVIDER_FAILED, "who knows why says so"


def test_for_a_node_that_has_gone_another_may_come_and_no_more_are_asked_for() -> None:
    displaced = cells(4, running=12, busy=busy(3))
    assert decide(displaced, ready(3, granted=4)).step == EnsureNodes(4), (
        "the provider has three of four, and brings it"
    )
    assert decide(displaced, ready(3)).step == EnsureNodes(4), "its number has sunk with the node"
    assert decide(displaced, ready(3), maxNodes=3).step == EnsureNodes(3)
    assert decide(displaced, ready(3), used_seconds=3000, maxNodeHours=1).step == EnsureNodes(3)


def test_after_a_failure_nothing_is_asked_for_a_while() -> None:
    trouble = Trouble(Reason.PROVIDER_FAILED, "throttled", tries=2, last=NOW - timedelta(seconds=50))
    verdict = decide(cells(16), replace(NOTHING, trouble=trouble))
    assert (verdict.step, verdict.reason, verdict.look_again_seconds) == (None, Reason.PROVIDER_FAILED, 10.0)
    later = replace(trouble, last=NOW - timedelta(seconds=60))
    assert decide(cells(16), replace(NOTHING, trouble=later)).step == EnsureNodes(4)


def test_pods_are_given_time_to_find_a_node_that_has_just_come() -> None:
    stale, held = cells(16, running=8, busy=busy(2)), ready(2)
    assert decide(stale, held).step == EnsureNodes(6)
    verdict = decide(stale, replace(held, ready_since=NOW - timedelta(seconds=5)))
    assert (verdict.step, verdict.look_again_seconds) == (EnsureNodes(2), 10.0)


def test_of_nodes_that_are_shared_those_on_their_way_are_still_for_the_pods_that_wait() -> None:
    on_shared_ones = cells(8, running=8, busy=busy(2))
    assert decide(on_shared_ones, ready(2, granted=2)).step == EnsureNodes(4)
    assert decide(on_shared_ones, ready(2, granted=2, arrived=0)).step == EnsureNodes(2)


def test_a_failure_keeps_no_node_from_being_handed_back() -> None:
    trouble = Trouble(Reason.PROVIDER_FAILED, "throttled", tries=9, last=NOW)
    assert decide(cells(0, live=3), ready(4, trouble=trouble)).step == EnsureNodes(1)
    assert decide(Need(off=Off.OVER), ready(4, trouble=trouble)).step == ReleaseNodes()


def test_pauses_grow_and_end() -> None:
    assert [pause_seconds(tries) for tries in (1, 2, 3, 4, 5, 6, 1000)] == [30, 60, 120, 240, 480, 900, 900]


def test_nodes_that_pods_do_not_go_onto_are_told_and_no_more_are_asked_for() -> None:
    verdict = decide(cells(16), ready(4))
    assert verdict.step == EnsureNodes(4)
    assert verdict.reason == Reason.NODES_UNUSED
    assert "4 of them have no pod of this job. The scheduler says: 0/3 nodes are available" in verdict.message
    just_now = replace(ready(4), ready_since=NOW - timedelta(seconds=3))
    assert decide(cells(16), just_now).reason == Reason.NODES_REQUESTED


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

needs = st.builds(
    lambda size, lacking, others, running, on: (
        Pods(lacking, size.requests),
        Pods(lacking + others + running, size.requests),
        running,
        busy(on),
    ),
    groups(0),
    st.integers(0, 60),
    st.integers(0, 20),
    st.integers(0, 60),
    st.integers(0, 8),
)
helds = st.builds(
    lambda node, granted, came, most, spares: replace(
        ready(min(granted, came), granted=granted, spares_busy=spares), shape=node, most_nodes=most
    ),
    shapes,
    st.integers(0, 12),
    st.integers(0, 12),
    st.none() | st.integers(1, 12),
    st.booleans(),
)
capacities = st.fixed_dictionaries({"maxNodes": st.integers(1, 20)}, optional={"maxNodeHours": st.integers(1, 4)})
used = st.integers(0, 20_000)


def asked(need: Need, held: Held, used_seconds: float, capacity: dict[str, Any]) -> int:
    """Return how many nodes the job has after a verdict."""
    step = decide(need, held, used_seconds, **capacity).step
    if step is None:
        return held.nodes
    return step.nodes if isinstance(step, EnsureNodes) else 0


def need_of(parts: tuple[Pods, Pods, int, frozenset[str]], more: int = 0) -> Need:
    lacking, live, running, on = parts
    found = (Pods(lacking.count + more, lacking.requests),) if lacking.count + more else ()
    return Need(lacking=found, live=(Pods(live.count + more, live.requests),), running=running, busy=on, words=WORDS)


@given(needs, helds, used, capacities)
def test_a_job_never_has_more_nodes_than_it_may(
    parts: tuple[Pods, Pods, int, frozenset[str]], held: Held, used_seconds: int, capacity: dict[str, Any]
) -> None:
    nodes = asked(need_of(parts), held, used_seconds, capacity)
    assert nodes <= capacity["maxNodes"]
    assert held.most_nodes is None or nodes <= held.most_nodes
    assert nodes == 0 or used_seconds < capacity.get("maxNodeHours", 10**6) * 3600


@given(needs, helds, used, capacities)
def test_no_more_nodes_are_asked_for_than_pods_need(
    parts: tuple[Pods, Pods, int, frozenset[str]], held: Held, used_seconds: int, capacity: dict[str, Any]
) -> None:
    need = need_of(parts)
    nodes = asked(need, held, used_seconds, capacity)
    assert held.shape is not None
    assert nodes <= max(held.nodes, nodes_at_most(need.live, held.shape))
    assert nodes - held.nodes <= nodes_for(need.lacking, held.shape)


@given(needs, st.integers(0, 5), helds, used, capacities)
def test_more_pending_cells_never_ask_for_fewer_nodes(
    parts: tuple[Pods, Pods, int, frozenset[str]], more: int, held: Held, used_seconds: int, capacity: dict[str, Any]
) -> None:
    fewer, rather = need_of(parts), need_of(parts, more)
    assert asked(fewer, held, used_seconds, capacity) <= asked(rather, held, used_seconds, capacity)


@given(needs, helds)
def test_a_pod_that_fits_on_no_node_asks_for_nothing_and_says_so(
    parts: tuple[Pods, Pods, int, frozenset[str]], held: Held
) -> None:
    need, nothing = need_of(parts), replace(held, nodes=0, launched=0, ready=frozenset())
    assert held.shape is not None
    verdict = decide(need, nothing)
    if need.lacking and misfits(need.lacking[0], held.shape):
        assert (verdict.step, verdict.reason) == (None, Reason.POD_DOES_NOT_FIT)
    else:
        assert verdict.reason != Reason.POD_DOES_NOT_FIT


@given(needs, helds, used, capacities)
def test_what_has_been_asked_is_asked_again_until_something_changes(
    parts: tuple[Pods, Pods, int, frozenset[str]], held: Held, used_seconds: int, capacity: dict[str, Any]
) -> None:
    need = need_of(parts)
    once = asked(need, held, used_seconds, capacity)
    busy_first = sorted(held.ready, key=lambda name: name not in need.busy)
    granted = replace(held, nodes=once, ready=frozenset(busy_first[:once]))
    assert asked(need, granted, used_seconds, capacity) == once
