"""The supervisor bounds time, hands exit codes on and leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

#: A supervisor whose work is BODY; it ends with the exit code and prints what else it knows.
PROGRAM = """
import os, sys, time, signal, subprocess
from gridfold_trainer.deadline import Deadline
from gridfold_trainer.supervisor import supervise
deadline = Deadline({limit})
def work():
{body}
end = supervise(work, deadline)
print(end.signal, end.timed_out, flush=True)
sys.exit(end.exit_code)
"""
LONG = "    print(os.getpid(), flush=True); time.sleep(600)"
SECONDS = 30


def start(body: str, limit: float | None = None) -> subprocess.Popen[str]:
    program = PROGRAM.format(body=body, limit=limit)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def deep_program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A parent that starts a supervisor of a long work and waits; the work's process number is its first line."""
    script = tmp_path / "supervisor.py"
    script.write_text(PROGRAM.format(body=LONG, limit=None))
    parent = f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        os.sched_yield()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("code", [0, 2, 10, 15, 143, 255])
def test_the_exit_code_of_the_work_is_handed_on(code: int) -> None:
    with start(f"    return {code}") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "0 False\n"
    assert process.returncode == code


def test_an_exception_of_the_work_is_exit_code_1_and_never_reaches_the_supervisor() -> None:
    with start("    raise SystemExit(0)") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "0 False\n"
    assert process.returncode == 1


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_end_kills_the_work_and_is_exit_code_143(sent: signal.Signals) -> None:
    with start(LONG) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.send_signal(sent)
        assert process.wait(SECONDS) == 143
    assert not is_alive(worker)


def test_work_that_is_deaf_to_signals_inside_a_long_call_into_c_ends_at_its_limit() -> None:
    deaf = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGALRM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    import hashlib; hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
    with start(deaf, limit=1.0) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert process.stdout.read() == "0 True\n"
        assert process.wait(SECONDS) == 15
    assert not is_alive(worker)


def test_work_that_ends_in_time_is_not_bounded_by_its_limit() -> None:
    with start("    return 12", limit=SECONDS) as process:
        assert process.wait(SECONDS) == 12


def test_work_that_restarts_its_deadline_may_take_longer_in_all() -> None:
    pieces = """
    for _ in range(3):
        while deadline.remaining() > 1.5: time.sleep(0.01)
        deadline.restart()
    return 12
"""
    start_seconds = time.monotonic()
    with start(pieces, limit=2.5) as process:
        assert process.wait(SECONDS) == 12
    assert time.monotonic() - start_seconds > 2.5


def test_work_that_is_killed_as_by_the_out_of_memory_killer_is_exit_code_137() -> None:
    with start("    os.kill(os.getpid(), signal.SIGKILL)") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "9 False\n"
    assert process.returncode == 137


def test_a_crash_in_native_code_is_told_by_its_signal() -> None:
    with start("    signal.signal(signal.SIGSEGV, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGSEGV)") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "11 False\n"
    assert process.returncode == 139


def test_what_the_work_has_started_dies_with_it() -> None:
    body = """
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    return 0
"""
    with start(body) as process:
        assert process.stdout is not None
        grandchild = int(process.stdout.readline())
        assert process.wait(SECONDS) == 0
    wait_until_gone(grandchild)


def test_when_the_supervisor_is_killed_the_work_dies_too() -> None:
    with start(LONG) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
        process.wait(SECONDS)
    wait_until_gone(worker)


def test_when_the_parent_of_the_supervisor_is_killed_both_die(deep_program: subprocess.Popen[str]) -> None:
    assert deep_program.stdout is not None
    worker = int(deep_program.stdout.readline())
    supervisor = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
    deep_program.kill()
    deep_program.wait(SECONDS)
    wait_until_gone(supervisor)
    wait_until_gone(worker)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a process-number namespace without help")
def test_as_process_1_of_a_container_sigterm_ends_it_at_once() -> None:
    program = PROGRAM.format(body=LONG.replace("os.getpid()", "os.getppid()"), limit=None)
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        assert outer.stdout.readline() == "1\n"
        init = int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()[0])
        os.kill(init, signal.SIGTERM)
        assert outer.wait(SECONDS) == 143
