"""The trainer's processes: what they are told, how their end is read, and that none stays."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gridfold.api.handoff import GroupReport, Stage, encode_report
from gridfold.domain.ends import cause_of
from gridfold_cli.local import processes as module
from gridfold_cli.local import server
from gridfold_cli.local.processes import Attempt, Surroundings, TrainerProcesses
from tests.unit.cli.jobs import training_job
from tests.unit.cli.processes import lives, names, until

ATTEMPT = Attempt(Stage.CELL, Path("job.json"), index=7)


class Scripts:
    """Processes that run a script of Python in place of the trainer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[TrainerProcesses] = []

    def __call__(self, script: str, **settings: object) -> TrainerProcesses:
        return self.of(command=(sys.executable, "-S", "-c", script), **settings)

    def of(self, **settings: object) -> TrainerProcesses:
        around = {"scratch": self.folder, "base_folder": self.folder / "base", "threads": 3, **settings}
        self.made.append(TrainerProcesses(Surroundings(**around)))
        return self.made[-1]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Scripts]:
    scripts = Scripts(tmp_path)
    yield scripts
    for processes in scripts.made:
        await processes.close()


def say(text: str, code: int) -> str:
    return f"import os, sys; open(os.environ['GRIDFOLD_TERMINATION_LOG'], 'w').write({text!r}); sys.exit({code})"


async def test_a_process_is_told_stage_job_index_folders_and_threads(
    running: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDFOLD_CREDENTIALS", "/somewhere")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    script = (
        "import os, sys, json; e = os.environ;"
        "open(e['GRIDFOLD_TERMINATION_LOG'], 'w').write(json.dumps([sys.argv[1:], e['GRIDFOLD_SCRATCH'], "
        "e['GRIDFOLD_BASE_FOLDER'], 'GRIDFOLD_CREDENTIALS' in e, e['OMP_NUM_THREADS'], e['OPENBLAS_NUM_THREADS']]))"
    )
    end = await running(script).run(ATTEMPT)
    arguments = ["cell", "--job", "job.json", "--index", "7"]
    assert json.loads(end.message) == [arguments, str(tmp_path), str(tmp_path / "base"), False, "3", "3"]
    assert (end.exit_code, end.reason) == (0, "Completed")


async def test_prepare_and_refit_have_no_index(running: Scripts) -> None:
    processes = running("import sys; print(sys.argv[1:]); sys.exit(1)")
    end = await processes.run(Attempt(Stage.PREPARE, Path("job.json")))
    assert end.message.strip() == "['prepare', '--job', 'job.json']"


async def test_the_end_of_a_process_says_when_it_ran(running: Scripts) -> None:
    end = await running("import time; time.sleep(0.05)").run(ATTEMPT)
    assert end.ran is not None
    assert (end.ran.end - end.ran.start).total_seconds() >= 0.05


async def test_what_a_process_says_while_it_runs_is_heard(
    running: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTEN_SECONDS", 0.01)
    heard: list[str] = []
    script = (
        "import os, time; from pathlib import Path; said = Path(os.environ['GRIDFOLD_TERMINATION_LOG'])\n"
        f"said.write_text('first')\nwhile not Path({str(tmp_path / 'heard')!r}).exists(): time.sleep(0.01)\n"
        "said.write_text('last')"
    )

    def hear(text: str) -> None:
        heard.append(text)
        (tmp_path / "heard").touch()

    end = await running(script).run(replace(ATTEMPT, hear=hear))
    assert (heard[0], end.message) == ("first", "last")


@pytest.mark.parametrize("code", [2, 10, 11, 14, 143])
async def test_exit_code_and_message_are_the_processs_own(running: Scripts, code: int) -> None:
    end = await running(say("a report", code)).run(ATTEMPT)
    assert (end.exit_code, end.reason, end.message) == (code, "Error", "a report")


@pytest.mark.parametrize(("name", "code"), [("SIGKILL", 137), ("SIGTERM", 143), ("SIGSEGV", 139)])
async def test_a_signal_is_told_as_the_kubelet_tells_it(running: Scripts, name: str, code: int) -> None:
    end = await running(f"import os, signal; os.kill(os.getpid(), signal.{name})").run(ATTEMPT)
    assert (end.exit_code, end.reason) == (code, "Error")


async def test_a_kill_by_the_kernel_for_memory_is_told_as_such(
    running: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = tmp_path / "vmstat"
    counter.write_text("nr_free_pages 5\noom_kill 41\n")
    monkeypatch.setattr(module, "MEMORY_KILLS", counter)
    script = f"import os; open({str(counter)!r}, 'w').write('oom_kill 42'); os.kill(os.getpid(), 9)"
    cause = cause_of(await running(script).run(ATTEMPT), training_job().spec)
    assert (cause.reason, cause.retryable) == ("OutOfMemory", False)
    assert cause.message.startswith("the memory of this machine ran out; run fewer cells at a time")
    counter.write_text("oom_kill 42\n")
    assert (await running("import os; os.kill(os.getpid(), 9)").run(ATTEMPT)).reason == "Error"


async def test_that_memory_ran_out_is_told_beside_the_cells_that_had_ended(running: Scripts) -> None:
    end = await running(say(encode_report(GroupReport(ends="s.")), 13)).run(ATTEMPT)
    assert isinstance(end.report, GroupReport)
    assert (end.reason, end.report.ends) == ("OutOfMemory", "s.")
    assert "the memory of this machine ran out" in end.report.failure.message


async def test_without_a_message_the_end_of_the_log_takes_its_place_but_only_of_a_failure(running: Scripts) -> None:
    failed = await running("import sys; print('x' * 9000); sys.exit('last words')").run(ATTEMPT)
    assert failed.message.endswith("x\nlast words\n")
    assert len(failed.message) == 2048
    fine = await running("print('chatter')").run(ATTEMPT)
    assert fine.message == ""


async def test_only_the_last_4096_bytes_of_a_message_are_kept_as_by_the_kubelet(running: Scripts) -> None:
    end = await running(say("ä" * 3000, 0)).run(ATTEMPT)
    assert end.message == "ä" * 2048


async def test_a_trainer_that_cannot_be_started_is_an_end_like_any_other(running: Scripts) -> None:
    end = await running.of(command=("/nowhere/python",)).run(ATTEMPT)
    assert (end.exit_code, end.reason) == (127, "Error")
    assert end.message == "/nowhere/python cannot be started: No such file or directory\n"


async def test_a_server_that_cannot_be_started_is_one_too(running: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SERVER", ("/nowhere/python",))
    end = await running.of().run(ATTEMPT)
    assert (end.exit_code, end.reason) == (1, "StartFailed")
    assert "/nowhere/python" in end.message


async def test_a_server_that_ends_unasked_says_its_last_words_and_the_next_attempt_has_a_new_one(
    running: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = running("pass")
    monkeypatch.setattr(server, "SERVER", (sys.executable, "-S", "-c", "import sys; sys.exit('no memory')"))
    end = await processes.run(ATTEMPT)
    assert (end.exit_code, end.reason, end.message) == (137, "Error", "the fork server ended with 1 no memory")
    monkeypatch.undo()
    assert (await processes.run(ATTEMPT)).exit_code == 0


async def test_what_a_killed_server_had_started_ends_with_it(running: Scripts, tmp_path: Path) -> None:
    processes = running("import os, time; os.write(1, b'%d\\n%d\\n' % (os.getpid(), os.getppid())); time.sleep(600)")
    task = asyncio.create_task(processes.run(ATTEMPT))
    child, parent = await _two_numbers(tmp_path / "log-0")
    os.kill(parent, signal.SIGKILL)
    assert (await task).exit_code == 137
    await _until_gone([child])


async def test_closing_ends_what_still_runs(running: Scripts, tmp_path: Path) -> None:
    processes = running("import os, time; os.write(1, b'%d\\n%d\\n' % (os.getpid(), os.getppid())); time.sleep(600)")
    task = asyncio.create_task(processes.run(ATTEMPT))
    pids = await _two_numbers(tmp_path / "log-0")
    await processes.close()
    await _until_gone(pids)
    assert (await task).exit_code == 143


async def test_the_scratch_folder_goes_with_the_server_so_that_a_kill_after_it_leaves_nothing(
    running: Scripts, tmp_path: Path
) -> None:
    (tmp_path / "scratch").mkdir()
    processes = running(say("a report", 1), scratch=tmp_path / "scratch")
    await processes.run(ATTEMPT)
    assert names(tmp_path / "scratch") == ["server.txt"]
    await processes.close()
    assert names(tmp_path) == []


@pytest.mark.parametrize("trap", ["SIG_DFL", "SIG_IGN"])
async def test_cancelling_ends_the_whole_group_even_one_that_ignores_sigterm(
    running: Scripts, tmp_path: Path, trap: str
) -> None:
    script = (
        f"import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.{trap}); os.fork();"
        "os.write(1, b'%d\\n' % os.getpid()); time.sleep(600)"
    )
    task = asyncio.create_task(running(script, grace_seconds=0.2).run(ATTEMPT))
    pids = await _two_numbers(tmp_path / "log-0")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _until_gone(pids)


async def _until_gone(pids: list[int]) -> None:
    await until(lambda: not any(lives(pid) for pid in pids))


async def _two_numbers(log: Path) -> list[int]:
    def lines() -> list[str]:
        return log.read_text().splitlines() if log.exists() else []

    await until(lambda: len(lines()) == 2)
    return [int(line) for line in lines()]
