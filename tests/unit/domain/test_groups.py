"""Waves whose pods have several cells each: what goes out together, what is told of each cell, what is parted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import (
    CELL_EXITS,
    CellReport,
    FailureReport,
    GroupReport,
    Outcome,
    encode_report,
)
from gridfold.domain.cell_ends import Indexes, ends_of_cells, facts_of_cells
from gridfold.domain.groups import Groups, alone, format_groups, parse_groups, plan_groups
from gridfold.domain.observed import ProcessEnd, Progress, Span
from gridfold.domain.plan import Delete, Drain
from tests.unit.domain.world import World, damaged_end, document, job_of

OOM = ProcessEnd(ExitCode.KILLED, "OOMKilled", "")
TOO_LONG = FailureReport(reason="CellTimeout", message="The cell took longer than spec.execution.cellTimeoutSeconds")


THREE = {"mode": "Fixed", "cellsPerPod": 3}


def searching(cells: int, **execution: object) -> World:
    """Return a world whose first wave has been started: pods of three cells."""
    world = World(job_of(document([{"C": [*range(1, cells + 1)]}], execution={"packing": THREE, **execution})))
    world.step()
    world.finish_prepare(cells)
    world.step()
    return world


def said(ends: str, *told: CellReport, failure: FailureReport | None = None) -> str:
    return encode_report(GroupReport(ends=ends, cells=list(told), failure=failure))


def scored(cell: int, score: float) -> CellReport:
    return CellReport(cell=cell, key=f"k{cell}", outcome=Outcome.SUCCEEDED, scores={"f1": (score, 0.01)})


def end_pod(world: World, wave: str, index: int, end: ProcessEnd | None) -> None:
    """End a pod for good, as its Job counts it."""
    before = world.waves[wave]
    good = {index} if end and end.exit_code == ExitCode.OK else set[int]()
    facts = facts_of_cells(before.groups, Indexes(good, {index} - good, ends={index: end} if end else {}))
    succeeded, failed = before.succeeded | facts["succeeded"], before.failed | facts["failed"]
    over = succeeded | failed == frozenset(before.cells)
    progress = (Progress.FAILED if failed else Progress.SUCCEEDED) if over else Progress.ACTIVE
    running = before.running.difference(before.groups[index])
    ends = {**before.ends, **facts["ends"]}
    world.waves[wave] = replace(
        before, succeeded=succeeded, failed=failed, ends=ends, progress=progress, running=running
    )


def last(world: World) -> str:
    return list(world.waves)[-1]


# ── text and plan ────────────────────────────────────────────────────────────────────────────────────────────────────

PARTITIONS = st.lists(st.sets(st.integers(0, 300), min_size=1, max_size=20), max_size=12).map(
    lambda sets: tuple(tuple(sorted(one - set().union(*sets[:place]))) for place, one in enumerate(sets))
)


@given(PARTITIONS)
def test_groups_survive_the_way(found: Groups) -> None:
    kept = tuple(filter(None, found))
    assert parse_groups(format_groups(kept)) == kept


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (alone([0, 1, 2, 14]), "0-2,14"),
        (((0, 1, 2, 3), (4, 5, 6, 7, 9)), "0-3;4-7,9;"),
        (((0, 1, 2),), "0-2;"),
        (((2,), (0,)), "2;0;"),
        ((), ""),
    ],
)
def test_a_text_without_a_semicolon_means_one_cell_each(found: Groups, text: str) -> None:
    assert (format_groups(found), parse_groups(text)) == (text, found)


@pytest.mark.parametrize("text", ["0-3;4", ";", "0;;", "0;0;", "0-3,2", "x", "0-1000;", "3-1;"])
def test_what_names_a_cell_twice_or_a_group_of_none_or_too_many_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not groups of cells|invalid literal"):
        parse_groups(text)


def test_a_pod_has_one_cell_unless_somebody_asks_for_more() -> None:
    assert plan_groups([3, 1, 2], {}) == ((1,), (2,), (3,))


def test_cells_that_a_pod_left_go_out_in_halves_beside_the_others() -> None:
    suspects = dict.fromkeys((4, 5, 6), (2, 3, 4, 5, 6)) | {9: (8, 9)}

    def three(cells: Sequence[int]) -> Groups:
        return tuple(tuple(cells[start : start + 3]) for start in range(0, len(cells), 3))

    found = plan_groups(range(13), suspects, three)
    assert found == ((0, 1, 2), (3, 7, 8), (10, 11, 12), (4, 5), (6,), (9,))


# ── what is told of a pod's cells ────────────────────────────────────────────────────────────────────────────────────


def test_each_cell_of_a_pod_is_told_as_if_it_had_had_one_of_its_own() -> None:
    world = World(job_of(document()))
    text = said(".srif", scored(4, 0.5), failure=TOO_LONG)
    ran = Span(world.now, world.now + timedelta(seconds=40))
    found = ends_of_cells((1, 4, 5, 6, 8), ProcessEnd(ExitCode.TIMEOUT, "Error", text, ran))
    assert {cell: end.exit_code for cell, end in found.items()} == {1: 15, 4: 0, 5: 0, 6: 11, 8: 12}
    assert (found[1].report, found[4].report) == (TOO_LONG, scored(4, 0.5))
    reused = found[5].report
    assert isinstance(reused, CellReport)
    assert (reused.reused, reused.scores, found[5].ran) == (True, {}, None)
    spans = [found[cell].ran for cell in (4, 6, 8)]
    assert [span and (span.end - span.start).total_seconds() for span in spans] == [10, 10, 10], "one was at work"


def test_where_the_log_of_a_pod_is_kept_is_told_of_those_of_its_cells_that_did_not_end_well() -> None:
    text = encode_report(GroupReport(ends="sif.", cells=[scored(0, 0.5)], failure=TOO_LONG, log="s3://o/logs/k-1.txt"))
    found = ends_of_cells((0, 1, 2, 3), ProcessEnd(ExitCode.TIMEOUT, "Error", text))
    messages = [getattr(end.report, "message", "") for end in found.values()]
    assert [message.endswith(" Its log: s3://o/logs/k-1.txt") for message in messages] == [False, False, True, True]


@pytest.mark.parametrize("text", [said("ss"), said("ssss"), "killed", ""])
def test_a_message_that_is_not_about_these_cells_says_nothing_of_any(text: str) -> None:
    end = ProcessEnd(1, "Error", text)
    assert ends_of_cells((0, 1, 2), end) == dict.fromkeys((0, 1, 2), end)


def test_a_report_of_one_cell_is_not_one_of_a_pod_that_has_several() -> None:
    found = ends_of_cells((0, 1), ProcessEnd(12, "Error", encode_report(scored(0, 0.5))))
    assert found == dict.fromkeys((0, 1), ProcessEnd(12, "Error", ""))


def test_a_told_cell_counts_by_its_letter_whatever_is_said_beside() -> None:
    text = said("fs", scored(0, 0.5), scored(7, 0.9))
    found = ends_of_cells((0, 1), ProcessEnd(12, "Error", text))
    assert [end.exit_code for end in found.values()] == [12, 0]


# ── how a search goes on ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_search_ends_pod_by_pod_with_what_each_cell_came_to() -> None:
    world = searching(7)
    wave = last(world)
    assert world.inputs[wave].cells == "0-2;3-5;6;"
    world.waves[wave] = replace(world.waves[wave], running=frozenset(range(6)))
    world.step()
    counts = world.status.cells
    assert (counts.running, counts.pending) == (2, 5), "each pod is at one of its cells"
    assert "2 cells run" in world.message("Running")
    end_pod(world, wave, 0, ProcessEnd(12, "Error", said("sif", scored(0, 0.7))))
    world.step()
    counts = world.status.cells
    assert (counts.succeeded, counts.infeasible, counts.failed, counts.running) == (1, 1, 1, 1)
    assert world.status.best.cell == 0
    end_pod(world, wave, 1, ProcessEnd(0, "Completed", said("srs", scored(5, 0.9))))
    end_pod(world, wave, 2, ProcessEnd(0, "Completed", encode_report(scored(6, 0.8))))
    world.step()
    assert (world.status.state, world.status.cells.cached, world.status.best.cell) == ("Refitting", 1, 5)
    (failed,) = world.inputs[next(iter(world.refits))].failed
    assert (failed.cell, failed.reason) == (2, "FitFailed")
    assert "results.csv" in failed.message


def test_what_a_killed_pod_had_finished_is_finished_and_the_rest_goes_out_in_halves() -> None:
    world = searching(3, resources={"limits": {"memory": "1Gi"}}, outOfMemory={"maxMemory": "2Gi"})
    end_pod(world, last(world), 0, replace(OOM, message=said("s..")))
    world.step()
    second = last(world)
    assert world.waves[second].groups == ((1,), (2,)), "each alone, and with no more memory yet"
    assert (world.waves[second].memory, world.status.cells.succeeded) == ("1Gi", 1)
    end_pod(world, second, 0, OOM)
    end_pod(world, second, 1, ProcessEnd(0, "Completed", encode_report(scored(2, 0.5))))
    world.step()
    third = last(world)
    assert (world.waves[third].groups, world.waves[third].memory) == (((1,),), "2Gi")
    end_pod(world, third, 0, OOM)
    world.step()
    (failed,) = world.inputs[next(iter(world.refits))].failed
    assert (failed.cell, failed.reason, failed.attempts) == (1, "OutOfMemory", 3)
    assert "with 1Gi, then 2Gi" in failed.message


def test_a_pod_that_left_nothing_to_read_is_halved_and_its_results_are_found() -> None:
    world = searching(3)
    end_pod(world, last(world), 0, None)
    world.step()
    assert world.waves[last(world)].groups == ((0, 1), (2,))
    end_pod(world, last(world), 0, ProcessEnd(0, "Completed", said("rs", scored(1, 0.5))))
    end_pod(world, last(world), 1, ProcessEnd(0, "Completed", encode_report(scored(2, 0.5))))
    world.step()
    assert (world.status.cells.cached, world.status.cells.succeeded) == (1, 2)


def test_damaged_data_is_no_fault_of_a_cell_and_repaired_at_once() -> None:
    world = searching(3)
    message = said("...", failure=damaged_end().report)
    end_pod(world, last(world), 0, ProcessEnd(ExitCode.DATA, "Error", message))
    world.step()
    assert world.condition("DatasetReady") == "False/PreparedCorrupt"
    world.step()
    world.finish_prepare(3)
    world.step()
    world.step()
    assert world.waves[last(world)].groups == ((0, 1, 2),), "nothing was wrong with their company"


def test_failures_in_company_use_up_no_retry_and_who_has_failed_alone_stays_alone() -> None:
    world = searching(2, retries=1)
    for _ in range(3):
        for index in range(len(world.waves[last(world)].groups)):
            end_pod(world, last(world), index, ProcessEnd(1, "Error", ""))
        world.step()
    assert [wave.groups for wave in world.waves.values()] == [((0, 1),), ((0,), (1,)), ((0,), (1,))]
    assert world.status.cells.failed == 2


def test_the_estimate_takes_a_pods_time_for_that_of_all_its_cells() -> None:
    world = searching(9, parallelism=1)
    ran = Span(world.now - timedelta(minutes=30), world.now)
    world.waves[last(world)] = replace(world.waves[last(world)], running=frozenset({3, 4, 5}))
    end_pod(world, last(world), 0, ProcessEnd(0, "Completed", said("sss"), ran))
    world.step()
    estimated = world.status.estimated_completion_time
    assert estimated is not None
    minutes = (datetime.fromisoformat(estimated) - world.now).total_seconds() / 60
    assert 70 <= minutes <= 75, "five and a half cells of ten minutes, and refit"


def test_of_an_edited_grid_the_pods_run_on_in_which_a_wanted_cell_is() -> None:
    world = searching(6, parallelism=2)
    wave = last(world)
    world.waves[wave] = replace(world.waves[wave], running=frozenset(range(6)))
    world.edit(document([{"C": [3, 20]}], execution={"parallelism": 2}))
    world.step()
    world.finish_prepare(2)
    assert world.step().actions == (Drain(wave),)
    assert world.step().actions == (), "both places are taken by pods"
    end_pod(world, wave, 1, ProcessEnd(0, "Completed", said("sss")))
    world.step()
    assert world.waves[last(world)].parallelism == 1
    assert world.waves[last(world)].groups == ((1,),), "the other one may still be at work in the earlier wave"
    end_pod(world, wave, 0, ProcessEnd(0, "Completed", said("sss", scored(2, 0.9))))
    assert Delete(wave) in world.step().actions
    assert (world.status.best.cell, world.status.progress) == (0, "1/2")


def test_what_a_pod_of_an_earlier_grid_had_too_little_memory_for_is_not_known_to_be_any_of_its_cells() -> None:
    more = {"resources": {"limits": {"memory": "1Gi"}}, "outOfMemory": {"maxMemory": "2Gi"}, "packing": THREE}
    world = searching(4, **more)
    end_pod(world, last(world), 0, OOM)
    end_pod(world, last(world), 1, OOM)
    world.edit(document([{"C": [2, 3, 4]}], execution=more))
    world.step()
    world.finish_prepare(3)
    world.step()
    world.step()
    assert (world.waves[last(world)].groups, world.waves[last(world)].memory) == (((0, 1),), "1Gi"), "4 was alone"


# ── the guilty cell ──────────────────────────────────────────────────────────────────────────────────────────────────

GUILTY_ENDS: list[Callable[[str], ProcessEnd]] = [
    lambda ends: ProcessEnd(ExitCode.KILLED, "OOMKilled", said(ends)),
    lambda ends: ProcessEnd(ExitCode.TIMEOUT, "Error", said(ends, failure=TOO_LONG)),
    lambda _: ProcessEnd(139, "Error", "Segmentation fault"),
    lambda _: None,  # type: ignore[arg-type,return-value]
]


def run_pod(group: Iterable[int], guilty: set[int], stored: set[int], told: Callable[[str], ProcessEnd]) -> ProcessEnd:
    """Compute one cell after the other until one takes the pod down."""
    cells, ends = list(group), ""
    for cell in cells:
        if cell in guilty:
            return told(ends.ljust(len(cells), "."))
        ends += "r" if cell in stored else "s"
        stored.add(cell)
    outcome = Outcome.SUCCEEDED
    if len(cells) == 1:
        return ProcessEnd(CELL_EXITS[outcome], "Completed", encode_report(scored(cells[0], 0.5)))
    return ProcessEnd(CELL_EXITS[outcome], "Completed", said(ends))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 24).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=4))),
    st.sampled_from(GUILTY_ENDS),
)
def test_only_the_cells_that_take_their_pods_down_fail_and_nothing_else_is_computed_twice(
    size: int, case: tuple[int, set[int]], told: Callable[[str], ProcessEnd]
) -> None:
    total, guilty = case
    stored: set[int] = set()
    packing = {"mode": "Fixed", "cellsPerPod": size}
    world = searching(total, retries=0, maxFailedCells=total, packing=packing)
    for _ in range(size.bit_length() + 1):
        if world.status.state != "Running":
            break
        wave = last(world)
        for index, group in enumerate(world.waves[wave].groups):
            end_pod(world, wave, index, run_pod(group, guilty, stored, told))
        world.step()
    assert world.status.state == "Refitting"
    assert {found.cell for found in world.inputs[next(iter(world.refits))].failed} == guilty
    assert stored == set(range(total)) - guilty
