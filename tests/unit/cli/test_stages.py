"""Stages on one machine try again as a Job does: FailJob, FailIndex, Ignore, backoffLimit(PerIndex)."""

import asyncio
from pathlib import Path

import pytest

from gridfold.api.exit_codes import ExitCode
from gridfold.domain.observed import Progress, Wave
from gridfold_cli.local.gate import Gate
from gridfold_cli.local.stages import LocalStage, LocalWave, Machine
from tests.unit.cli.jobs import start_prepare, start_wave, training_job
from tests.unit.cli.processes import until
from tests.unit.cli.scripted import ScriptedProcesses

JOB_FILE = Path("job.json")


def machine(processes: ScriptedProcesses, slots: int = 8, storage_seconds: float = 600) -> Machine:
    return Machine(processes, Gate(slots), changed=lambda: None, pause_seconds=0, storage_seconds=storage_seconds)


async def run_wave(script: dict[int | None, list[int]], retries: int = 2) -> tuple[Wave, ScriptedProcesses]:
    processes = ScriptedProcesses(script)
    wave = LocalWave(start_wave(training_job(retries=retries)), JOB_FILE, machine(processes))
    await wave.task
    return wave.observe(), processes


@pytest.mark.parametrize("code", [11, 12, 13, 15, 137])
async def test_an_end_that_trying_again_does_not_change_fails_its_cell_at_once(code: int) -> None:
    wave, processes = await run_wave({1: [code]})
    assert (wave.failed, wave.succeeded, wave.progress) == ({1}, {0, 2}, Progress.FAILED)
    assert wave.ends[1].exit_code == code
    assert sorted(processes.started) == [0, 1, 2]


@pytest.mark.parametrize("code", [ExitCode.PASSING, 1, 2, 139])
async def test_another_end_is_tried_again_as_often_as_retries_says(code: int) -> None:
    wave, processes = await run_wave({1: [code, code]}, retries=2)
    assert (wave.failed, wave.progress, processes.started.count(1)) == (frozenset(), Progress.SUCCEEDED, 3)
    wave, processes = await run_wave({1: [code, code, code]}, retries=2)
    assert (wave.failed, wave.progress, processes.started.count(1)) == ({1}, Progress.FAILED, 3)


async def test_without_retries_the_first_failure_is_the_last() -> None:
    wave, processes = await run_wave({0: [16]}, retries=0)
    assert (wave.failed, processes.started.count(0)) == ({0}, 1)


async def test_a_process_that_somebody_ended_by_sigterm_is_started_again_and_not_counted() -> None:
    wave, processes = await run_wave({2: [143, 143, 143, 16]}, retries=1)
    assert (wave.failed, processes.started.count(2)) == (frozenset(), 5)


async def test_storage_that_is_away_is_waited_for_and_counts_as_no_failure() -> None:
    wave, processes = await run_wave({0: [14] * 20}, retries=0)
    assert (wave.failed, wave.away, processes.started.count(0)) == (frozenset(), frozenset(), 21)
    processes = ScriptedProcesses({None: [14] * 20})
    stage = LocalStage(start_prepare(training_job(retries=0)), JOB_FILE, machine(processes))
    await stage.task
    assert (stage.observe().progress, stage.observe().away_seconds) == (Progress.SUCCEEDED, None)


async def test_a_stage_of_a_laptop_waits_for_storage_only_so_long() -> None:
    processes = ScriptedProcesses({None: [14] * 20})
    stage = LocalStage(start_prepare(training_job()), JOB_FILE, machine(processes, storage_seconds=0))
    await stage.task
    assert (stage.observe().progress, len(processes.started)) == (Progress.FAILED, 1)


async def test_between_two_tries_storage_is_seen_to_be_away() -> None:
    processes = ScriptedProcesses({None: [14]})
    stage = LocalStage(
        start_prepare(training_job()), JOB_FILE, Machine(processes, Gate(1), lambda: None, pause_seconds=60)
    )
    await until(lambda: stage.observe().away_seconds is not None)
    assert stage.observe().end.exit_code == 14
    stage.task.cancel()


@pytest.mark.parametrize("code", [10, 13, 15, 137])
async def test_an_end_of_prepare_that_trying_again_does_not_change_is_left_to_decide(code: int) -> None:
    processes = ScriptedProcesses({None: [code]})
    stage = LocalStage(start_prepare(training_job()), JOB_FILE, machine(processes))
    await stage.task
    observed = stage.observe()
    assert (observed.progress, observed.end.exit_code, processes.started) == (Progress.FAILED, code, [None])


@pytest.mark.parametrize("code", [11, 12, 14, 1])
async def test_any_other_end_of_prepare_is_tried_again(code: int) -> None:
    processes = ScriptedProcesses({None: [code]})
    stage = LocalStage(start_prepare(training_job()), JOB_FILE, machine(processes))
    await stage.task
    assert (stage.observe().progress, len(processes.started)) == (Progress.SUCCEEDED, 2)


@pytest.mark.parametrize(("slots", "parallelism", "most"), [(2, 20, 2), (8, 3, 3), (1, 1, 1)])
async def test_never_more_processes_run_than_slots_and_parallelism_allow(
    slots: int, parallelism: int, most: int
) -> None:
    processes = ScriptedProcesses()
    wave = LocalWave(start_wave(training_job(12), tuple(range(12)), parallelism), JOB_FILE, machine(processes, slots))
    await wave.task
    assert (processes.most_at_once, len(processes.started)) == (most, 12)


async def test_a_pause_before_a_retry_gives_the_slot_to_another_cell() -> None:
    processes = ScriptedProcesses({0: [14]})
    wave = LocalWave(start_wave(training_job()), JOB_FILE, machine(processes, slots=1))
    await wave.task
    assert processes.started == [0, 1, 2, 0]


async def test_cells_are_named_by_their_number_and_processes_by_their_place_in_the_wave() -> None:
    processes = ScriptedProcesses({1: [12]})
    wave = LocalWave(start_wave(training_job(9), (2, 5, 8)), JOB_FILE, machine(processes))
    await wave.task
    assert (wave.observe().failed, wave.observe().succeeded, sorted(processes.started)) == ({5}, {2, 8}, [0, 1, 2])


async def test_a_wave_that_is_drained_finishes_what_runs_and_what_waits_for_a_slot_and_starts_nothing_more() -> None:
    processes = ScriptedProcesses(hold=asyncio.Event())
    wave = LocalWave(start_wave(training_job(5), tuple(range(5)), 3), JOB_FILE, machine(processes, slots=2))
    await until(lambda: len(processes.started) == 2)
    wave.drain()
    seen = wave.observe()
    assert (seen.draining, seen.running, seen.starting) == (True, {0, 1}, {2})
    processes.hold.set()
    await until(lambda: wave.observe().succeeded == {0, 1, 2} and not wave.observe().present)
    assert processes.started == [0, 1, 2]
    wave.task.cancel()


async def test_a_running_cell_is_seen_as_running_and_every_change_is_announced() -> None:
    changes: list[frozenset[int]] = []
    processes = ScriptedProcesses(hold=asyncio.Event())
    waves: list[LocalWave] = []
    shared = Machine(processes, Gate(2), lambda: changes.append(waves[0].observe().running), pause_seconds=0)
    waves.append(LocalWave(start_wave(training_job()), JOB_FILE, shared))
    await until(lambda: len(processes.started) == 2)
    assert waves[0].observe().running == {0, 1}
    processes.hold.set()
    await waves[0].task
    assert {frozenset({0}), frozenset({0, 1}), frozenset()} <= set(changes)
    assert waves[0].observe().running == frozenset()
