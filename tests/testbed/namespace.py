"""Process 1 of an instance's namespaces, and the components that it starts on demand."""

import os
import signal
import stat
from dataclasses import replace
from pathlib import Path

from tests.testbed import processes
from tests.testbed.components import Component
from tests.testbed.errors import TestbedError
from tests.testbed.instance import Instance
from tests.testbed.paths import HERE
from tests.testbed.shell import SYSTEM_PATH, environment, log_tail, run
from tests.testbed.waiting import wait_until


def start(instance: Instance) -> Instance:
    """Start process 1 and return the instance with its number; its environment is bare on purpose."""
    state = instance.state
    for folder in ("log", "units"):
        (state / folder).mkdir(exist_ok=True)
    for left in (state / "control", state / "init.pid"):
        left.unlink(missing_ok=True)
    os.mkfifo(state / "control", 0o600)
    bare: list[str | Path] = ["env", "-i", f"PATH={SYSTEM_PATH}", f"HOME={state}", "bash", HERE / "init.sh", state]
    with (state / "log" / "init.log").open("w") as log:
        _detach(["unshare", "--fork", "--pid", "--mount", "--net", *bare], log.fileno())
    wait_until(
        lambda: None if (state / "init.pid").exists() else "It has not written its number.",
        timeout_seconds=30,
        what="Process 1 of the namespaces",
        every_seconds=0.02,
        explain=lambda: log_tail(state / "log" / "init.log"),
    )
    pid = int((state / "init.pid").read_text())
    started = replace(instance, init_pid=pid, init_start=processes.start_time(pid))
    started.save()
    return started


def _detach(argv: list[str | Path], output: int) -> None:
    """Start a program in a session of its own; it belongs to nobody here and outlives this process."""
    with Path(os.devnull).open() as nothing:
        files = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 0), *((os.POSIX_SPAWN_DUP2, output, n) for n in (1, 2))]
        words = ["setsid", "--fork", *map(str, argv)]
        child = os.posix_spawnp(words[0], words, environment(), file_actions=files)
        _, status = os.waitpid(child, 0)
    if status != 0:
        raise TestbedError(f"`setsid --fork` ended with status {status}; it starts process 1 of the namespaces.")


def alive(instance: Instance) -> bool:
    """Tell whether process 1 runs: everything else in the namespaces lives and dies with it."""
    return processes.is_alive(instance.init_pid, instance.init_start)


def stop(instance: Instance) -> None:
    """End process 1, which ends all of its namespace; wait until the last of them is gone."""
    pid, started = instance.init_pid, instance.init_start
    if pid is None:  # `up` was interrupted between its start and its being written down
        pid, started = _unrecorded(instance)
    if pid is None or started is None or not processes.is_alive(pid, started):
        return
    inode = str(Path(f"/proc/{pid}/ns/pid").readlink())
    processes.end(pid, started)

    def missing() -> str | None:
        left = processes.of_namespace(inode)
        return f"Still there: {left}." if left else None

    wait_until(missing, timeout_seconds=30, what="The end of the instance's processes")


def _unrecorded(instance: Instance) -> tuple[int | None, int | None]:
    """Return the number that process 1 has left itself, if it is indeed the one of this instance."""
    try:
        pid = int((instance.state / "init.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None, None
    return (pid, processes.start_time(pid)) if str(instance.state).encode() in words else (None, None)


def running_pid(instance: Instance, component: Component) -> int | None:
    """Return a component's number inside the namespace, or None unless it runs just as it is described now."""
    pid, words = _look(instance, component)
    return pid if words == list(component.argv) else None


def _look(instance: Instance, component: Component) -> tuple[int | None, list[str]]:
    """Return the number that process 1 has noted for a component, and the command line that runs there, if any."""
    try:
        pid = int((instance.state / "units" / f"{component.name}.pid").read_text())
    except (OSError, ValueError):
        return None, []
    root = instance.root
    try:
        words = (root / "proc" / str(pid) / "cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
    except OSError:
        return pid, []
    return pid, [] if processes.start_time(pid, root) is None else words


def _not_started(instance: Instance, component: Component) -> str | None:
    """Return None once a component runs, or has ended again: until then its script is on the way to become it."""
    pid, words = _look(instance, component)
    if pid is None:
        return "Process 1 has not said its number."
    return None if words in ([], list(component.argv)) else f"Process {pid} is still {words}."


def launch(instance: Instance, component: Component) -> None:
    """Have process 1 start a component, and return when it runs."""
    units = instance.state / "units"
    pid_file = units / f"{component.name}.pid"
    pid_file.unlink(missing_ok=True)
    (units / component.name).write_text(component.script(instance.bin_dir))
    control = instance.state / "control"
    if not stat.S_ISFIFO(control.stat().st_mode):
        raise TestbedError(f"{control} is not a pipe; run `python -m tests.testbed down`, then `up`.")
    pipe = os.open(control, os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(pipe, f"{component.name}\n".encode())
    finally:
        os.close(pipe)
    wait_until(
        lambda: _not_started(instance, component),
        timeout_seconds=30,
        what=f"The start of {component.name}",
        every_seconds=0.01,
    )


def kill(instance: Instance, component: Component, sig: signal.Signals = signal.SIGKILL) -> None:
    """End one component and wait for its end; do nothing if it does not run."""
    pid = running_pid(instance, component)
    if pid is None:
        return
    enter = ["nsenter", "--target", str(instance.init_pid), "--pid", "--mount"]
    run([*enter, "kill", f"-{int(sig)}", str(pid)])

    def missing() -> str | None:
        return None if running_pid(instance, component) is None else f"It still runs as process {pid}."

    wait_until(missing, timeout_seconds=30, what=f"The end of {component.name}")
