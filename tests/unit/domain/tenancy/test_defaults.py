"""What a spec leaves open is filled in, and nothing else is touched."""

from typing import Any

import pytest

from gridfold.api.validation import InvalidTrainingJobError
from gridfold.domain.tenancy.defaults import left_open, parse_filled
from gridfold.domain.tenancy.settings import TenancySettings
from tests.unit.domain.world import document

DEFAULTS: dict[str, Any] = {
    "parallelism": 10,
    "timeoutSeconds": 3600,
    "trainer": "boosters",
    "queueName": "batch",
    "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}},
    "template": {"priorityClassName": "low", "nodeSelector": {"pool": "ml"}},
}


@pytest.mark.parametrize(
    ("execution", "filled"),
    [
        ({}, DEFAULTS),
        ({"parallelism": 3, "timeoutSeconds": 60, "trainer": "default", "queueName": "own"}, None),
        ({"queueName": ""}, {"queueName": "batch"}),
        ({"resources": {"limits": {"memory": "1Gi"}}}, {"requests": {"cpu": "500m", "memory": "1Gi"}, "cpu": "2"}),
        ({"resources": {"requests": {}}}, {"cpu": "2", "memory": "4Gi"}),
        ({"resources": {"requests": {"memory": "6Gi"}}}, {"cpu": "2", "memory": "6Gi"}),
        ({"template": {"priorityClassName": ""}}, {"nodeSelector": {"pool": "ml"}}),
        ({"template": {"nodeSelector": {"disk": "ssd"}}}, {"priorityClassName": "low"}),
    ],
    ids=["all", "none", "an empty name", "a limit", "no requests", "a large request", "none wanted", "a selector"],
)
def test_what_is_open_is_filled_in(execution: dict[str, Any], filled: dict[str, Any] | None) -> None:
    found = left_open(execution, DEFAULTS)
    if execution == {}:
        assert found == DEFAULTS
        return
    for name in ("parallelism", "timeoutSeconds", "trainer", "queueName"):
        assert (name in found) is not bool(execution.get(name))
    (part,) = execution.keys() & {"resources", "template"} or {""}
    if part == "resources":
        requests = found[part].get("requests", {})
        assert {**({"requests": requests} if requests else {}), **found[part]["limits"]} == filled
    elif part == "template":
        assert found[part] == filled


def test_a_stage_with_resources_of_its_own_gets_the_limits_that_it_leaves_open() -> None:
    found = left_open({"prepare": {"resources": {"limits": {"memory": "8Gi"}}}, "refit": {}}, DEFAULTS)
    assert found["prepare"] == {"resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "500m", "memory": "2Gi"}}}
    assert "refit" not in found, "which has those of all stages"


def test_what_was_filled_in_fills_in_the_same_again() -> None:
    raw = document(execution={"prepare": {"resources": {"requests": {"memory": "6Gi"}}}})
    job, part = parse_filled(raw, DEFAULTS, ())
    again, same = parse_filled(raw, part, ())
    assert (again, same) == (job, part)
    assert (job.spec.execution.parallelism, job.spec.execution.queue_name) == (10, "batch")
    assert job.spec.execution.prepare.resources is not None
    assert job.spec.execution.prepare.resources.limits == {"cpu": "2", "memory": "6Gi"}


def test_without_defaults_nothing_is_touched() -> None:
    raw = document(execution={"parallelism": 3})
    job, part = parse_filled(raw, {}, ())
    assert (part, job.spec.execution.timeout_seconds) == ({}, 86400)


def test_a_default_that_does_not_fit_the_spec_says_what_to_write_and_that_does() -> None:
    raw = document(execution={"queueName": "team", "minParallelism": 15})
    with pytest.raises(InvalidTrainingJobError) as told:
        parse_filled(raw, {"parallelism": 10}, ())
    words = str(told.value)
    assert "spec.execution.minParallelism is 15: must not be above parallelism, 10" in words
    assert 'spec.execution is {"parallelism": 10}: is what the platform fills in' in words
    assert "Write values of your own that do" in words
    raw["spec"]["execution"]["parallelism"] = 20
    job, part = parse_filled(raw, {"parallelism": 10}, ())
    assert (job.spec.execution.parallelism, part) == (20, {})


def test_a_document_that_is_wrong_is_told_of_alone() -> None:
    with pytest.raises(InvalidTrainingJobError) as told:
        parse_filled(document(execution={"parallelism": 0}), DEFAULTS, ())
    assert [problem.path for problem in told.value.problems] == ["spec.execution.parallelism"]


def test_of_several_places_each_field_is_from_the_first_that_has_it() -> None:
    settings = TenancySettings.model_validate(
        {
            "all": {
                "defaults": {
                    "parallelism": 5,
                    "queueName": "all",
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                    "template": {"nodeSelector": {"pool": "all"}, "priorityClassName": "low"},
                }
            },
            "selectors": [
                {"matchLabels": {"tier": "gold"}, "limits": {"defaults": {"parallelism": 50, "timeoutSeconds": 60}}}
            ],
            "namespaces": {
                "team-a": {
                    "defaults": {
                        "parallelism": 7,
                        "resources": {"limits": {"memory": "2Gi"}},
                        "template": {"nodeSelector": {"disk": "ssd"}},
                    }
                }
            },
        }
    )
    assert settings.defaults_of("team-a", {"tier": "gold"}) == {
        "parallelism": 7,
        "timeoutSeconds": 60,
        "queueName": "all",
        "resources": {"limits": {"memory": "2Gi", "cpu": "1"}},
        "template": {"nodeSelector": {"disk": "ssd"}, "priorityClassName": "low"},
    }
    assert settings.defaults_of("team-b", {})["parallelism"] == 5


@pytest.mark.parametrize(
    ("namespace", "labels", "trainers", "allowed", "setting"),
    [
        ("team-a", {"tier": "gold"}, ("a",), (), "tenancy.namespaces.team-a.allowedEndpoints"),
        (
            "team-b",
            {"tier": "gold"},
            ("a",),
            ("s3.team-b.svc", "10.1.0.0/16"),
            "tenancy.selectors[0].limits.allowedEndpoints",
        ),
        ("team-b", {}, ("a", "*"), ("a", "*"), "trainer.allowedEndpoints"),
        ("team-b", {}, (), ("team-b.svc", "public"), "trainer.allowedEndpoints"),
    ],
)
def test_endpoints_are_those_of_the_first_place_that_has_some_then_the_trainers_then_the_usual_ones(
    namespace: str, labels: dict[str, str], trainers: tuple[str, ...], allowed: tuple[str, ...], setting: str
) -> None:
    gold = {"matchLabels": {"tier": "gold"}, "limits": {"allowedEndpoints": ["s3.{namespace}.svc", "10.1.0.0/16"]}}
    settings = TenancySettings.model_validate(
        {"selectors": [gold], "namespaces": {"team-a": {"allowedEndpoints": []}, "team-b": {"maxCells": 1}}}
    )
    assert settings.endpoints_of(namespace, labels, trainers) == (allowed, setting)
