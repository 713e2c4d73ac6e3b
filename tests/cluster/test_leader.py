"""Two operators of one namespace with different settings, on a real API server: one acts, and never both."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gridfold.api import labels
from tests.cluster.kind import ensure_kind
from tests.cluster.recorded_api import Recorded, recorded
from tests.cluster.test_operator_process import KUBECONFIG, fetch, started
from tests.contract.fake_cluster import VALID_SPEC
from tests.testbed.kubectl import Kubectl
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

LEASE = "gridfold-operator"


@dataclass
class Running:
    """An operator's process, and what it asks the API server."""

    process: subprocess.Popen[str]
    address: str
    api: Recorded
    folder: Path

    def says(self) -> str:
        return fetch(f"{self.address}/readyz")[1]

    def log(self) -> str:
        return (self.folder / "log").read_text()


class Two:
    """Both operators, of which the first leads."""

    def __init__(self, kubectl: Kubectl, namespace: str, folder: Path, stack: ExitStack) -> None:
        self.kubectl, self.namespace = kubectl, namespace
        self._folder, self._stack = folder, stack
        self.first = self._start("first")
        self.wait(lambda: None if self.first.says() == "ok\n" else self.first.says(), "The first one leads")
        self.holder = self.lease_holder()
        self.second = self._start("second")
        words = f"ok\nnamespace {namespace} is served by {self.holder}; this operator stands by\n"
        self.wait(lambda: None if self.second.says() == words else self.second.says(), "The second one stands by")

    def _start(self, name: str) -> Running:
        api = self._stack.enter_context(recorded(self.kubectl))
        folder = self._folder / name
        folder.mkdir()
        (folder / "kubeconfig").write_text(KUBECONFIG.replace("http://127.0.0.1:1", api.url))
        settings = {"trainer": {"image": f"never-pulled-{name}:1"}, "leaderElection": {"leaseSeconds": 10}}
        running = started(folder, str(folder / "kubeconfig"), self.namespace, **settings)
        return Running(*self._stack.enter_context(running), api, folder)

    def wait(self, missing: Any, what: str) -> None:
        wait_until(missing, timeout_seconds=60, what=what, every_seconds=0.2, explain=self.explain)

    def explain(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*/log")))

    def lease_holder(self) -> str:
        found: str = self.kubectl.get("lease", LEASE, "--namespace", self.namespace)["spec"].get("holderIdentity", "")
        return found

    def create(self, name: str) -> None:
        job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": name}}
        self.kubectl.apply({**job, "spec": VALID_SPEC}, namespace=self.namespace)

    def images(self, name: str) -> set[str]:
        """Return the images of a TrainingJob's Jobs."""
        words = ("--namespace", self.namespace, f"--selector={labels.JOB}={name}")
        pods = [job["spec"]["template"]["spec"] for job in self.kubectl.get("jobs", *words)["items"]]
        return {pod["containers"][0]["image"] for pod in pods}

    def wait_for_image(self, name: str, image: str) -> None:
        self.wait(lambda: None if self.images(name) else "There is no Job.", f"{name} is begun")
        assert self.images(name) == {image}


@pytest.fixture
def two(kubectl: Kubectl, namespace: str, tmp_path: Path) -> Iterator[Two]:
    ensure_kind(kubectl)
    with ExitStack() as stack:
        yield Two(kubectl, namespace, tmp_path, stack)


def test_the_second_writes_nothing_until_the_first_is_stopped_which_writes_nothing_when_it_goes_on(two: Two) -> None:
    first, second = two.first, two.second
    two.create("led")
    two.wait_for_image("led", "never-pulled-first:1")
    two.wait(lambda: None if "Preparing" in state(two, "led") else state(two, "led"), "Its status is written")
    assert second.api.writes() == []

    first.api.hold(f"/apis/gridfold.dev/v1alpha1/namespaces/{two.namespace}/trainingjobs/stopped")
    two.create("stopped")
    assert first.api.held.wait(60), "the first one has not looked at the job"
    first.process.send_signal(signal.SIGSTOP)
    try:
        two.wait_for_image("stopped", "never-pulled-second:1")
        assert two.lease_holder() != two.holder
        assert second.says() == "ok\n"
        before = len(first.api.writes())
        first.api.release()  # what it decides upon is an answer from before the stop
    finally:
        first.process.send_signal(signal.SIGCONT)
    assert first.process.wait(timeout=30) == 1
    assert first.api.writes()[before:] == []
    assert f"the operator ends, to be started again: the Lease {two.namespace}/{LEASE}" in first.log()
    assert two.images("stopped") == {"never-pulled-second:1"}


def test_one_that_is_cut_off_from_the_api_server_ends_and_the_other_goes_on(two: Two) -> None:
    two.create("begun")
    two.wait_for_image("begun", "never-pulled-first:1")
    two.first.api.cut_off = True
    assert two.first.process.wait(timeout=60) == 1
    log = two.first.log()
    assert "is not renewed yet: PUT /apis/coordination.k8s.io" in log
    assert "was not renewed for 7 s and more (its last renewal failed: " in log
    two.create("next")
    two.wait_for_image("next", "never-pulled-second:1")
    assert two.second.says() == "ok\n"


def test_one_that_is_asked_to_end_hands_over_before_its_lease_is_over(two: Two) -> None:
    two.first.process.send_signal(signal.SIGTERM)
    assert two.first.process.wait(timeout=20) == 0
    assert "is handed over" in two.first.log()
    record = two.kubectl.get("lease", LEASE, "--namespace", two.namespace)["spec"]
    assert record.get("holderIdentity") != two.holder
    two.create("next")
    two.wait_for_image("next", "never-pulled-second:1")


def state(two: Two, name: str) -> str:
    status = two.kubectl.get("trainingjob", name, "--namespace", two.namespace).get("status") or {}
    return str(status.get("state"))
