"""From Jobs and pods to stages, waves and cells."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import FailureReport, GroupReport, Stage, encode_report
from gridfold.domain.observed import Progress, SingleStage, Waiting, Wave
from gridfold_operator.adapters.kubernetes.children import Child, JobView, collect_children, lacks_ends, project_job
from gridfold_operator.adapters.kubernetes.pods import Pod, project_pod
from tests.unit.operator import jobs
from tests.unit.operator.jobs import DIGEST, UID, ended, job_document, pod_document

NOW = datetime(2026, 1, 1, 10, 2, tzinfo=UTC)


def view(document: dict[str, Any]) -> JobView:
    job = project_job(document, UID)
    assert job is not None
    return job


def pod(name: str, *, index: int | None = None, **status: Any) -> Pod:
    projected = project_pod(pod_document(name, "job-1", index=index, **status))
    assert projected is not None
    return projected


def prepare(*pods: Pod, **status: Any) -> SingleStage:
    child = Child(view(job_document(Stage.PREPARE, "pima-prepare", **status)), pods)
    (stage,) = collect_children([child], NOW).prepares
    return stage


def wave(*pods: Pod, cells: str = "2-4,9", trouble: tuple[Waiting, ...] = (), **status: Any) -> Wave:
    child = Child(view(job_document(Stage.CELL, "pima-w1", cells=cells, **status)), pods, trouble)
    (found,) = collect_children([child], NOW).waves
    return found


def test_a_wave_speaks_of_cells_and_never_of_completion_indexes() -> None:
    found = wave(
        pod("a", index=0, **jobs.terminated(0, "Completed", "zero")),
        pod("b", index=3, **jobs.running()),
        pod("c", index=1, **jobs.terminated(12, "Error", "one")),
        completedIndexes="0",
        failedIndexes="1",
    )
    assert found.cells == (2, 3, 4, 9)
    assert found.succeeded == {2}
    assert found.failed == {3}
    assert found.running == {9}
    assert {cell: end.message for cell, end in found.ends.items()} == {2: "zero", 3: "one"}
    assert (found.number, found.run_digest, found.parallelism) == (1, DIGEST, 3)


def test_pods_that_are_there_and_do_not_run_hold_their_cells() -> None:
    found = wave(
        pod("a", index=0, phase="Pending"),
        pod("b", index=1, **jobs.running()),
        pod("c", index=2, **jobs.terminated(0, "Completed", "two")),
        completedIndexes="2",
    )
    assert (found.starting, found.present, found.open, found.draining) == ({2}, {2, 3}, {2, 3, 9}, False)


@pytest.mark.parametrize(("finalizers", "there"), [([labels.DRAINING], True), (["example.com/other"], False)])
def test_a_job_that_is_being_deleted_is_seen_while_it_is_held_for_what_runs_in_it(
    finalizers: list[str], there: bool
) -> None:
    document = job_document(Stage.CELL, "pima-w1", cells="2-4,9", active=1)
    document["metadata"] |= {"deletionTimestamp": "2026-01-01T10:00:00Z", "finalizers": finalizers}
    job = project_job(document, UID)
    assert (job is not None) is there
    if job is not None:
        pods = (
            pod("a", index=1, **jobs.running()),
            pod("b", index=0, **jobs.terminated(0, "Completed", "zero")),
            pod("c", index=2, **jobs.terminated(137, "OOMKilled")),
            pod("d", index=3, **jobs.terminated(137, "Error")),
        )
        (found,) = collect_children([Child(job, pods)], NOW).waves
        assert (found.draining, found.open, job.missing_pods) == (True, {3}, 0)
        assert (found.succeeded, found.failed) == ({2}, {4}), "its Job counts no ends any more"


def test_a_pod_of_several_cells_is_one_index_and_tells_of_each() -> None:
    said = encode_report(GroupReport(ends="si.", failure=FailureReport(reason="Killed", message="by a test")))
    found = wave(
        pod("a", index=0, **jobs.terminated(137, "Error", said)),
        pod("b", index=1, **jobs.running()),
        pod("c", index=2, **jobs.running()),
        cells="2-4;9;",
        failedIndexes="0,2",
    )
    assert found.groups == ((2, 3, 4), (9,))
    assert (found.succeeded, found.failed, found.running) == ({2}, {3, 4}, {9}), "there is no third group"
    assert [found.ends[cell].exit_code for cell in (2, 3, 4)] == [0, 11, 137]
    assert found.ends[4].report == FailureReport(reason="Killed", message="by a test")


def test_of_several_attempts_the_one_that_finished_last_counts() -> None:
    found = wave(
        pod("second", index=0, **jobs.terminated(0, "Completed", "second", "2026-01-01T10:01:30Z")),
        pod("first", index=0, **jobs.terminated(14, "Error", "first", "2026-01-01T10:00:30Z")),
    )
    assert found.ends[2].message == "second"


def test_an_index_beyond_the_cells_is_nobodys() -> None:
    found = wave(
        pod("a", index=7, **jobs.terminated(0, "Completed")), pod("b", **jobs.running()), completedIndexes="0,7"
    )
    assert found.ends == {}
    assert found.succeeded == {2}
    assert found.running == frozenset()


PROGRESS = [
    ({}, Progress.ACTIVE),
    (ended("Complete"), Progress.SUCCEEDED),
    (ended("Failed"), Progress.FAILED),
    (ended("FailureTarget"), Progress.ACTIVE),
    (ended("SuccessCriteriaMet"), Progress.ACTIVE),
    (
        {"conditions": [{"type": "Failed", "status": "False"}, {"type": "Suspended", "status": "False"}]},
        Progress.ACTIVE,
    ),
]


@pytest.mark.parametrize(("status", "progress"), PROGRESS)
def test_only_a_terminal_condition_that_is_true_ends_a_job(status: dict[str, Any], progress: Progress) -> None:
    assert prepare(**status).progress is progress


def test_a_stage_that_succeeded_is_never_told_by_the_attempt_that_failed_before() -> None:
    failed = pod("failed", **jobs.terminated(14, "Error", "no storage", "2026-01-01T10:01:50Z"))
    succeeded = pod("succeeded", **jobs.terminated(0, "Completed", "report", "2026-01-01T10:01:40Z"))
    assert prepare(failed, **ended("Complete")).end is None
    stage = prepare(failed, succeeded, **ended("Complete"))
    assert stage.end is not None
    assert stage.end.message == "report"


def test_a_stage_counts_its_running_pods() -> None:
    assert (
        prepare(pod("a", **jobs.running()), pod("b", **jobs.container_waiting("ContainerCreating"))).running_pods == 1
    )


def test_the_nodes_of_a_wave_are_those_on_which_its_pods_have_not_ended() -> None:
    states = {
        "a": jobs.running(),
        "b": jobs.container_waiting("ContainerCreating"),
        "c": jobs.terminated(0, "Completed"),
    }
    documents = [pod_document(name, "job-1", index=0, **status) for name, status in states.items()]
    for document in documents:
        document["spec"] = {"nodeName": f"node-{document['metadata']['name']}"}
    projected = [pod for document in documents if (pod := project_pod(document))]
    assert wave(*projected).nodes == prepare(*projected).nodes == {"node-a", "node-b"}


def test_pods_that_cannot_start_are_grouped_by_cause_and_the_longest_wait_speaks() -> None:
    late = jobs.unschedulable("later words")
    late["conditions"][0]["lastTransitionTime"] = "2026-01-01T10:01:59Z"
    found = wave(
        pod("a", index=0, **late),
        pod("b", index=1, **jobs.unschedulable("first words")),
        pod("c", index=2, **jobs.container_waiting("ErrImagePull", "no such image")),
        trouble=(Waiting("FailedCreate", "quota", 1),),
    )
    assert found.waiting == (
        Waiting("ErrImagePull", "no such image", 1, 115.0),
        Waiting("Unschedulable", "first words", 2, 119.0),
        Waiting("FailedCreate", "quota", 1),
    )


def test_a_finished_wave_waits_for_nothing() -> None:
    assert wave(pod("a", index=0, **jobs.unschedulable("x")), **ended("Failed")).waiting == ()


@pytest.mark.parametrize("change", ["other uid", "no owner", "not the controller", "going", "unknown stage"])
def test_a_job_that_is_not_controlled_by_this_very_resource_is_no_child(change: str) -> None:
    document = job_document(Stage.PREPARE, "pima-prepare")
    metadata = document["metadata"]
    match change:
        case "other uid":
            metadata["ownerReferences"][0]["uid"] = "the uid of a namesake that was deleted"
        case "no owner":
            metadata["ownerReferences"] = []
        case "not the controller":
            metadata["ownerReferences"][0]["controller"] = False
        case "going":
            metadata["deletionTimestamp"] = "2026-01-01T10:00:00Z"
        case "unknown stage":
            metadata["labels"]["gridfold.dev/stage"] = "dance"
    assert project_job(document, UID) is None


MISSING = [
    ({}, 3),
    ({"active": 1}, 2),
    ({"active": 3}, 0),
    ({"active": 1, "completedIndexes": "0-1", "failedIndexes": "3"}, 0),
    ({"completedIndexes": "0-3"}, 0),
    ({"active": 5}, 0),
    (ended("Failed"), 0),
]


@pytest.mark.parametrize(("status", "missing"), MISSING)
def test_missing_pods_are_those_that_parallelism_and_open_indexes_allow(status: dict[str, Any], missing: int) -> None:
    assert view(job_document(Stage.CELL, "pima-w1", cells="0-3", **status)).missing_pods == missing


def test_a_failed_index_without_a_message_is_asked_for_once_the_wave_has_ended() -> None:
    known = (pod("a", index=0, **jobs.terminated(12, "Error")),)
    running_wave = view(job_document(Stage.CELL, "w", cells="0-3", failedIndexes="0-1"))
    failed_wave = view(job_document(Stage.CELL, "w", cells="0-3", failedIndexes="0-1", **ended("Failed")))
    other_wave = view(job_document(Stage.CELL, "w", cells="0-3", failedIndexes="0", **ended("Failed")))
    assert [lacks_ends(job, known) for job in (running_wave, failed_wave, other_wave)] == [False, True, False]


def test_a_stage_that_succeeded_is_asked_for_only_if_its_report_is_not_known() -> None:
    done = view(job_document(Stage.REFIT, "r", **ended("Complete")))
    assert lacks_ends(done, (pod("a", **jobs.terminated(14, "Error")),))
    assert not lacks_ends(done, (pod("a", **jobs.terminated(0, "Completed")),))
    assert lacks_ends(view(job_document(Stage.REFIT, "r", **ended("Failed"))), (pod("a", **jobs.terminated(14, "E")),))


def test_children_come_in_order_and_by_stage() -> None:
    documents = [job_document(Stage.REFIT, "r"), job_document(Stage.CELL, "w"), job_document(Stage.PREPARE, "p")]
    second = job_document(Stage.CELL, "v")
    second["metadata"]["labels"]["gridfold.dev/wave"] = "10"
    found = collect_children([Child(view(document), ()) for document in [*documents, second]], NOW)
    assert [stage.name for stage in (*found.prepares, *found.waves, *found.refits)] == ["p", "w", "v", "r"]


def at(seconds: int) -> str:
    return f"2026-01-01T10:0{seconds // 60}:{seconds % 60:02d}Z"


def out_of_reach(name: str, second: int, index: int | None = None) -> Pod:
    return pod(name, index=index, **jobs.terminated(14, "Error", "away", at(second)))


def test_storage_is_away_since_the_first_of_the_ends_in_a_row_that_say_so() -> None:
    found = prepare(
        out_of_reach("a", 0),
        pod("b", **jobs.terminated(1, "Error", "?", at(30))),
        out_of_reach("c", 60),
        out_of_reach("d", 90),
    )
    assert found.away_seconds == 60
    assert found.end is not None
    assert found.end.exit_code == 14
    assert prepare(out_of_reach("a", 0), pod("b", **jobs.terminated(143, "Error", "", at(30)))).away_seconds == 120
    assert prepare(out_of_reach("a", 0), pod("b", **jobs.terminated(1, "Error", "", at(30)))).away_seconds is None


@pytest.mark.parametrize(("scheduled", "away"), [(60, True), (0, False)])
def test_a_pod_that_runs_for_longer_than_one_that_gives_up_proves_that_storage_answers(
    scheduled: int, away: bool
) -> None:
    running = pod("b", index=1, **jobs.running())
    running = replace(running, since=datetime.fromisoformat(at(scheduled)))
    found = wave(out_of_reach("a", 0, index=1), running, out_of_reach("c", 10, index=0), completedIndexes="2")
    assert found.away == ({2, 3} if away else {2})
    assert found.running == {3}
