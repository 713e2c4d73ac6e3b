"""Two whole operators of the same namespaces, on virtual time: one acts, the other goes on from where that one ends."""

import asyncio
from contextlib import suppress

import pytest
from kubernetes.aio.client import Configuration

from gridfold_operator.operator_process import Operator
from gridfold_operator.settings import OperatorSettings, TrainerSettings
from gridfold_operator.together import run_together
from tests.unit.operator.played_jobs import Pace, Played


def turns(operator: Operator) -> float:
    """Return how many times an operator has looked at a job."""
    counts = operator._metrics.registry.get_sample_value
    return counts("gridfold_reconcile_duration_seconds_count", {"result": "done"}) or 0.0


def leads(operator: Operator) -> float | None:
    return operator._metrics.registry.get_sample_value("gridfold_leader", {"served": "all namespaces"})


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_one_acts_with_its_settings_and_when_it_ends_in_the_middle_of_a_job_the_other_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(Pace(cell=5))

    async def story() -> None:
        first = Operator(OperatorSettings(trainer=TrainerSettings(image="first:1")), Configuration())
        task = asyncio.create_task(run_together(first._parts()))
        await played.until(lambda: leads(first) == 1.0)
        second = played.operator  # began later, with an image of its own
        played.create("job", 12, parallelism=2)
        await played.until(lambda: bool(played.job("job").get("status", {}).get("cells", {}).get("succeeded")))
        assert (turns(second), leads(second), second._not_ready()) == (0.0, 0.0, "")
        assert "the cluster is served by" in second._remarks()
        before = turns(first)
        assert before > 0
        await end(task)
        await played.until(lambda: played.job("job")["status"].get("state") == "Complete")
        assert leads(second) == 1.0
        assert second._remarks() == ""
        assert (turns(first), turns(second) > 0) == (before, True)

    played.run(monkeypatch, story, leads_at_once=False)
    assert played.api.writes["POST jobs"] == 3
