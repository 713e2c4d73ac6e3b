"""Which pods of a job need nodes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.status import CellCounts, State, TrainingJobStatus
from gridfold.api.v1alpha1 import Execution
from gridfold.domain.capacity.amounts import format_amount, format_amounts
from gridfold.domain.capacity.held import Pods
from gridfold.domain.capacity.need import Need, Off, find_need
from gridfold.domain.groups import alone
from gridfold.domain.observed import Children, Progress, SingleStage, Waiting, Wave
from tests.unit.domain.capacity.sizes import amounts

RUN = "run"
NO_ROOM = "0/3 nodes are available: 3 Insufficient cpu."
CELL = {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "2Gi", "nvidia.com/gpu": "1"}}
EXECUTION = Execution.model_validate({"parallelism": 20, "resources": CELL})
REQUESTS = amounts(cpu="1", memory="2Gi", gpu="1")


def lacking(pods: int = 8, seconds: float = 60.0, reason: str = "Unschedulable") -> Waiting:
    return Waiting(reason, NO_ROOM, pods, seconds)


def wave(*waiting: Waiting, **changes: Any) -> Wave:
    found = Wave("w0", RUN, 0, alone(range(30)), 20, Progress.ACTIVE, waiting=waiting, memory="2Gi")
    return replace(found, **changes)


def searching(pending: int = 30, running: int = 0, **fields: Any) -> TrainingJobStatus:
    counts = CellCounts(total=pending + running, pending=pending, running=running)
    return TrainingJobStatus(state=State.RUNNING, cells=counts, **fields)


def need(*waves: Wave, status: TrainingJobStatus | None = None, execution: Execution = EXECUTION) -> Need:
    return find_need(execution, Children(waves=waves), RUN, status or searching())


def test_cells_that_find_no_room_need_nodes_for_all_that_they_set_aside() -> None:
    found = need(wave(lacking(8)))
    assert found.lacking == (Pods(8, REQUESTS),)
    assert found.words == NO_ROOM
    assert found.waited == 60.0


def test_a_limit_without_a_request_is_the_request() -> None:
    found = need(
        wave(lacking()), execution=Execution.model_validate({"resources": {"requests": {}, "limits": {"cpu": "2"}}})
    )
    assert [group.requests for group in found.lacking] == [{"cpu": Decimal(2)}]


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (wave(lacking(seconds=9)), "a place is often empty for a moment"),
        (wave(lacking(reason="SchedulingGated")), "somebody holds them back"),
        (wave(lacking(reason="FailedCreate")), "quota is no matter of nodes"),
        (wave(lacking(reason="ErrImagePull")), "they have a node"),
        (wave(lacking(), outdated=True), "they would be made otherwise now"),
        (wave(lacking(), run_digest="earlier"), "they are of an earlier run"),
        (wave(lacking(), progress=Progress.FAILED), "it has ended"),
        (wave(), "all have a node"),
    ],
)
def test_no_node_is_needed_for(stage: Wave, why: str) -> None:
    assert need(stage).lacking == (), why


def test_pods_that_will_have_waited_for_long_enough_soon_are_looked_at_again_then() -> None:
    assert need(wave(lacking(seconds=4))).soon == 6.0
    assert need(wave(lacking(seconds=40))).soon is None


@pytest.mark.parametrize(
    ("changes", "pods", "why"),
    [
        ({"execution": EXECUTION.model_copy(update={"parallelism": 5})}, 5, "parallelism was lowered just now"),
        ({"status": searching(pending=3)}, 3, "no more cells are left"),
    ],
)
def test_no_more_pods_count_than_may_run(changes: dict[str, Any], pods: int, why: str) -> None:
    assert [group.count for group in need(wave(lacking(20)), **changes).lacking] == [pods], why


def test_a_request_that_was_lowered_is_judged_anew_when_its_pods_have_been_made_anew() -> None:
    smaller = Execution.model_validate({"resources": {"requests": {"cpu": "500m"}}})
    assert need(wave(lacking(), outdated=True), execution=smaller).lacking == ()
    assert [group.requests for group in need(wave(lacking(), memory=""), execution=smaller).lacking] == [
        {"cpu": Decimal("0.5")}
    ]


def test_cells_that_ran_out_of_memory_need_room_for_what_they_have_now() -> None:
    found = need(wave(lacking(2), memory="8Gi"))
    assert found.lacking == (Pods(2, {**REQUESTS, **amounts(memory="8Gi")}),)
    assert found.live == (Pods(20, {**REQUESTS, **amounts(memory="8Gi")}),)


@pytest.mark.parametrize(
    ("status", "execution", "off"),
    [
        (TrainingJobStatus(state=State.COMPLETE), EXECUTION, Off.OVER),
        (TrainingJobStatus(state=State.FAILED), EXECUTION, Off.OVER),
        (TrainingJobStatus(state=State.SUSPENDED), EXECUTION, Off.OVER),
        (searching(completion_time="2026-01-01T00:00:00Z"), EXECUTION, Off.OVER),
        (searching(), EXECUTION.model_copy(update={"queue_name": "batch"}), Off.QUEUE),
        (searching(), EXECUTION, None),
    ],
)
def test_when_nodes_are_no_matter_of_ours(status: TrainingJobStatus, execution: Execution, off: Off | None) -> None:
    found = need(wave(lacking()), status=status, execution=execution)
    assert found.off is off
    assert bool(found.lacking) is (off is None)


def test_no_node_is_needed_in_a_namespace_that_is_being_deleted() -> None:
    words = 'pods "x" is forbidden: unable to create new content in namespace team because it is being terminated'
    refused = Waiting("FailedCreate", words, 3, 4.0)
    assert need(wave(lacking(), refused)).off is Off.TERMINATING


PREPARE = SingleStage("p", RUN, Progress.ACTIVE, memory="2Gi")
PREPARING = TrainingJobStatus(state=State.PREPARING)


def test_prepare_and_refit_may_lack_a_node_too() -> None:
    execution = EXECUTION.model_copy(deep=True)
    blocked = replace(PREPARE, waiting=(lacking(1),))
    assert find_need(execution, Children(prepares=(blocked,)), RUN, PREPARING).lacking == (Pods(1, REQUESTS),)
    refitting = TrainingJobStatus(state=State.REFITTING, cells=CellCounts(total=3, succeeded=3))
    found = find_need(execution, Children(refits=(blocked,)), RUN, refitting)
    assert found.lacking == found.live == (Pods(1, REQUESTS),)


def test_a_second_pod_of_a_stage_that_runs_needs_nothing() -> None:
    both = replace(PREPARE, waiting=(lacking(1),), running_pods=1)
    assert find_need(EXECUTION, Children(prepares=(both,)), RUN, PREPARING).lacking == ()


def test_resources_of_a_stage_are_its_own_and_advice_names_them() -> None:
    execution = Execution.model_validate({"prepare": {"resources": {"requests": {"memory": "64Gi"}}}})
    blocked = replace(PREPARE, waiting=(lacking(1),), memory="64Gi")
    found = find_need(execution, Children(prepares=(blocked,)), RUN, PREPARING)
    assert found.lacking == (Pods(1, amounts(memory="64Gi"), "spec.execution.prepare.resources"),)


def test_nodes_may_be_asked_for_the_cells_while_prepare_runs() -> None:
    children = Children(prepares=(replace(PREPARE, running_pods=1),))
    found = find_need(EXECUTION, children, RUN, PREPARING, ahead=60)
    assert found.ahead == (Pods(20, REQUESTS),)
    assert sum(group.count for group in found.live) == 21
    assert found.wanting == 20


def test_what_turned_out_to_be_cached_is_not_needed_any_more() -> None:
    counts = CellCounts(total=60, cached=57, pending=3)
    found = find_need(EXECUTION, Children(), RUN, TrainingJobStatus(state=State.RUNNING, cells=counts), ahead=60)
    assert found.ahead == ()
    assert [group.count for group in found.live] == [3]


def test_when_every_cell_has_its_result_refit_is_all_that_may_run() -> None:
    status = TrainingJobStatus(state=State.RUNNING, cells=CellCounts(total=4, cached=4))
    assert [group.count for group in find_need(EXECUTION, Children(), RUN, status).live] == [1]


def test_nodes_with_pods_of_the_job_are_busy_whatever_run_they_are_of() -> None:
    waves = (wave(nodes=frozenset({"a"}), running=frozenset({1})), wave(run_digest="earlier", nodes=frozenset({"b"})))
    found = need(*waves)
    assert found.busy == {"a", "b"}
    assert found.running == 1


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_pods_that_need_nodes_are_never_more_than_the_cells_that_may_run(
    waiting: int, pending: int, running: int, parallelism: int
) -> None:
    execution = EXECUTION.model_copy(update={"parallelism": parallelism})
    stage = wave(lacking(waiting), groups=alone(range(pending + running)), running=frozenset(range(running)))
    found = need(stage, status=searching(pending, running), execution=execution)
    assert found.wanting <= min(waiting, parallelism, pending)
    assert sum(group.count for group in found.live) <= max(1, min(parallelism, pending + running))


@pytest.mark.parametrize(
    ("name", "size", "text"),
    [
        ("cpu", "4", "4"),
        ("cpu", "1500m", "1500m"),
        ("memory", "17179869184", "16Gi"),
        ("ephemeral-storage", "10Gi", "10Gi"),
        ("hugepages-2Mi", "4Mi", "4Mi"),
        ("gpu", "2", "2"),
    ],
)
def test_amounts_are_shown_as_people_write_them(name: str, size: str, text: str) -> None:
    (found,) = amounts(**{name: size}).items()
    assert format_amount(*found) == text


def test_amounts_of_a_node_are_listed_by_name() -> None:
    assert format_amounts(amounts(memory="16Gi", cpu="4")) == "cpu 4, memory 16Gi"
