"""The Cluster port over the adapter of one machine."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gridfold.api.handoff import FailureReport, GroupReport, StageInput, encode_report
from gridfold.api.status import State, TrainingJobStatus
from gridfold.domain.groups import Groups
from gridfold.domain.observed import Children, Progress
from gridfold.domain.plan import Delete, Drain, SetParallelism, SetTtl
from gridfold.engine.ports import Cluster, ConflictError, JobKey
from gridfold_cli.local.cluster import LocalCluster
from gridfold_cli.local.processes import Attempt
from tests.unit.cli.jobs import start_groups, start_prepare, start_wave, training_job
from tests.unit.cli.processes import names, until
from tests.unit.cli.scripted import ScriptedProcesses

JOB = training_job(5)


@pytest.fixture
def processes() -> ScriptedProcesses:
    return ScriptedProcesses(hold=asyncio.Event())


@pytest.fixture
async def cluster(processes: ScriptedProcesses, tmp_path: Path):
    cluster = LocalCluster(JOB, processes, slots=2, folder=tmp_path)
    yield cluster
    await cluster.close()


def read_input(path: Path) -> StageInput:
    return StageInput.model_validate_json(path.read_bytes())


def test_the_adapter_is_a_cluster_to_the_type_checker(tmp_path: Path) -> None:
    port: Cluster = LocalCluster(JOB, ScriptedProcesses(), slots=1, folder=tmp_path)
    assert port is not None


async def test_a_job_is_found_by_its_key_alone(cluster: LocalCluster) -> None:
    job = await cluster.load_job(JobKey("default", "small"))
    assert (job.metadata.name, job.metadata.uid, job.metadata.generation) == ("small", "", 1)
    assert job.spec == JOB.spec
    assert await cluster.load_job(JobKey("default", "other")) is None
    assert await cluster.load_job(JobKey("other", "small")) is None


async def test_a_new_job_has_no_children(cluster: LocalCluster) -> None:
    assert await cluster.observe_children(await cluster.load_job(cluster.key)) == Children()


async def test_a_started_stage_and_wave_are_observed_with_what_they_were_started_with(
    cluster: LocalCluster, processes: ScriptedProcesses
) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    await cluster.apply(job, start_wave(JOB, (1, 3, 4), 7))
    await until(lambda: len(processes.started) == 2)
    children = await cluster.observe_children(job)
    (prepare,), (wave,) = children.prepares, children.waves
    assert (prepare.name, prepare.progress, prepare.running_pods) == ("small-prepare", Progress.ACTIVE, 1)
    assert (wave.cells, wave.parallelism, wave.number, wave.run_digest) == ((1, 3, 4), 7, 0, "d" * 64)
    assert wave.progress is Progress.ACTIVE


async def ended(cluster: LocalCluster) -> None:
    """Wait until no wave is active."""
    job = await cluster.load_job(cluster.key)
    while any(wave.progress is Progress.ACTIVE for wave in (await cluster.observe_children(job)).waves):
        cluster.changed.clear()
        await cluster.changed.wait()


async def test_a_process_of_several_cells_ends_with_what_it_says_of_each(
    cluster: LocalCluster, processes: ScriptedProcesses, tmp_path: Path
) -> None:
    job = await cluster.load_job(cluster.key)
    processes.script, processes.messages = {0: [137]}, {0: encode_report(GroupReport(ends="s.."))}
    action = start_groups(JOB, ((0, 1, 3), (4,)))
    await cluster.apply(job, action)
    assert read_input(tmp_path / "small-w0" / "job.json").cells == "0-1,3;4;"
    await until(lambda: len(processes.started) == 2)
    (wave,) = (await cluster.observe_children(job)).waves
    assert (wave.groups, wave.running, wave.pods_of(wave.running)) == (action.groups, {0, 1, 3, 4}, 2)
    processes.hold.set()
    await asyncio.wait_for(ended(cluster), 10)
    (wave,) = (await cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.failed, wave.running) == ({0, 4}, {1, 3}, frozenset())
    assert [wave.ends[cell].exit_code for cell in (0, 1, 3, 4)] == [0, 137, 137, 0]


async def test_starting_twice_starts_once(cluster: LocalCluster, processes: ScriptedProcesses) -> None:
    job = await cluster.load_job(cluster.key)
    for _ in range(2):
        await cluster.apply(job, start_prepare(JOB))
        await cluster.apply(job, start_wave(JOB, (0,)))
    processes.hold.set()
    await until(lambda: processes.at_once == 0 and len(processes.started) >= 2)
    assert sorted(processes.started, key=str) == [0, None]


async def test_the_input_stays_as_it_was_while_the_stage_exists(cluster: LocalCluster, tmp_path: Path) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_wave(JOB, (0, 1)))
    other = start_wave(training_job(2, threads=2), (0, 1))
    await cluster.apply(job, other)
    assert read_input(tmp_path / "small-w0" / "job.json") == start_wave(JOB, (0, 1)).input


async def test_parallelism_changes_while_a_wave_runs(cluster: LocalCluster, processes: ScriptedProcesses) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_wave(JOB, (0, 1, 2), 1))
    await until(lambda: processes.started == [0])
    await cluster.apply(job, SetParallelism("small-w0", 5))
    await until(lambda: processes.started == [0, 1])
    assert (await cluster.observe_children(job)).waves[0].parallelism == 5
    await cluster.apply(job, SetParallelism("gone", 5))
    await cluster.apply(job, Drain("small-w0"))
    assert (await cluster.observe_children(job)).waves[0].draining
    await cluster.apply(job, Drain("gone"))


async def test_how_long_a_child_would_stay_is_noted_so_that_it_is_asked_for_once(cluster: LocalCluster) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    await cluster.apply(job, start_wave(JOB, (0,)))
    for name in ("small-prepare", "small-w0", "gone"):
        await cluster.apply(job, SetTtl(name, 60))
    children = await cluster.observe_children(job)
    assert [child.ttl_seconds for child in (*children.prepares, *children.waves)] == [60, 60]


async def test_deleting_ends_the_processes_first_and_may_be_done_twice(
    cluster: LocalCluster, processes: ScriptedProcesses, tmp_path: Path
) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_wave(JOB, (0, 1, 2)))
    await until(lambda: len(processes.started) == 2)
    for _ in range(2):
        await cluster.apply(job, Delete("small-w0"))
    assert sorted(processes.stopped) == [0, 1]
    assert (await cluster.observe_children(job)) == Children()
    assert names(tmp_path) == []


async def test_what_was_deleted_can_be_started_again(cluster: LocalCluster, processes: ScriptedProcesses) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    await until(lambda: len(processes.started) == 1)
    await cluster.apply(job, Delete("small-prepare"))
    await cluster.apply(job, start_prepare(JOB))
    await until(lambda: len(processes.started) == 2)


async def test_closing_ends_everything(cluster: LocalCluster, processes: ScriptedProcesses) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    await cluster.apply(job, start_wave(JOB, (0, 1, 2)))
    await until(lambda: len(processes.started) == 2)
    await cluster.close()
    assert (processes.at_once, len(processes.stopped)) == (0, 2)


async def test_a_saved_status_is_what_is_loaded_next(cluster: LocalCluster) -> None:
    status = TrainingJobStatus(state=State.RUNNING)
    await cluster.save_status(await cluster.load_job(cluster.key), status)
    assert (await cluster.load_job(cluster.key)).status == status


async def test_a_status_is_not_saved_over_one_that_came_in_between(cluster: LocalCluster) -> None:
    first = second = await cluster.load_job(cluster.key)
    await cluster.save_status(first, TrainingJobStatus(state=State.RUNNING))
    with pytest.raises(ConflictError, match="version 1 was read, 2 is there now"):
        await cluster.save_status(second, TrainingJobStatus(state=State.FAILED))
    assert cluster.status.state is State.RUNNING


async def test_another_job_sees_and_starts_nothing(cluster: LocalCluster, tmp_path: Path) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    namesake = await LocalCluster(JOB, ScriptedProcesses(), 1, tmp_path).load_job(cluster.key)
    namesake = type(job)(namesake.metadata.model_copy(update={"uid": "another life"}), JOB.spec, namesake.status)
    assert await cluster.observe_children(namesake) == Children()
    with pytest.raises(ConflictError, match="small-w0 cannot belong to"):
        await cluster.apply(namesake, start_wave(JOB))


async def test_a_change_is_announced_when_a_process_ends(cluster: LocalCluster, processes: ScriptedProcesses) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    await until(lambda: len(processes.started) == 1)
    cluster.changed.clear()
    processes.hold.set()
    await asyncio.wait_for(cluster.changed.wait(), 10)


class BrokenProcesses:
    async def run(self, attempt: Attempt) -> None:
        raise RuntimeError("a defect")


async def test_a_defect_inside_a_stage_ends_the_run_instead_of_leaving_it_waiting(tmp_path: Path) -> None:
    cluster = LocalCluster(JOB, BrokenProcesses(), slots=1, folder=tmp_path)
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_prepare(JOB))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="a defect"):
        await cluster.observe_children(job)
    await cluster.close()


async def test_cells_share_processes_where_the_machine_shares_but_not_those_that_are_tried_again(
    processes: ScriptedProcesses, tmp_path: Path
) -> None:
    cluster = LocalCluster(JOB, processes, slots=2, folder=tmp_path, shares=True)
    job, first = await cluster.load_job(cluster.key), start_wave(JOB, tuple(range(5)), 7)
    again = replace(first, name="small-w1", number=1)
    for action in (first, again):
        await cluster.apply(job, action)
    waves = (await cluster.observe_children(job)).waves
    assert [wave.groups for wave in waves] == [((0, 1), (2,), (3,), (4,)), again.groups]
    assert read_input(tmp_path / "small-w0/job.json").cells == "0-1;2;3;4;"
    await cluster.close()


@pytest.mark.parametrize(
    ("slots", "parallelism", "groups", "folds"),
    [
        (2, 7, ((0,),), 2),
        (8, 7, ((0,), (1,), (2,)), 2),
        (8, 2, ((0,),), 2),
        (2, 7, ((0,), (1,), (2,)), 1),
        (999, 999, ((0,),), 100),
    ],
)
async def test_cores_that_no_process_is_left_for_compute_folds_side_by_side(
    processes: ScriptedProcesses, tmp_path: Path, slots: int, parallelism: int, groups: Groups, folds: int
) -> None:
    cluster = LocalCluster(JOB, processes, slots=slots, folder=tmp_path, shares=True)
    job, action = await cluster.load_job(cluster.key), start_groups(JOB, groups, parallelism)
    await cluster.apply(job, replace(action, number=1))
    assert read_input(tmp_path / action.name / "job.json").spec.execution.parallel_folds == folds
    await cluster.close()


async def test_refit_has_all_cores_of_a_machine_for_its_folds(processes: ScriptedProcesses, tmp_path: Path) -> None:
    cluster = LocalCluster(JOB, processes, slots=3, folder=tmp_path, shares=True)
    job, action = await cluster.load_job(cluster.key), start_prepare(JOB)
    await cluster.apply(job, action)
    assert read_input(tmp_path / action.name / "job.json").spec.execution.parallel_folds == 3
    await cluster.close()


async def test_what_a_running_process_says_of_its_cells_is_seen_at_once(
    cluster: LocalCluster, processes: ScriptedProcesses
) -> None:
    job = await cluster.load_job(cluster.key)
    await cluster.apply(job, start_groups(JOB, ((0, 1, 2), (3, 4)), 2))
    await until(lambda: len(processes.hears) == 2)
    processes.hears[0](encode_report(GroupReport(ends="fs.")))
    (wave,) = (await cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.failed, wave.running) == ({1}, {0}, {2, 3, 4})
    assert wave.ends.keys() == {0, 1}
    processes.hears[1](encode_report(FailureReport(reason="StorageUnreachable", message="it waits")))
    (wave,) = (await cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.failed, wave.ends.keys()) == ({1}, {0}, {0, 1})
