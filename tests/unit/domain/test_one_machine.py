"""Files of one machine: `gridfold run` computes with them, and in a cluster nothing is started for them."""

from typing import Any

import pytest

from tests.unit.domain.world import World, document, job_of

IMAGES = {"default": "trainer:1"}
PLACES: dict[str, dict[str, Any]] = {
    "spec.dataset.sources[1].uri": {
        "dataset": {"sources": [{"uri": "s3://data/a.csv"}, {"uri": "file:b.csv"}], "target": "y"}
    },
    "spec.output.uri": {"output": {"uri": "file:out/"}},
    "spec.output.cacheUri": {"output": {"uri": "s3://out/x/", "cacheUri": "file:///cache/"}},
}


@pytest.mark.parametrize("path", PLACES)
def test_nothing_is_started_for_what_no_pod_can_see_and_the_advice_is_taken(path: str) -> None:
    world = World(job_of(document(**PLACES[path])), images=IMAGES)
    world.step()
    assert world.started == []
    assert world.condition("Accepted") == "False/NotAllowed"
    message = world.message("Accepted")
    assert message.startswith(f'{path} is "file:')
    assert message.count("no pod can see") == 1
    world.edit(document())
    world.step()
    assert world.condition("Accepted") == "True/Valid"
    assert len(world.started) == 1


def test_all_of_them_are_told_at_once_beside_what_the_platform_does_not_have() -> None:
    parts: dict[str, Any] = {key: value for part in PLACES.values() for key, value in part.items()}
    parts["output"] = {"uri": "file:out/", "cacheUri": "file:cache/"}
    world = World(job_of(document(**parts, execution={"trainer": "gpu"})), images=IMAGES)
    world.step()
    message = world.message("Accepted")
    assert all(f"{path} is" in message for path in PLACES)
    assert 'spec.execution.trainer is "gpu"' in message


def test_a_laptop_is_that_machine() -> None:
    world = World(job_of(document(**PLACES["spec.output.uri"])))
    world.step()
    assert world.condition("Accepted") == "True/Valid"


def test_a_job_that_an_earlier_operator_accepted_and_that_failed_stays_as_it_is() -> None:
    world = World(job_of(document(**PLACES["spec.output.uri"])))
    world.step()
    world.images = dict(IMAGES)
    world.step()
    assert world.condition("Accepted") == "True/Valid"
