"""Faults at every step of whole jobs on the real cluster: each job meets three, and ends with all of its results.

`make chaos N=14` plays more such stories, drawn from their seeds, and prints a table.
"""

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from gridfold.api.handoff import CellReport, decode_report
from tests.e2e.cluster_faults import FAULTS, STEPS, Victim
from tests.e2e.cluster_jobs import ClusterJobs, Status, condition, two_column_table
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

CELLS = {"grid": [{"C": [0.1, 1.0, 10.0]}]}
#: Enough memory for what the kernel has killed for a lack of it: that is once a story, at most.
EXECUTION = {"parallelism": 2, "outOfMemory": {"factor": 2, "maxMemory": "1400Mi"}}
#: Of so many jobs of a chaos one is looked at for a minute when it is at rest, all others for two seconds.
LONG_LOOK = 10
Story = tuple[tuple[str, str], ...]
#: Fault and step; together with the tests of single faults every row of the matrix is met.
STORIES: tuple[Story, ...] = (
    (("operator SIGKILL", "prepare runs"), ("out of memory", "search runs"), ("Job deleted", "refit starts")),
    (("Job deleted", "prepare starts"), ("API server SIGSTOP", "search half done"), ("pod deleted", "refit runs")),
    (("pod SIGKILL", "prepare runs"), ("Job deleted", "search half done"), ("operator SIGKILL", "refit runs")),
    (
        ("operator SIGSTOP", "prepare starts"),
        ("pod deleted by force", "search runs"),
        ("quota of no pods", "refit runs"),
    ),
)
CHAOS = int(os.environ.get("GRIDFOLD_CHAOS", "0"))


def drawn(seed: int) -> Story:
    """Return the story of a seed: one step of each stage, and no more that counts as a failure than retries allow."""
    draw = random.Random(seed)
    by_stage = [STEPS[:2], STEPS[2:4], STEPS[4:]]
    names = sorted(FAULTS)
    # Seeds walk through all faults at every stage, in another order for each.
    return tuple((names[(seed + offset * 5) % len(names)], draw.choice(steps)) for offset, steps in enumerate(by_stage))


@dataclass
class Table:
    """Fault × step → outcome and seconds of the job that met it."""

    lines: list[str] = field(default_factory=list)
    stories: int = 0

    def add(self, story: Story, outcome: str, seconds: float) -> None:
        self.stories += 1
        self.lines += [f"{fault:22} {step:18} {outcome:12} {seconds:6.1f} s" for fault, step in story]


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """What is printed at the end."""
    made = Table()
    yield made
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    captured = request.config.pluginmanager.get_plugin("capturemanager")
    if CHAOS and reporter is not None and captured is not None:
        with captured.global_and_fixture_disabled():
            reporter.write_line("\n" + "\n".join([f"{'fault':22} {'step':18} {'outcome':12} of the job", *made.lines]))


@pytest.mark.parametrize(
    "story",
    [*map(drawn, range(CHAOS))] or [*STORIES[:-1], pytest.param(STORIES[-1], marks=pytest.mark.long)],
    ids=lambda story: "+".join(f for f, _ in story),
)
def test_a_job_that_meets_three_faults_ends_with_every_result(jobs: ClusterJobs, table: Table, story: Story) -> None:
    jobs.testbed.require_own()
    manifest = jobs.manifest("chaos", jobs.upload(two_column_table()), search=CELLS, execution=EXECUTION)
    begun, outcome = time.monotonic(), "broken"
    name = jobs.apply(manifest)
    try:
        with progress_of(jobs, name) as seen:
            for fault, step in story:
                victim = Victim(jobs, name, step)
                victim.wait()
                FAULTS[fault](victim)
            status = jobs.wait_until_it_ends(name)
        assert_all_is_there(jobs, name, status)
        assert_progress_never_fell(seen)
        assert_it_rests(jobs, name, 60 if CHAOS and table.stories % LONG_LOOK == 0 else 2)
        jobs.delete(name)
        assert_nothing_is_left(jobs, name)
        outcome = "as it should"
    finally:
        table.add(story, outcome, time.monotonic() - begun)


@contextmanager
def progress_of(jobs: ClusterJobs, name: str) -> Iterator[list[str]]:
    """Watch what the status says of the run's progress, as somebody does who has `kubectl get --watch` open."""
    words = ["get", "trainingjob", name, "--namespace", jobs.namespace, "--watch"]
    path = '{.status.cells.succeeded}/{.status.cells.cached}{"\\n"}'
    command = [jobs.kubectl.program, f"--kubeconfig={jobs.kubectl.kubeconfig}", *words, f"--output=jsonpath={path}"]
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    seen: list[str] = []
    try:
        yield seen
    finally:
        watch.kill()
        out, _ = watch.communicate()
        seen += out.splitlines()


def assert_progress_never_fell(seen: list[str]) -> None:
    finished = [sum(int(number or 0) for number in line.split("/")) for line in seen]
    assert finished == sorted(finished), f"progress fell: {seen}"
    assert seen, "nothing was seen"


def assert_all_is_there(jobs: ClusterJobs, name: str, status: Status) -> None:
    """Every cell has its result, once, and status, table and store agree."""
    assert condition(status, "Complete")["reason"] == "Completed", status["conditions"]
    assert condition(status, "Failed")["status"] != "True"
    cells = status["cells"]
    assert (cells["succeeded"] + cells["cached"], cells["failed"]) == (3, 0), cells
    assert [row["outcome"] for row in jobs.results(status)] == ["succeeded"] * 3
    assert len(jobs.bucket.list_keys(f"{name}/cache/cells/")) == 3
    computed: Counter[int] = Counter()
    for pod in jobs.children("pods", name, "cell"):
        ended = [found["state"].get("terminated") for found in pod["status"].get("containerStatuses") or []]
        report = decode_report(ended[0].get("message", "")) if ended and ended[0] else None
        if isinstance(report, CellReport) and not report.reused:
            computed[report.cell] += 1
    assert all(count == 1 for count in computed.values()), f"computed again: {computed}"
    active = [job["metadata"]["name"] for job in jobs.children("jobs", name) if job["status"].get("active")]
    assert active == [], "Jobs still run"
    assert [event["reason"] for event in jobs.events(name)].count("Completed") <= 1


def assert_it_rests(jobs: ClusterJobs, name: str, seconds: float) -> None:
    """Nothing is written any more: two looks so many seconds apart see the same version."""

    def version() -> str:
        found = jobs.kubectl.get("trainingjob", name, "--namespace", jobs.namespace)
        text: str = found["metadata"]["resourceVersion"]
        return text

    before = version()
    time.sleep(seconds)
    assert version() == before, "it is written at rest"


def assert_nothing_is_left(jobs: ClusterJobs, name: str) -> None:
    kinds = ("jobs", "pods", "configmaps")
    wait_until(
        lambda: f"{left} are left." if (left := [kind for kind in kinds if jobs.children(kind, name)]) else None,
        timeout_seconds=60,
        what=f"All that belongs to {name} goes",
    )
