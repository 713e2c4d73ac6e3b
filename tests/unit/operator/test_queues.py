"""Jobs in a queue of Kueue: how they are made, and how their parallelism is changed."""

from typing import Any

import pytest

from gridfold_operator.manifests import build_stage_manifest, build_wave_manifest
from gridfold_operator.queues import parallelism_patches
from gridfold_operator.settings import TrainerSettings
from tests.unit.operator.jobs import OWNER, start_prepare, start_wave

SETTINGS = TrainerSettings(image="trainer:1")
QUEUE = "kueue.x-k8s.io/queue-name"
LEAST = "kueue.x-k8s.io/job-min-parallelism"


def wave(cells: int = 4, **execution: Any) -> dict[str, Any]:
    return build_wave_manifest(OWNER, start_wave(tuple(range(cells)), execution=execution), SETTINGS)


def test_without_a_queue_nothing_is_said_of_one() -> None:
    for job in (build_stage_manifest(OWNER, start_prepare(), SETTINGS), wave()):
        assert "suspend" not in job["spec"]
        assert not any("kueue" in key for key in (*job["metadata"]["labels"], *job["metadata"]["annotations"]))


def test_every_job_of_a_run_in_a_queue_waits_there_and_its_pods_do_not_by_themselves() -> None:
    queued = {"queueName": "team"}
    for job in (build_stage_manifest(OWNER, start_prepare(execution=queued), SETTINGS), wave(**queued)):
        assert (job["metadata"]["labels"][QUEUE], job["spec"]["suspend"]) == ("team", True)
        assert QUEUE not in job["spec"]["template"]["metadata"]["labels"]
        assert LEAST not in job["metadata"]["annotations"]


@pytest.mark.parametrize(("cells", "least", "noted"), [(8, 2, "2"), (3, 2, "2"), (2, 2, None), (1, 2, None)])
def test_fewer_cells_at_a_time_are_allowed_where_that_means_anything(cells: int, least: int, noted: str | None) -> None:
    job = wave(cells, queueName="team", minParallelism=least)
    assert job["metadata"]["annotations"].get(LEAST) == noted, "Kueue refuses one that is not below the pods"


def test_prepare_has_one_pod_of_which_there_are_no_fewer() -> None:
    execution = {"queueName": "team", "minParallelism": 1}
    job = build_stage_manifest(OWNER, start_prepare(execution=execution), SETTINGS)
    assert LEAST not in job["metadata"]["annotations"]


def test_parallelism_outside_a_queue_is_changed_and_nothing_else() -> None:
    assert parallelism_patches(wave(), 7) == [{"spec": {"parallelism": 7}}]


def test_parallelism_in_a_queue_is_changed_by_way_of_the_queue_and_never_takes_a_suspend_back() -> None:
    job = wave(queueName="team")
    job["spec"]["suspend"] = False
    (patch,) = parallelism_patches(job, 7)
    assert patch["spec"] == {"parallelism": 7, "suspend": True}


def test_where_kueue_may_lower_parallelism_that_right_is_taken_away_before_a_change_and_given_again() -> None:
    job = wave(queueName="team", minParallelism=2)
    job["spec"]["suspend"] = False
    assert [(p["metadata"]["annotations"][LEAST], p["spec"]) for p in parallelism_patches(job, 3)] == [
        (None, {"suspend": True}),
        ("2", {"suspend": True, "parallelism": 3}),
    ]
    job["spec"]["suspend"] = True
    assert [(p["metadata"]["annotations"][LEAST], p["spec"]) for p in parallelism_patches(job, 0)] == [
        (None, {"suspend": True, "parallelism": 0})
    ]
