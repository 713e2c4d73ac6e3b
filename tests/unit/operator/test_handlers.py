"""What kopf's handlers make of events, and kopf's settings."""

import itertools
from typing import Any

import kopf
import pytest

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.engine.ports import JobKey
from gridfold_operator.handlers import (
    BackOffs,
    build_registries,
    build_settings,
    has_ended,
    is_at_rest,
    is_edited,
    owner_key,
)
from tests.unit.operator.jobs import ended, job_document, training_job_document

KEY = JobKey("team-a", "pima")


async def log_in() -> kopf.ConnectionInfo:
    return kopf.ConnectionInfo(server="https://nowhere")


async def notices(plural: str, kind: str | None, body: dict[str, Any]) -> list[tuple[JobKey, bool]]:
    """Return what the handlers of a kind tell about an event."""
    told: list[tuple[JobKey, bool]] = []
    registries = build_registries(lambda key, urgent: told.append((key, urgent)), lambda key, version: None, log_in)
    for handler in (handler for registry in registries for handler in registry._watching.get_all_handlers()):
        if handler.selector.any_name == plural:
            await handler.fn(type=kind, body=body, namespace="team-a", logger=None)
    return told


def training_job(observed: int | None, **metadata: Any) -> dict[str, Any]:
    document = training_job_document()
    document["metadata"].update(metadata)
    return {**document, "status": {"observedGeneration": observed}}


@pytest.mark.parametrize("kind", [None, "ADDED", "DELETED"])
async def test_a_job_that_comes_or_goes_is_urgent(kind: str | None) -> None:
    assert await notices("trainingjobs", kind, training_job(3)) == [(KEY, True)]


async def test_an_edit_is_urgent_and_the_echo_of_the_operators_own_status_is_not() -> None:
    assert await notices("trainingjobs", "MODIFIED", training_job(2)) == [(KEY, True)]
    assert await notices("trainingjobs", "MODIFIED", training_job(None)) == [(KEY, True)]
    assert await notices("trainingjobs", "MODIFIED", training_job(3)) == [(KEY, False)]


RESTS = [
    ({"type": "Complete", "status": "True"}, 3, True),
    ({"type": "Failed", "status": "True"}, 3, True),
    ({"type": "Failed", "status": "True"}, 2, False),
    ({"type": "Running", "status": "True"}, 3, False),
    ({"type": "Failed", "status": "False"}, 3, False),
]


@pytest.mark.parametrize(("condition", "observed", "rests"), RESTS)
async def test_a_job_that_has_ended_as_it_is_now_is_at_rest(
    condition: dict[str, str], observed: int, rests: bool
) -> None:
    told: list[tuple[JobKey, str]] = []
    document = training_job(observed)
    document["status"]["conditions"] = [condition]
    registry, _ = build_registries(lambda key, urgent: None, lambda key, version: told.append((key, version)), log_in)
    (handler,) = registry._watching.get_all_handlers()
    await handler.fn(type="MODIFIED", body=document, namespace="team-a", logger=None)
    assert told == ([(KEY, "42")] if rests else [])


async def test_a_job_that_has_ended_and_still_holds_nodes_is_not_at_rest() -> None:
    for finalizers, rests in (([labels.CAPACITY_FINALIZER], False), (["example.com/audit"], True)):
        document = training_job(3, finalizers=finalizers)
        document["status"]["conditions"] = [{"type": "Complete", "status": "True"}]
        assert is_at_rest(document) is rests


def test_a_resource_without_any_status_is_edited() -> None:
    assert is_edited(training_job_document())


def test_a_resource_that_is_to_be_deleted_counts_as_edited() -> None:
    assert is_edited(training_job(3, deletionTimestamp="2026-01-01T10:00:00Z"))


@pytest.mark.parametrize("kind", ["Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"])
async def test_a_child_that_ends_is_urgent(kind: str) -> None:
    assert await notices("jobs", "MODIFIED", job_document(Stage.CELL, "w", **ended(kind))) == [(KEY, True)]


async def test_a_child_that_counts_its_pods_can_wait() -> None:
    suspended = {"conditions": [{"type": "Failed", "status": "False"}], "active": 3}
    assert await notices("jobs", "MODIFIED", job_document(Stage.CELL, "w", **suspended)) == [(KEY, False)]


@pytest.mark.parametrize("kind", [None, "DELETED"])
async def test_a_child_that_is_first_seen_or_gone_is_urgent(kind: str | None) -> None:
    assert await notices("jobs", kind, job_document(Stage.CELL, "w")) == [(KEY, True)]


@pytest.mark.parametrize("change", ["none", "other kind", "other group", "not controlling"])
async def test_a_job_of_somebody_else_with_our_label_concerns_nobody(change: str) -> None:
    document = job_document(Stage.CELL, "w")
    (owner,) = document["metadata"]["ownerReferences"]
    match change:
        case "none":
            del document["metadata"]["ownerReferences"]
        case "other kind":
            owner["kind"] = "PyTorchJob"
        case "other group":
            owner["apiVersion"] = "kubeflow.org/v1"
        case "not controlling":
            owner["controller"] = False
    assert owner_key(document) is None
    assert await notices("jobs", "MODIFIED", document) == []


def test_a_job_without_a_status_has_not_ended() -> None:
    assert not has_ended({"metadata": {}})


def test_back_offs_double_up_to_a_limit_never_end_and_start_anew() -> None:
    back_offs = BackOffs(1.0, 5.0)
    assert list(itertools.islice(back_offs, 5)) == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert list(itertools.islice(back_offs, 2)) == [1.0, 2.0]


def test_kopf_is_a_mere_informer() -> None:
    settings = build_settings()
    assert settings.scanning.disabled
    assert settings.peering.standalone
    assert not settings.posting.enabled
    assert settings.queueing.worker_limit is None
    assert not settings.watching.initial_streaming
    assert isinstance(settings.watching.server_timeout, int)


def test_no_handler_is_of_a_kind_that_writes_onto_the_resource() -> None:
    for registry in build_registries(lambda key, urgent: None, lambda key, version: None, log_in):
        for writing in (registry._changing, registry._spawning, registry._indexing, registry._webhooks):
            assert list(writing.get_all_handlers()) == []
        assert len(list(registry._watching.get_all_handlers())) == 1
