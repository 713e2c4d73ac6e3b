"""One turn for one key: what is told to whom when it fails."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Action, Event
from gridfold.engine.no_capacity import NoCapacity
from gridfold.engine.ports import ConflictError, JobKey, RefusedError
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes.cluster import parse_status
from gridfold_operator.errors import ApiRefusedError, ApiUnavailableError, ClusterError, ForeignChildError
from gridfold_operator.reconciler import (
    LONGEST_PROGRESS_SECONDS,
    PROGRESS_LOOKS_PER_SECOND,
    PROGRESS_SECONDS,
    Reconciler,
)
from gridfold_operator.workqueue import WorkQueue
from tests.contract.fake_cluster import FakeCluster, FakeWorld


@dataclass
class Notebook:
    """An EventRecorder that keeps what it is told."""

    events: list[Event] = field(default_factory=list)

    async def record(self, job: ObservedJob, event: Event) -> None:
        self.events.append(event)


class RefusingCluster(FakeCluster):
    """A cluster that refuses every action in one way."""

    error: Exception

    async def apply(self, job: ObservedJob, action: Action) -> None:
        raise self.error


async def turn(error: Exception | None) -> tuple[Notebook, FakeCluster, Exception | None]:
    """Let a new job have one turn on a cluster that refuses in that way."""
    world, notebook = FakeWorld(), Notebook()
    if error is not None:
        world.cluster = RefusingCluster()
        world.cluster.error = error
    key = await world.create("job")
    reconciler = Reconciler(WorkQueue(), world.cluster, NoCapacity(), SystemClock(), notebook)
    try:
        await reconciler(key)
    except (ClusterError, ConflictError) as caught:
        return notebook, world.cluster, caught
    return notebook, world.cluster, None


async def test_a_good_turn_starts_prepare_and_tells_that_the_job_was_accepted() -> None:
    notebook, cluster, error = await turn(None)
    assert error is None
    assert len(cluster.children) == 1
    assert "Preparing" in [event.reason for event in notebook.events]


@pytest.mark.parametrize(
    "error",
    [
        ApiRefusedError("POST …/jobs: 403: exceeded quota: no-jobs", 403, "exceeded quota: no-jobs"),
        ApiRefusedError("POST …/jobs: 422: name is too long", 422, "name is too long"),
        ForeignChildError("Job team/job-prepare belongs to nobody, expected TrainingJob job"),
    ],
)
async def test_what_only_a_person_can_change_is_told_on_the_resource_and_tried_again(error: RefusedError) -> None:
    notebook, cluster, caught = await turn(error)
    assert caught is error
    reason, words = error.told
    assert [(event.reason, event.message) for event in notebook.events if event.type == "Warning"] == [(reason, words)]
    (job,) = cluster.documents.values()
    running = next(c for c in job["status"]["conditions"] if c["type"] == "Running")
    assert (running["status"], running["reason"], running["message"]) == ("False", reason, words)


@pytest.mark.parametrize("error", [ApiUnavailableError("GET /x: 503: no"), ConflictError("changed")])
async def test_what_passes_by_itself_is_nobodys_business(error: Exception) -> None:
    notebook, _, caught = await turn(error)
    assert caught is error
    assert notebook.events == []


async def test_a_job_that_is_gone_is_no_error() -> None:
    notebook = Notebook()
    await Reconciler(WorkQueue(), FakeCluster(), NoCapacity(), SystemClock(), notebook)(JobKey("team", "gone"))
    assert notebook.events == []


async def test_a_job_that_takes_long_to_look_at_is_looked_at_less_often_and_forgotten_when_gone() -> None:
    key = JobKey("team", "big")
    reconciler = Reconciler(WorkQueue(), FakeCluster(), NoCapacity(), SystemClock(), Notebook(), {key: 2.0})
    assert reconciler.progress_seconds(JobKey("team", "small")) == PROGRESS_SECONDS
    assert reconciler.progress_seconds(key) == 40.0
    reconciler.keep(set(), "another")
    assert reconciler.progress_seconds(key) == 40.0
    reconciler.keep(set(), "team")
    assert reconciler.progress_seconds(key) == PROGRESS_SECONDS


async def test_of_many_jobs_each_is_looked_at_less_often_for_the_sake_of_numbers() -> None:
    world, queue = FakeWorld(), WorkQueue[JobKey]()
    reconciler = Reconciler(queue, world.cluster, NoCapacity(), SystemClock(), Notebook())
    keys = [await world.create(f"job-{number}") for number in range(100)]
    for key in keys:
        await reconciler(key)
    assert reconciler.progress_seconds(keys[0]) == 100 / PROGRESS_LOOKS_PER_SECOND
    assert reconciler.failure_seconds(keys[0]) == PROGRESS_SECONDS
    reconciler.look_again(keys[0], 5.0)
    timer = queue._entries[keys[0]].timer
    assert timer is not None
    assert timer.when() - asyncio.get_running_loop().time() > 15
    reconciler.keep({keys[0]})
    assert reconciler.progress_seconds(keys[0]) == PROGRESS_SECONDS
    for number in range(1000):
        reconciler.going_on.add(JobKey("other", f"job-{number}"))
    assert reconciler.progress_seconds(keys[0]) == LONGEST_PROGRESS_SECONDS


def test_the_clock_tells_utc() -> None:
    before = datetime.now(UTC)  # noqa: TID251 (the clock itself is the subject)
    assert before <= SystemClock().now() <= datetime.now(UTC)  # noqa: TID251


def test_of_a_strange_status_the_strange_fields_are_left_out_and_the_rest_is_kept() -> None:
    document = {
        "runDigest": "abc",
        "state": "Dancing",
        "cells": {"total": "many"},
        "leaderboard": [{"cell": 1, "score": "0.5"}, {"cell": -1, "score": 7}, {"cell": 2, "score": "0.4"}],
        "progress": "1/3",
        "inventedLater": {"x": 1},
    }
    status = parse_status(document)
    assert (status.run_digest, status.progress) == ("abc", "1/3")
    assert (status.state, status.cells) == (None, None)
    assert [ranked.cell for ranked in status.leaderboard] == [1, 2]


async def test_a_fault_of_our_own_is_told_on_the_resource_before_it_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_observed: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("gridfold.engine.reconcile.decide", broken)
    world, notebook = FakeWorld(), Notebook()
    key = await world.create("job")
    reconciler = Reconciler(WorkQueue(), world.cluster, NoCapacity(), SystemClock(), notebook)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            await reconciler(key)
    assert [(event.type, event.reason) for event in notebook.events] == [("Warning", "InternalError")]
    (job,) = world.cluster.documents.values()
    assert [c["type"] for c in job["status"]["conditions"] if c["status"] == "True"] == ["Stalled"]
