"""TrainingJobs as earlier operators have left them, with their children: this one goes on from what it finds.

`recorded/` has a folder for each release, with a file for each moment of a job, by `tests.record_job`; none is ever
changed. Those that are there are of days before the first release. Of the first, failed and suspended jobs are left
out: what counts as another attempt was told in another way then.
"""

import json
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.api.handoff import decode_cells
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import parse_training_job
from gridfold.domain.grid import cell_count
from gridfold.domain.groups import parse_groups
from gridfold.domain.keys import attempt_digest, run_digest
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Observed
from gridfold.domain.plan import Drain, Plan, SetTtl
from gridfold.engine import reconcile
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.cluster import parse_status
from tests.unit.operator.played_jobs import NAMESPACE, Played

FOLDER = Path(__file__).parent / "recorded"
FILES = sorted(FOLDER.glob("*/*.json"))
PLURALS = {"Job": (paths.BATCH, "jobs"), "Pod": (paths.CORE, "pods"), "ConfigMap": (paths.CORE, "configmaps")}
Document = dict[str, Any]


def moments(*names: str) -> pytest.MarkDecorator:
    """Return a mark by which a test is about these moments, of each format."""
    found = [pytest.param(file, id=f"{file.parent.name}-{file.stem}") for file in FILES if file.stem in names]
    return pytest.mark.parametrize("file", found)


@dataclass(frozen=True)
class Recorded:
    """A TrainingJob at a moment."""

    job: Document
    children: list[Document]

    @classmethod
    def of(cls, file: Path) -> "Recorded":
        return cls(**json.loads(file.read_text("utf-8")))

    @property
    def name(self) -> str:
        name: str = self.job["metadata"]["name"]
        return name

    @property
    def spec(self) -> TrainingJobSpec:
        return parse_training_job({**self.job, "status": None}).spec

    def finished(self) -> frozenset[int]:
        """Return the cells that need no more work."""
        total = cell_count(self.spec.search)
        prepared = self.job["status"]["prepared"]
        known = (
            decode_cells(prepared[kind], total) for kind in ("cached", "infeasible", "succeeded") if prepared[kind]
        )
        return frozenset().union(*known)


class Continued(Played):
    """An operator that is new on a cluster where there is such a job, an hour after the job was made."""

    def __init__(self, recorded: Recorded, *, alone: bool) -> None:
        super().__init__()
        self.recorded = recorded
        self.api.documents[paths.training_job(NAMESPACE, recorded.name)] = deepcopy(recorded.job)
        for child in () if alone else recorded.children:
            collection = paths.collection(*PLURALS[child["kind"]], NAMESPACE)
            self.api.documents[f"{collection}/{child['metadata']['name']}"] = deepcopy(child)

    def now(self) -> datetime:
        made = datetime.fromisoformat(self.recorded.job["metadata"]["creationTimestamp"])
        return made + timedelta(hours=1) + (super().now() - datetime(2026, 1, 1, tzinfo=UTC))

    def status(self) -> Document:
        status: Document = self.job(self.recorded.name)["status"]
        return status

    def resume(self) -> None:
        job = self.job(self.recorded.name)
        self.api.change(
            paths.training_job(NAMESPACE, self.recorded.name), {**job, "spec": {**job["spec"], "suspend": False}}
        )


def understood(recorded: Any, parsed: Any) -> Iterator[str]:
    """Yield where what was recorded is other than what was read of it."""
    if isinstance(recorded, dict) and isinstance(parsed, dict):
        for key, value in recorded.items():
            yield from (f".{key}{rest}" for rest in understood(value, parsed.get(key)))
    elif recorded != parsed:
        yield f" is {parsed!r}, recorded was {recorded!r}"


@moments("preparing", "running", "suspended", "failed", "complete")
def test_every_field_is_understood(file: Path) -> None:
    recorded = Recorded.of(file)
    assert [*understood(recorded.job["status"], parse_status(recorded.job["status"]).document())] == []


@moments("preparing", "running", "suspended", "failed", "complete")
def test_it_is_the_same_run(file: Path) -> None:
    recorded = Recorded.of(file)
    assert recorded.job["status"]["runDigest"] == run_digest(recorded.job["metadata"]["uid"], recorded.spec)


@moments("failed")
def test_a_failed_run_is_still_the_same_attempt(file: Path) -> None:
    recorded = Recorded.of(file)
    assert recorded.job["status"]["attempt"]["digest"] == attempt_digest(recorded.spec)


@pytest.mark.parametrize("alone", [True, False])
@moments("failed", "complete")
def test_a_job_that_has_ended_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, file: Path, alone: bool) -> None:
    assert written_at_rest(monkeypatch, Continued(Recorded.of(file), alone=alone)) == {}


@pytest.mark.parametrize("alone", [True, False])
@moments("suspended")
def test_a_suspended_job_rests_and_at_most_what_is_new_is_told_of_it(
    monkeypatch: pytest.MonkeyPatch, file: Path, alone: bool
) -> None:
    recorded = Recorded.of(file)
    played = Continued(recorded, alone=alone)
    assert written_at_rest(monkeypatch, played) in ({}, {"PATCH status": 1})
    assert [*understood(recorded.job["status"], played.status())] == []


def written_at_rest(monkeypatch: pytest.MonkeyPatch, played: Played) -> dict[str, int]:
    """Return what is written while nothing happens, but for when a Job that has ended may be removed."""
    played.run(monkeypatch, lambda: played.rest(200))
    return {what: times for what, times in played.api.writes.items() if what != "PATCH jobs"}


@moments("running", "suspended")
def test_a_job_whose_pods_are_gone_computes_what_is_left_and_completes(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    recorded = Recorded.of(file)
    played, finished = Continued(recorded, alone=True), recorded.finished()
    assert finished, "else it is no job in the middle of its cells"
    waves: list[Document] = []

    def note(kind: str, change: str, document: Document) -> None:
        if (kind, change) == ("jobs", "ADDED"):
            waves.append(document)

    async def story() -> None:
        played.api.listeners.append(note)
        played.resume()
        await played.until(lambda: played.status()["state"] == "Complete")

    played.run(monkeypatch, story)
    assert [job["metadata"]["labels"][labels.STAGE] for job in waves] == ["cell", "refit"]
    groups = parse_groups(waves[0]["metadata"]["annotations"][labels.CELLS])
    total = recorded.job["status"]["cells"]["total"]
    assert {cell for group in groups for cell in group} == {*range(total)} - finished
    assert {image_of(job) for job in waves} == {recorded.job["status"]["prepared"]["image"]}


@moments("running")
def test_pods_that_run_go_on_and_their_cells_count_however_late_they_are_seen(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    recorded = Recorded.of(file)
    played, plans = Continued(recorded, alone=False), []
    at_once = played.api.pages

    def note(observed: Observed) -> Plan:
        plans.append(decide(observed))
        return plans[-1]

    async def late(path: str, **query: str) -> AsyncIterator[Document]:
        await played.rest(5)
        async for page in at_once(path, **query):
            yield page

    monkeypatch.setattr(reconcile, "decide", note)
    monkeypatch.setattr(played.api, "pages", late)
    played.run(monkeypatch, lambda: played.until(lambda: bool(plans)))
    assert {type(action) for action in plans[0].actions} <= {Drain, SetTtl}
    running = [child for child in recorded.children if (child.get("status") or {}).get("phase") == "Running"]
    cells = plans[0].status.cells
    assert cells is not None
    assert cells.running == len(running) > 0
    assert cells.succeeded == recorded.job["status"]["cells"]["succeeded"] > 0


def image_of(job: Document) -> str:
    image: str = job["spec"]["template"]["spec"]["containers"][0]["image"]
    return image
