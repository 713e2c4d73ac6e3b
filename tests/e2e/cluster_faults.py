"""What goes wrong on the real cluster, at a step of a job's life, and how it is told that the step has come."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.cluster_jobs import ClusterJobs
from tests.testbed import cgroups, processes
from tests.testbed.waiting import wait_until

STEPS = ("prepare starts", "prepare runs", "search runs", "search half done", "refit starts", "refit runs")
#: How long what lasts lasts, in seconds: longer than any client's first back-off.
LASTING_SECONDS = 5.0
NO_PODS = "no-pods"


@dataclass(frozen=True)
class Victim:
    """A job at some step."""

    jobs: ClusterJobs
    name: str
    step: str

    @property
    def stage(self) -> str:
        return {"search": "cell"}.get(word := self.step.split()[0], word)

    def pods(self) -> list[dict[str, Any]]:
        """Return the pods of its present stage that have not ended."""
        found = self.jobs.children("pods", self.name, self.stage)
        return [pod for pod in found if pod["status"].get("phase") in {"Pending", "Running"}]

    def wait(self) -> None:
        """Wait until the step has come, or is over already: a short one may never be seen."""
        wait_until(
            self._missing,
            timeout_seconds=240,
            what=f"{self.name}: {self.step}",
            every_seconds=0.2,
            explain=lambda: self.jobs.explain(self.name),
        )

    def _missing(self) -> str | None:
        status = self.jobs.status(self.name)
        if status.get("state") in {"Complete", "Failed"}:
            return None
        if self.step == "search half done":
            return None if (status.get("cells") or {}).get("succeeded") else "No cell is finished."
        if not self.jobs.children("jobs", self.name, self.stage):
            return f"There is no Job of {self.stage}."
        running = [pod for pod in self.pods() if pod["status"]["phase"] == "Running"]
        return None if self.step.endswith("starts") or running else "No pod runs."


def _container_processes(pod: dict[str, Any]) -> list[int]:
    """Return the processes of a pod's containers: each has the container's id in the names of its cgroups."""
    statuses = pod["status"].get("containerStatuses") or []
    containers = [found["containerID"].rpartition("/")[2] for found in statuses if found.get("containerID")]
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            text = (folder / "cgroup").read_text()
            if any(container in text for container in containers):
                pids.append(int(folder.name))
    return pids


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _component(jobs: ClusterJobs, name: str, word: str = "") -> list[int]:
    """Return the processes of one of the testbed's own programs."""
    instance = jobs.testbed.require_own().instance()
    inode = str(Path("/proc", str(instance.init_pid), "ns", "pid").readlink())
    found = []
    for pid in processes.of_namespace(inode):
        with contextlib.suppress(OSError):
            words = Path("/proc", str(pid), "cmdline").read_bytes().decode().split("\0")
            if Path(words[0]).name == name and word in " ".join(words):
                found.append(pid)
    assert found, f"the testbed runs no {name}"
    return found


def stopped_pods(pods: list[dict[str, Any]]) -> contextlib.AbstractContextManager[None]:
    """Keep the containers of pods where they are for the time of the block."""
    return _stopped([pid for pod in pods for pid in _container_processes(pod)])


@contextlib.contextmanager
def _stopped(pids: list[int]) -> Iterator[None]:
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _pause(program: str, word: str = "") -> Callable[[Victim], None]:
    def fault(victim: Victim) -> None:
        with _stopped(_component(victim.jobs, program, word)):
            time.sleep(LASTING_SECONDS)

    return fault


@contextlib.contextmanager
def held_cell(jobs: ClusterJobs, name: str, seconds: float = 120) -> Iterator[None]:
    """Keep the cell that runs where it is for the time of the block: with a parallelism of 1 no other one begins."""
    found: list[int] = []

    def missing() -> str | None:
        pods = [pod for pod in jobs.children("pods", name, "cell") if pod["status"]["phase"] == "Running"]
        found[:] = [pid for pod in pods for pid in _container_processes(pod)]
        return None if found else "No cell runs."

    wait_until(missing, timeout_seconds=seconds, what=f"{name} runs a cell", explain=lambda: jobs.explain(name))
    with _stopped(found):
        yield


@contextlib.contextmanager
def cut_off_pod(pod: dict[str, Any]) -> Iterator[None]:
    """Lose every packet from and to a pod for the time of the block, whatever becomes of its container meanwhile."""
    network = os.open(f"/proc/{_container_processes(pod)[0]}/ns/net", os.O_RDONLY)

    def change(option: str) -> None:
        for chain in ("INPUT", "OUTPUT"):
            words = ["nsenter", f"--net=/proc/self/fd/{network}", "iptables", "--wait", option, chain, "--jump", "DROP"]
            subprocess.run(words, check=True, timeout=60, capture_output=True, pass_fds=[network])

    try:
        change("--insert")
        yield
        change("--delete")
    finally:
        os.close(network)


def kill_pod(jobs: ClusterJobs, pod: dict[str, Any]) -> None:
    """Kill a pod's processes, and have the pod gone at once."""
    _signal(_container_processes(pod), signal.SIGKILL)
    _force_delete(jobs, [pod])


def _kill_operator(victim: Victim) -> None:
    """Kill the operator; its pod is deleted too, since the kubelet's back-off grows with every kill of a session."""
    kill_pod(victim.jobs, victim.jobs.operator.pod())
    victim.jobs.operator.wait_until_ready()


def _stop_operator(victim: Victim) -> None:
    with _stopped(_container_processes(victim.jobs.operator.pod())):
        time.sleep(LASTING_SECONDS)
    victim.jobs.operator.wait_until_ready()


def _force_delete(jobs: ClusterJobs, pods: list[dict[str, Any]]) -> None:
    for pod in pods[:1]:
        metadata = pod["metadata"]
        words = ["--namespace", metadata["namespace"], "--grace-period=0", "--force", "--ignore-not-found"]
        jobs.kubectl("delete", "pod", metadata["name"], *words)


def _kill_container(victim: Victim) -> None:
    for pod in victim.pods()[:1]:
        _signal(_container_processes(pod), signal.SIGKILL)


def _delete_pod(victim: Victim) -> None:
    for pod in victim.pods()[:1]:
        words = ["--namespace", victim.jobs.namespace, "--wait=false", "--ignore-not-found"]
        victim.jobs.kubectl("delete", "pod", pod["metadata"]["name"], *words)


def _delete_job(victim: Victim) -> None:
    for job in victim.jobs.children("jobs", victim.name, victim.stage)[:1]:
        words = ["--namespace", victim.jobs.namespace, "--ignore-not-found"]
        victim.jobs.kubectl("delete", "job", job["metadata"]["name"], *words)


def _delete_inputs(victim: Victim) -> None:
    for found in victim.jobs.children("configmaps", victim.name):
        words = ["--namespace", victim.jobs.namespace, "--ignore-not-found"]
        victim.jobs.kubectl("delete", "configmap", found["metadata"]["name"], *words)


def _quota(victim: Victim) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": NO_PODS}, "spec": {"hard": {"pods": 0}}}
    victim.jobs.kubectl.apply(quota, namespace=victim.jobs.namespace)
    try:
        _delete_pod(victim)
        time.sleep(LASTING_SECONDS)
    finally:
        victim.jobs.kubectl("delete", "resourcequota", NO_PODS, "--namespace", victim.jobs.namespace)


def _suspend(victim: Victim) -> None:
    for value in (True, False):
        patch = json.dumps({"spec": {"suspend": value}})
        words = ["--namespace", victim.jobs.namespace, "--type=merge", "--patch", patch]
        victim.jobs.kubectl("patch", "trainingjob", victim.name, *words)
        time.sleep(1.0 if value else 0.0)


def _out_of_memory(victim: Victim) -> None:
    """Fill a container's memory, as a process of its own that the kernel must spare, until another one is killed."""
    pids = [pid for pod in victim.pods()[:1] for pid in _container_processes(pod)]
    folders = {folder for pid in pids for folder in cgroups.memory_folders(pid)}
    if pids and folders:
        words = [sys.executable, "-c", _FILL_MEMORY, *map(str, pids), folders.pop()]
        subprocess.run(words, check=False, timeout=60, capture_output=True)


#: Processes, of which one is to be killed, and the folder of their cgroup.
_FILL_MEMORY = """
import os, sys
*pids, folder = sys.argv[1:]
open("/proc/self/oom_score_adj", "w").write("-1000")
open(f"{folder}/cgroup.procs", "w").write(str(os.getpid()))
held = []
while len(held) < 1000 and all(os.path.exists(f"/proc/{pid}/exe") for pid in pids):
    held.append(b"x" * (4 << 20))
"""

FAULTS: dict[str, Callable[[Victim], None]] = {
    "operator SIGKILL": _kill_operator,
    "operator SIGSTOP": _stop_operator,
    "pod deleted": _delete_pod,
    "pod deleted by force": lambda victim: _force_delete(victim.jobs, victim.pods()),
    "pod SIGKILL": _kill_container,
    "out of memory": _out_of_memory,
    "Job deleted": _delete_job,
    "ConfigMaps deleted": _delete_inputs,
    "API server SIGSTOP": _pause("kube-apiserver"),
    "controllers SIGSTOP": _pause("kube-controller-manager"),
    "S3 server SIGSTOP": _pause("versitygw", ":7070"),
    "quota of no pods": _quota,
    "suspended, resumed": _suspend,
}
