"""Events about TrainingJobs: within the API's limits, and never an error."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from gridfold.api.status import TrainingJobStatus
from gridfold.domain.observed import ObservedJob
from gridfold.domain.plan import Event
from gridfold_operator.adapters.kubernetes.events import KubernetesEventRecorder
from tests.unit.operator.api_server import ApiServer, refuse, say, serving
from tests.unit.operator.jobs import OWNER, UID


@dataclass(frozen=True)
class StoppedClock:
    time: datetime

    def now(self) -> datetime:
        return self.time


NOON = StoppedClock(datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC))


async def record(server: ApiServer, event: Event, name: str = "pima", clock: StoppedClock = NOON) -> Any:
    job = ObservedJob(OWNER.model_copy(update={"name": name}), None, TrainingJobStatus())
    async with serving(server, tries=1) as client:
        await KubernetesEventRecorder(client, clock, "operator-0").record(job, event)
    return server.bodies[0]


async def test_an_event_is_about_the_resource_and_says_when_what_and_by_whom() -> None:
    body = await record(ApiServer().then(say({})), Event("Warning", "Unschedulable", "no node"))
    assert (body["type"], body["reason"], body["message"]) == ("Warning", "Unschedulable", "no node")
    assert body["firstTimestamp"] == body["lastTimestamp"] == "2026-01-01T12:00:00Z"
    assert body["involvedObject"]["uid"] == UID
    assert body["involvedObject"]["kind"] == "TrainingJob"
    assert (body["reportingComponent"], body["reportingInstance"]) == ("gridfold.dev/operator", "operator-0")


async def test_events_of_one_second_are_in_the_order_of_their_names() -> None:
    moments = [datetime(2026, 1, 1, 12, 0, 0, microsecond, tzinfo=UTC) for microsecond in (5, 70, 800, 999_999)]
    names = [
        (await record(ApiServer().then(say({})), Event("Normal", "R", "m"), clock=StoppedClock(at)))["metadata"]["name"]
        for at in moments
    ]
    assert names == sorted(names)


@pytest.mark.parametrize("character", ["x", "ü", "€", "🙂"])
async def test_a_long_note_is_cut_between_characters_to_what_the_api_takes(character: str) -> None:
    body = await record(ApiServer().then(say({})), Event("Normal", "Prepared", character * 2000))
    assert 1018 <= len(body["message"].encode()) <= 1024
    assert set(body["message"]) == {character, "…"}


async def test_names_differ_and_fit_however_long_the_jobs_name_is() -> None:
    names = {
        (await record(ApiServer().then(say({})), Event("Normal", "R", "m"), "n" * 253))["metadata"]["name"]
        for _ in range(3)
    }
    assert len(names) == 3
    assert all(len(name) <= 253 for name in names)


async def test_an_event_that_cannot_be_recorded_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await record(ApiServer().then(refuse(403, "events is forbidden")), Event("Normal", "Prepared", "m"))
    assert "the Event Prepared of team-a/pima is lost: " in caplog.text
    assert "events is forbidden" in caplog.text


async def test_every_event_is_a_line_in_the_log_and_a_warning_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        await record(ApiServer().then(say({})), Event("Normal", "Prepared", "100 rows"))
        await record(ApiServer().then(say({})), Event("Warning", "OutOfMemory", "Refit ran out of memory"))
    told = [(found.levelname, found.getMessage()) for found in caplog.records]
    assert told == [
        ("INFO", "team-a/pima: Prepared: 100 rows"),
        ("WARNING", "team-a/pima: OutOfMemory: Refit ran out of memory"),
    ]
