"""One suite over every Cluster that runs whole jobs: the fake, and Kubernetes with its real Job controller."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from gridfold.api.handoff import GroupReport, Stage, encode_report
from gridfold.api.status import CellCounts, Condition, PreparedStatus, RankedCell, State, TrainingJobStatus
from gridfold.domain.observed import Children, ObservedJob, ProcessEnd, Progress
from gridfold.domain.plan import Action, Delete, Drain, SetParallelism, SetTtl, StartStage
from gridfold.engine.ports import ConflictError, JobKey
from tests.cluster.kind import ensure_kind
from tests.contract.fake_cluster import FakeWorld
from tests.contract.kubernetes_world import NOWHERE, kubernetes_world
from tests.contract.worlds import DIGEST, PREPARE, WAVE, World, start_prepare, start_wave, told

#: What is done to a child that is there: its name and uid.
CHANGES: list[Callable[[str, str], Action]] = [
    Delete,
    Drain,
    lambda name, uid: SetParallelism(name, 1, uid),
    lambda name, uid: SetTtl(name, 3600, uid),
]
OK = ProcessEnd(0, "Completed", '{"kind": "…", "text": "ü"}')


@pytest.fixture(params=["fake", pytest.param("kubernetes", marks=pytest.mark.cluster)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    kubectl, namespace = request.getfixturevalue("kubectl"), request.getfixturevalue("namespace")
    ensure_kind(kubectl)
    async with kubernetes_world(str(kubectl.kubeconfig), namespace) as real:
        yield real


async def load(world: World, key: JobKey) -> ObservedJob:
    job = await world.cluster.load_job(key)
    assert job is not None
    return job


async def prepared_world(world: World, **spec: Any) -> tuple[JobKey, ObservedJob]:
    """Return a job whose prepare stage has been started."""
    key = await world.create("job", **spec)
    job = await load(world, key)
    await world.cluster.apply(job, start_prepare(job))
    return key, job


async def searching_world(world: World, **spec: Any) -> tuple[JobKey, ObservedJob]:
    """Return a job whose first wave has been started."""
    key = await world.create("job", **spec)
    job = await load(world, key)
    await world.cluster.apply(job, start_wave(job))
    return key, job


async def test_a_job_that_never_was_is_none(world: World) -> None:
    assert await world.cluster.load_job(JobKey(world.namespace, "nobody")) is None


async def test_a_job_is_loaded_as_it_was_made(world: World) -> None:
    key = await world.create("job", search={"grid": [{"C": [0.1, None, {"float": 1}]}]})
    job = await load(world, key)
    assert (job.metadata.name, job.metadata.namespace, job.metadata.generation) == ("job", world.namespace, 1)
    assert job.metadata.uid
    assert job.metadata.resource_version
    assert job.spec is not None
    assert job.spec.search.grid == [{"C": [0.1, None, {"float": 1}]}]
    assert job.status == TrainingJobStatus()
    assert job.problems == ()


async def test_a_job_that_was_deleted_is_none(world: World) -> None:
    key = await world.create("job")
    await world.remove(key)
    assert await world.cluster.load_job(key) is None


async def test_a_spec_that_cannot_be_accepted_comes_with_every_problem(world: World) -> None:
    key = await world.create("job", search={"grid": [{"n_jobs": [1]}, {"preprocessing.scale": ["Standard"]}]})
    job = await load(world, key)
    assert job.spec is None
    assert sorted(problem.path for problem in job.problems) == [
        "spec.search.grid[0].n_jobs",
        "spec.search.grid[1].preprocessing.scale",
    ]


async def test_an_edit_is_seen_at_once_with_its_generation(world: World) -> None:
    key = await world.create("job")
    await world.edit(key, search={"grid": [{"C": [5]}]})
    job = await load(world, key)
    assert job.spec is not None
    assert job.spec.search.grid == [{"C": [5]}]
    assert job.metadata.generation == 2


async def test_a_new_job_has_no_children(world: World) -> None:
    job = await load(world, await world.create("job"))
    assert await world.cluster.observe_children(job) == Children()


async def test_children_are_observed_with_what_they_were_started_with(world: World) -> None:
    _, job = await prepared_world(world)
    await world.cluster.apply(job, start_wave(job, parallelism=2))
    refit = StartStage(Stage.REFIT, "job-c0ffee-refit", told(job))
    await world.cluster.apply(job, refit)
    children = await world.cluster.observe_children(job)
    (prepare,), (wave,), (refitting,) = children.prepares, children.waves, children.refits
    assert (prepare.name, prepare.run_digest, prepare.progress) == (PREPARE, DIGEST, Progress.ACTIVE)
    assert (wave.name, wave.run_digest, wave.progress) == (WAVE, DIGEST, Progress.ACTIVE)
    assert (wave.cells, wave.number, wave.parallelism) == ((2, 3, 7), 0, 2)
    assert wave.spec == job.spec, "of a wave of another run"
    assert (refitting.name, refitting.progress) == ("job-c0ffee-refit", Progress.ACTIVE)
    assert wave.running == wave.succeeded == wave.failed == frozenset()


async def test_starting_twice_is_starting_once(world: World) -> None:
    _, job = await prepared_world(world)
    await world.cluster.apply(job, start_prepare(job))
    assert len((await world.cluster.observe_children(job)).prepares) == 1


async def test_the_input_is_kept_unchanged_while_its_stage_exists(world: World) -> None:
    key, job = await prepared_world(world)
    first = await world.input_of(key, PREPARE)
    await world.cluster.apply(job, start_prepare(job, generation=9))
    assert await world.input_of(key, PREPARE) == first == told(job)


async def test_a_stage_that_is_started_again_is_told_what_is_true_now(world: World) -> None:
    key, job = await prepared_world(world)
    await world.cluster.apply(job, Delete(PREPARE))
    await world.cluster.apply(job, start_prepare(job, generation=9))
    again = await world.input_of(key, PREPARE)
    assert again is not None
    assert again.generation == 9


async def test_deleting_a_child_takes_all_of_it_and_may_be_repeated(world: World) -> None:
    key, job = await searching_world(world)
    for _ in range(2):
        await world.cluster.apply(job, Delete(WAVE))
    assert await world.cluster.observe_children(job) == Children()
    assert await world.input_of(key, WAVE) is None
    assert await world.inputs(key) == 0


async def test_whatever_happens_there_is_one_input_a_child(world: World) -> None:
    key, job = await prepared_world(world)
    await world.cluster.apply(job, start_prepare(job, generation=9))
    await world.cluster.apply(job, start_wave(job))
    assert await world.inputs(key) == 2


async def test_parallelism_is_changed_while_a_wave_lives_and_ignored_when_it_is_gone(world: World) -> None:
    _, job = await searching_world(world)
    await world.cluster.apply(job, SetParallelism(WAVE, 5))
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert wave.parallelism == 5
    await world.cluster.apply(job, SetParallelism("job-c0ffee-w9", 5))


async def test_a_wave_that_is_drained_starts_no_further_cell_and_what_runs_in_it_goes_on_until_it_is_deleted(
    world: World,
) -> None:
    key, job = await prepared_world(world)
    await world.cluster.apply(job, start_wave(job, parallelism=1))
    await world.run_pod(key, WAVE)
    await world.cluster.apply(job, Drain(WAVE))
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.draining, wave.running, wave.present, wave.progress) == (True, {2}, {2}, Progress.ACTIVE)
    await world.end_pod(key, WAVE, OK)
    await world.cluster.apply(job, Drain(WAVE))
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.ends, wave.present) == ({2}, {2: OK}, frozenset())
    await world.cluster.apply(job, Delete(WAVE))
    assert (await world.cluster.observe_children(job)).waves == ()
    await world.cluster.apply(job, Drain(WAVE))


async def test_how_long_a_child_stays_after_its_end_is_set_and_taken_back_and_ignored_when_it_is_gone(
    world: World,
) -> None:
    key, job = await searching_world(world)
    seen = []
    for seconds in (3600, None):
        for index in range(3 * (not seen)):
            await world.end_pod(key, WAVE, OK, index=index)
        await world.cluster.apply(job, SetTtl(WAVE, seconds))
        (wave,) = (await world.cluster.observe_children(job)).waves
        seen.append((wave.ttl_seconds, wave.progress))
    assert seen == [(3600, Progress.SUCCEEDED), (None, Progress.SUCCEEDED)]
    await world.cluster.apply(job, SetTtl("job-c0ffee-w9", 0))


async def test_a_child_that_goes_by_itself_takes_its_input_with_it(world: World) -> None:
    key, job = await searching_world(world)
    for index in range(3):
        await world.end_pod(key, WAVE, OK, index=index)
    await world.cluster.apply(job, SetTtl(WAVE, 0))
    await world.expire(key)
    assert await world.cluster.observe_children(job) == Children()
    assert await world.inputs(key) == 0


async def test_a_name_that_somebody_else_holds_is_a_conflict_and_stays_his(world: World) -> None:
    key = await world.create("job")
    job = await load(world, key)
    await world.take_name(key, PREPARE)
    with pytest.raises(ConflictError, match=f"{PREPARE} belongs to .*, expected "):
        await world.cluster.apply(job, start_prepare(job))
    assert await world.cluster.observe_children(job) == Children()


@pytest.mark.parametrize("change", CHANGES)
async def test_what_was_decided_on_a_child_does_nothing_to_the_one_that_has_taken_its_name(
    world: World, change: Callable[[str, str], Action]
) -> None:
    key, job = await searching_world(world)
    (decided_on,) = (await world.cluster.observe_children(job)).waves
    await world.cluster.apply(job, Delete(WAVE, decided_on.uid))
    await world.cluster.apply(job, start_wave(job))
    (there,) = (await world.cluster.observe_children(job)).waves
    assert there.uid != decided_on.uid
    with pytest.raises(ConflictError, match=f"{WAVE} is another one now .*{there.uid}, expected {decided_on.uid}"):
        await world.cluster.apply(job, change(WAVE, decided_on.uid))
    (still,) = (await world.cluster.observe_children(job)).waves
    assert (still.uid, still.parallelism, still.ttl_seconds, still.draining) == (there.uid, 20, None, False)
    assert await world.inputs(key) == 1
    await world.cluster.apply(job, change(WAVE, there.uid))
    changed = (await world.cluster.observe_children(job)).waves
    assert [(wave.parallelism, wave.ttl_seconds, wave.draining) for wave in changed] != [(20, None, False)]


@pytest.mark.parametrize("change", CHANGES)
async def test_nothing_is_done_to_a_child_of_somebody_else(world: World, change: Callable[[str, str], Action]) -> None:
    key = await world.create("job")
    job = await load(world, key)
    await world.take_name(key, PREPARE)
    for action in (change(PREPARE, ""), start_prepare(job)):
        with pytest.raises(ConflictError, match=f"{PREPARE} belongs to .*, expected "):
            await world.cluster.apply(job, action)


async def test_a_namesake_made_later_adopts_nothing(world: World) -> None:
    _, job = await prepared_world(world)
    reborn = replace(job, metadata=job.metadata.model_copy(update={"uid": "00000000-0000-4000-8000-000000000000"}))
    assert await world.cluster.observe_children(reborn) == Children()
    with pytest.raises(ConflictError, match="belongs to"):
        await world.cluster.apply(reborn, start_prepare(job))


async def test_a_stage_that_succeeds_hands_its_message_over_whole(world: World) -> None:
    key, job = await prepared_world(world)
    await world.run_pod(key, PREPARE)
    (prepare,) = (await world.cluster.observe_children(job)).prepares
    assert prepare.running_pods == 1
    await world.end_pod(key, PREPARE, OK)
    (prepare,) = (await world.cluster.observe_children(job)).prepares
    assert (prepare.progress, prepare.end, prepare.running_pods) == (Progress.SUCCEEDED, OK, 0)


@pytest.mark.parametrize(
    ("code", "words"), [(10, "no such column"), (13, "no memory"), (15, "took longer"), (137, "killed")]
)
async def test_bad_data_a_kill_and_a_deadline_end_a_stage_at_the_first_try(world: World, code: int, words: str) -> None:
    key, job = await prepared_world(world, execution={"retries": 3})
    end = ProcessEnd(code, "Error", words)
    await world.end_pod(key, PREPARE, end)
    (prepare,) = (await world.cluster.observe_children(job)).prepares
    assert (prepare.progress, prepare.end) == (Progress.FAILED, end)


async def test_a_stage_that_fails_for_a_cause_that_can_pass_is_tried_again_as_often_as_asked(world: World) -> None:
    key, job = await prepared_world(world, execution={"retries": 0})
    end = ProcessEnd(16, "Error", "the disk is full")
    await world.end_pod(key, PREPARE, end)
    (prepare,) = (await world.cluster.observe_children(job)).prepares
    assert (prepare.progress, prepare.end, prepare.away_seconds) == (Progress.FAILED, end, None)


async def test_storage_that_is_away_counts_as_no_failure_and_is_seen_until_it_answers(world: World) -> None:
    key, job = await prepared_world(world, execution={"retries": 0})
    await world.cluster.apply(job, start_wave(job))
    end = ProcessEnd(14, "Error", "no storage")
    await world.end_pod(key, PREPARE, end)
    await world.end_pod(key, WAVE, end, index=1)
    children = await world.cluster.observe_children(job)
    (prepare,), (wave,) = children.prepares, children.waves
    assert (prepare.progress, prepare.end, wave.progress) == (Progress.ACTIVE, end, Progress.ACTIVE)
    assert (prepare.away_seconds is not None, wave.away, wave.failed) == (True, {3}, frozenset())
    await world.end_pod(key, PREPARE, OK)
    (prepare,) = (await world.cluster.observe_children(job)).prepares
    assert (prepare.progress, prepare.away_seconds) == (Progress.SUCCEEDED, None)


async def test_cells_of_a_wave_end_one_by_one(world: World) -> None:
    key, job = await searching_world(world)
    await world.run_pod(key, WAVE, index=1)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert wave.running == {3}
    await world.end_pod(key, WAVE, OK, index=1)
    failed = ProcessEnd(12, "Error", "fit raised")
    await world.end_pod(key, WAVE, failed, index=2)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.failed, wave.running) == ({3}, {7}, frozenset())
    assert wave.ends == {3: OK, 7: failed}
    assert wave.progress is Progress.ACTIVE


async def test_a_pod_of_several_cells_ends_with_what_it_says_of_each(world: World) -> None:
    key = await world.create("job")
    job = await load(world, key)
    await world.cluster.apply(job, start_wave(job, ((2, 3, 5), (7,))))
    told = await world.input_of(key, WAVE)
    assert told is not None
    assert told.cells == "2-3,5;7;"
    await world.run_pod(key, WAVE)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.groups, wave.running, wave.pods_of(wave.running)) == (((2, 3, 5), (7,)), {2, 3, 5}, 1)
    killed = ProcessEnd(137, "OOMKilled", encode_report(GroupReport(ends="s..")))
    await world.end_pod(key, WAVE, killed)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.failed, wave.running, wave.progress) == ({2}, {3, 5}, frozenset(), Progress.ACTIVE)
    assert {cell: (end.exit_code, end.reason) for cell, end in wave.ends.items()} == {
        2: (0, "Completed"),
        3: (137, "OOMKilled"),
        5: (137, "OOMKilled"),
    }
    await world.end_pod(key, WAVE, OK, index=1)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.succeeded, wave.failed, wave.progress) == ({2, 7}, {3, 5}, Progress.FAILED)


async def test_a_wave_with_one_failed_cell_has_failed_when_all_have_ended(world: World) -> None:
    key, job = await searching_world(world)
    await world.end_pod(key, WAVE, OK, index=0)
    await world.end_pod(key, WAVE, ProcessEnd(137, "OOMKilled", ""), index=1)
    await world.end_pod(key, WAVE, OK, index=2)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.progress, wave.succeeded, wave.failed) == (Progress.FAILED, {2, 7}, {3})
    assert wave.ends[3].reason == "OOMKilled"


async def test_a_wave_whose_cells_all_succeeded_has_succeeded(world: World) -> None:
    key, job = await searching_world(world)
    for index in range(3):
        await world.end_pod(key, WAVE, OK, index=index)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.progress, wave.succeeded) == (Progress.SUCCEEDED, {2, 3, 7})


async def test_a_child_that_somebody_else_suspends_is_seen_so_and_its_cells_do_not_run(world: World) -> None:
    key, job = await prepared_world(world)
    await world.cluster.apply(job, start_wave(job))
    await world.run_pod(key, PREPARE)
    await world.run_pod(key, WAVE, index=1)
    for child in (PREPARE, WAVE):
        await world.suspend(key, child)
    children = await world.cluster.observe_children(job)
    (prepare,), (wave,) = children.prepares, children.waves
    assert (prepare.suspended, prepare.running_pods, prepare.progress) == (True, 0, Progress.ACTIVE)
    assert (wave.suspended, wave.running, wave.failed, wave.queue) == (True, frozenset(), frozenset(), "")
    await world.cluster.apply(job, SetParallelism(WAVE, 2))
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.suspended, wave.parallelism) == (True, 2), "it is not ours to take back"


async def test_a_child_in_a_queue_is_made_suspended_and_goes_back_when_its_parallelism_changes(world: World) -> None:
    execution = {"queueName": "team", "minParallelism": 1, "parallelism": 3}
    key, job = await prepared_world(world, execution=execution)
    await world.cluster.apply(job, start_wave(job, parallelism=3))
    children = await world.cluster.observe_children(job)
    assert [child.suspended for child in (*children.prepares, *children.waves)] == [True, True]
    assert [wave.queue for wave in children.waves] == ["team"]
    await world.admit(key, WAVE, parallelism=2)
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.suspended, wave.parallelism) == (False, 2)
    await world.run_pod(key, WAVE)
    await world.cluster.apply(job, SetParallelism(WAVE, 0))
    (wave,) = (await world.cluster.observe_children(job)).waves
    assert (wave.suspended, wave.parallelism) == (True, 0)


async def test_pods_without_a_node_wait_in_the_schedulers_words_and_do_not_run(world: World) -> None:
    key, job = await searching_world(world)
    await world.block_pods(key, WAVE, "0/1 nodes are available: 1 Insufficient cpu.")
    (wave,) = (await world.cluster.observe_children(job)).waves
    (waiting,) = wave.waiting
    assert waiting.reason == "Unschedulable"
    assert "nodes are available" in waiting.message
    assert waiting.pods >= 1
    assert wave.running == frozenset()


async def test_children_tell_how_much_memory_their_pods_have(world: World) -> None:
    resources = {"requests": {"cpu": "10000", "memory": "700Mi"}, "limits": {}}
    key = await world.create("job", execution={"resources": resources})
    job = await load(world, key)
    await world.cluster.apply(job, start_prepare(job))
    await world.cluster.apply(job, replace(start_wave(job), memory="1400Mi"))
    children = await world.cluster.observe_children(job)
    assert [child.memory for child in (*children.prepares, *children.waves)] == ["700Mi", "1400Mi"]
    assert [child.outdated for child in (*children.prepares, *children.waves)] == [False, False]


async def test_children_run_the_image_of_their_run_and_else_the_platforms(world: World) -> None:
    key, job = await prepared_world(world, execution=NOWHERE)
    await world.cluster.apply(job, replace(start_wave(job), image="of-the-run:1"))
    children = await world.cluster.observe_children(job)
    assert [child.image for child in (*children.prepares, *children.waves)] == [job.image, "of-the-run:1"]
    assert [child.outdated for child in (*children.prepares, *children.waves)] == [False, True]
    prepared = PreparedStatus(environment="e", image="of-the-run:1")
    await world.cluster.save_status(job, TrainingJobStatus(run_digest=DIGEST, prepared=prepared))
    children = await world.cluster.observe_children(await load(world, key))
    assert [child.outdated for child in children.waves] == [False]


@pytest.mark.parametrize(
    ("edit", "outdated"),
    [
        ({"execution": {**NOWHERE, "cellTimeoutSeconds": 60}}, True),
        ({"storage": {"endpoint": "http://s3.elsewhere:9000"}}, True),
        ({"retry": 1}, True),
        ({"execution": {**NOWHERE, "parallelism": 3}}, False),
        ({"scoring": {"targets": {"f1": "0.5"}}}, False),
    ],
)
async def test_children_tell_whether_they_would_be_started_otherwise_now(
    world: World, edit: dict[str, Any], outdated: bool
) -> None:
    key, job = await prepared_world(world, execution=NOWHERE)
    await world.cluster.apply(job, start_wave(job))
    children = await world.cluster.observe_children(await load(world, key))
    assert [child.outdated for child in (*children.prepares, *children.waves)] == [False, False]
    await world.edit(key, **edit)
    children = await world.cluster.observe_children(await load(world, key))
    assert [child.outdated for child in (*children.prepares, *children.waves)] == [outdated, outdated]


def full_status() -> TrainingJobStatus:
    condition = Condition(type="Accepted", status="True", reason="Valid", last_transition_time="2026-01-01T00:00:00Z")
    return TrainingJobStatus(
        observed_generation=1,
        state=State.RUNNING,
        conditions=[condition],
        cells=CellCounts(total=3, running=1),
        best=RankedCell(cell=1, score="0.5", parameters={"C": "0.1"}),
        leaderboard=[RankedCell(cell=1, score="0.5")],
    )


async def test_a_saved_status_is_what_is_loaded_next(world: World) -> None:
    key = await world.create("job")
    await world.cluster.save_status(await load(world, key), full_status())
    job = await load(world, key)
    assert job.status == full_status()
    assert job.metadata.generation == 1, "a status is no edit"


async def test_a_saved_status_replaces_the_earlier_one_and_is_not_merged_with_it(world: World) -> None:
    key = await world.create("job")
    await world.cluster.save_status(await load(world, key), full_status())
    later = TrainingJobStatus(observed_generation=1, state=State.FAILED)
    await world.cluster.save_status(await load(world, key), later)
    assert (await load(world, key)).status == later


async def test_a_status_from_a_stale_look_is_refused(world: World) -> None:
    key = await world.create("job")
    stale = await load(world, key)
    await world.edit(key, search={"grid": [{"C": [5]}]})
    with pytest.raises(ConflictError, match="changed"):
        await world.cluster.save_status(stale, full_status())
    assert (await load(world, key)).status == TrainingJobStatus()


async def test_the_status_of_a_job_that_is_gone_is_refused(world: World) -> None:
    key = await world.create("job")
    stale = await load(world, key)
    await world.remove(key)
    with pytest.raises(ConflictError, match="changed"):
        await world.cluster.save_status(stale, full_status())


async def test_of_another_versions_status_is_kept_what_can_be_understood(world: World) -> None:
    key = await world.create("job")
    await world.set_raw_status(key, {"runDigest": "x", "state": "Running", "progress": "1/3"})
    assert (await load(world, key)).status == TrainingJobStatus(run_digest="x", state=State.RUNNING, progress="1/3")
