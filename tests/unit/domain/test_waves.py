"""Which waves go on, which are changed, and which cells go into the next one: tables of `plan_waves`."""

from dataclasses import replace
from typing import Any

import pytest

from gridfold.domain.earlier import Draining
from gridfold.domain.groups import alone
from gridfold.domain.observed import ProcessEnd, Progress, Waiting, Wave
from gridfold.domain.plan import Action, Delete, Drain, SetParallelism
from gridfold.domain.waves import MOST_WAVES, WavePlan, drain, plan_waves

OOM = ProcessEnd(137, "OOMKilled", "")
NO_NODE = (Waiting("Unschedulable", "0/1 nodes are available", 1),)


def wave(name: str = "w0", cells: range | tuple[int, ...] = range(10), parallelism: int = 4, **seen: Any) -> Wave:
    sets = {key: frozenset(value) if isinstance(value, set) else value for key, value in seen.items()}
    return Wave(name, "digest", int(name[1:]), alone(cells), parallelism, Progress.ACTIVE, **sets)


def plan(*waves: Wave, of: int = 10, parallelism: int = 4, needed: dict[int, str] | None = None) -> WavePlan:
    done = frozenset().union(*(found.succeeded for found in waves))
    return plan_waves(waves, (), frozenset(range(of)) - done, parallelism, needed or {})


OUT = {"failed": {1, 2}, "ends": {1: OOM, 2: OOM}}
NEEDS = {1: "2Gi", 2: "2Gi"}


@pytest.mark.parametrize(
    ("succeeded", "started"),
    [
        ({0, 3, 4}, WavePlan()),
        ({0, 3, 4, 5}, WavePlan()),
        ({0, 3, 4, 5, 6}, WavePlan(cells=(1, 2), parallelism=1, memory="2Gi")),
        ({0, 3, 4, 5, 6, 7, 8}, WavePlan(cells=(1, 2), parallelism=3, memory="2Gi")),
    ],
)
def test_cells_that_ran_out_of_memory_start_as_soon_as_those_that_are_left_need_less_than_the_parallelism(
    succeeded: set[int], started: WavePlan
) -> None:
    assert plan(wave(succeeded=succeeded, **OUT), needed=NEEDS) == started


def test_waves_share_the_parallelism_by_pods_whatever_cells_those_have() -> None:
    first = replace(wave(succeeded={3, 4, 5}, **OUT), groups=((0, 1, 2), (3, 4, 5), (6, 7, 8), (9,)))
    assert plan(first, needed=NEEDS) == WavePlan(cells=(1, 2), parallelism=1, memory="2Gi"), "three pods are left"


@pytest.mark.parametrize(
    ("left_of_first", "second", "actions"),
    [
        (3, 1, ()),
        (2, 1, (SetParallelism("w1", 2),)),
        (1, 2, (SetParallelism("w1", 3),)),
        (1, 3, ()),
        (0, 3, ()),  # it has no more than three cells
        (3, 2, (SetParallelism("w1", 1),)),  # the owner has lowered the parallelism
    ],
)
def test_a_wave_has_what_those_before_it_leave_and_is_written_only_where_that_changes_what_runs(
    left_of_first: int, second: int, actions: tuple[Action, ...]
) -> None:
    first = wave("w0", range(10), succeeded=set(range(3, 10 - left_of_first)), failed={0, 1, 2})
    assert plan(first, wave("w1", (0, 1, 2), second)).actions == actions


def test_a_cell_of_which_nobody_has_seen_yet_how_it_failed_waits_for_that() -> None:
    found = plan(wave(succeeded=set(range(3, 10)), failed={0, 1, 2}, ends={1: OOM}), needed={1: "2Gi"})
    assert (found.cells, found.memory) == ((1,), "2Gi")


def test_cells_that_fail_one_by_one_do_not_make_a_wave_each() -> None:
    waves = [wave(f"w{number}", (number, 10 + number), 1, failed={number}) for number in range(MOST_WAVES)]
    failed = [replace(found, ends={found.number: OOM}) for found in waves]
    assert plan(*failed, of=20, parallelism=20).cells == ()
    assert plan(*failed[1:], of=20, parallelism=20).cells != ()


@pytest.mark.parametrize(
    ("old", "most", "actions"),
    [
        (wave(running={0, 1}), 4, (Drain("w0"),)),
        (wave(running={0, 1}, starting={2}), 4, (Drain("w0"),)),
        (wave(running={0, 1}, starting={2}, waiting=NO_NODE), 4, (SetParallelism("w0", 2),)),
        (wave(running={0, 1}, starting={2}, waiting=NO_NODE, parallelism=2), 4, (Drain("w0"),)),
        (wave(running={0, 1, 2}), 2, (SetParallelism("w0", 2),)),
        (wave(starting={0, 1}), 4, (Delete("w0"),)),
        (wave(running={0}, away={0}), 4, (Delete("w0"),)),
        (wave(running={0, 1}, draining=True), 4, ()),
        (wave(running={0, 1}, starting={2}, waiting=NO_NODE, draining=True), 4, ()),
        (wave(running={0, 1}, starting={2}, draining=True), 2, (Delete("w0"),)),
        (wave(succeeded={0, 1}, draining=True), 4, (Delete("w0"),)),
    ],
)
def test_a_wave_is_drained_without_a_loss_and_removed_when_nothing_of_use_runs_in_it(
    old: Wave, most: int, actions: tuple[Action, ...]
) -> None:
    assert drain([Draining.of(old)], most) == actions


def test_what_is_drained_keeps_its_pods_and_places_and_all_else_is_of_the_next_wave() -> None:
    old = wave(running={1}, starting={2}, succeeded={0}, draining=True)
    found = plan(old, of=6)
    assert (found.actions, found.cells, found.parallelism) == ((), (3, 4, 5), 2)
    assert plan(wave(running={1, 2, 3}, starting={4}, draining=True)).cells == (), "no place is left"
