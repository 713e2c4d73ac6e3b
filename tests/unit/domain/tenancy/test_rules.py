"""What a namespace may not do, attempt by attempt; what the message advises is allowed."""

from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import parse_training_job
from gridfold.domain.tenancy.places import place_of
from gridfold.domain.tenancy.rules import RULES, check
from gridfold.domain.tenancy.settings import Limit, Limits, TenancySettings
from tests.unit.domain.world import document

#: Servers of sources that are refused for their prefix alone.
OF_OTHER_CASES = ("data.example.com.evil.org", "data.example.com:8443")
LIMITS = {
    "maxCells": 4,
    "maxParallelism": 100,
    "maxMemory": "4Gi",
    "maxCpu": "2",
    "maxTimeoutSeconds": 86400,
    "estimatorPrefixes": ["lightgbm"],
    "extendedResources": {"nvidia.com/gpu": "2", "amd.com/gpu": "0"},
    "priorityClasses": ["low"],
    "serviceAccounts": ["trainer"],
    "tolerations": ["dedicated=training", "nvidia.com/gpu"],
    "queues": ["batch"],
    "trainers": ["default", "boosters"],
    "sourcePrefixes": ["s3://data", "s3://bucket/team-a", "https://data.example.com/open/"],
    "outputPrefixes": ["s3://models", "s3://bucket/team-a/"],
    "allowedEndpoints": ["s3.team-a.svc", "https://data.example.com", "10.1.2.0/24:9000", *OF_OTHER_CASES],
}
#: What is within the limits, where a test is about something else.
BOUNDED = {"limits": {"memory": "1Gi", "cpu": "1"}}


def job(**spec: Any) -> TrainingJob:
    return parse_training_job(document(**spec), ["lightgbm", "xgboost"])


def problems(spec: dict[str, Any], limits: dict[str, Any] | None = None) -> list[str]:
    """Return what is wrong with a spec, which is within all limits where it does not say otherwise."""
    settings = TenancySettings.model_validate({"namespaces": {"team-a": LIMITS if limits is None else limits}})
    parts = {name: value for name, value in spec.items() if name != "execution"}
    execution = {"queueName": "batch", "resources": BOUNDED, **spec.get("execution", {})}
    found = check(job(**parts, execution=execution).spec, "team-a", settings.limits_of("team-a", {}))
    return [str(problem) for problem in found]


def resources(name: str, value: str) -> dict[str, Any]:
    return {"limits": {**BOUNDED["limits"], name: value}}


def tolerating(**toleration: str) -> dict[str, Any]:
    return {"template": {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}, toleration]}}


def source(uri: str) -> dict[str, Any]:
    return {"dataset": {"sources": [{"uri": uri}], "target": "y", "format": "CSV"}}


def at_endpoint(endpoint: str) -> dict[str, Any]:
    return {"storage": {"endpoint": endpoint}}


def of_storage(endpoint: str) -> dict[str, Any]:
    sources = [{"uri": "s3://data/rows.csv", "storage": {"endpoint": endpoint}}]
    return {"sources": sources, "target": "y", "format": "CSV"}


def at(stage: str, **parts: Any) -> dict[str, Any]:
    return {"execution": {stage: parts} if stage else parts}


def execution(**parts: Any) -> dict[str, Any]:
    return {"execution": parts}


#: The spec, where it is refused, the setting, and the spec with the advice taken.
EXCESSES = [
    ({"grid": [{"C": [1.5, 2.5, 3.5, 4.5, 5.5]}]}, "spec.search is 5", "maxCells", {"grid": [{"C": [1.5, 2.5]}]}),
    (execution(parallelism=500), "parallelism is 500", "maxParallelism", execution(parallelism=100)),
    (execution(parallelism=101), "parallelism is 101", "maxParallelism", execution(parallelism=1)),
    *(
        (
            at(stage, resources=resources(name, seen)),
            f"{path}.limits.{name} is {seen}",
            setting,
            at(stage, resources=resources(name, most)),
        )
        for stage, path in (("", "execution.resources"), ("prepare", "prepare.resources"), ("refit", "refit.resources"))
        for name, seen, setting, most in (
            ("memory", "4097Mi", "maxMemory", "4Gi"),
            ("cpu", "2001m", "maxCpu", "2"),
            ("nvidia.com/gpu", "3", "extendedResources", "2"),
        )
    ),
    *(
        (
            at(stage, resources={"requests": {"memory": "1Gi", "cpu": "1"}, "limits": limits}),
            f"{path}.limits.{name}: namespace team-a may have",
            setting,
            at(stage, resources=resources(name, most)),
        )
        for stage, path in (("", "execution.resources"), ("prepare", "prepare.resources"), ("refit", "refit.resources"))
        for name, limits, setting, most in (
            ("memory", {"cpu": "1"}, "maxMemory", "4Gi"),
            ("cpu", {"memory": "1Gi"}, "maxCpu", "2"),
        )
    ),
    (execution(resources={"limits": {"cpu": "1"}}), "limits.memory: ", "maxMemory", {}),
    (execution(resources=resources("amd.com/gpu", "1")), "amd.com/gpu is 1", "extendedResources", {}),
    (
        execution(resources=resources("hugepages-2Mi", "2Mi")),
        "may have no extended resource but",
        "extendedResources",
        {},
    ),
    (
        execution(outOfMemory={"maxMemory": "64Gi"}),
        "maxMemory is 64Gi",
        "maxMemory",
        execution(outOfMemory={"maxMemory": "4Gi"}),
    ),
    (execution(timeoutSeconds=86401), "timeoutSeconds is 86401", "maxTimeoutSeconds", execution(timeoutSeconds=86400)),
    (
        {"estimator": {"className": "xgboost.XGBClassifier"}},
        "className",
        "estimatorPrefixes",
        {"estimator": {"className": "lightgbm.LGBMClassifier"}},
    ),
    *(
        (
            execution(**({stage: {"template": {name: "other"}}} if stage else {"template": {name: "other"}})),
            f'{name} is "other"',
            setting,
            execution(**({stage: {"template": {name: good}}} if stage else {"template": {name: good}})),
        )
        for stage in ("", "prepare", "refit")
        for name, setting, good in (
            ("priorityClassName", "priorityClasses", "low"),
            ("serviceAccountName", "serviceAccounts", "trainer"),
        )
    ),
    (execution(trainer="gpu"), 'trainer is "gpu"', "trainers", execution(trainer="boosters")),
    (execution(queueName="fast"), 'queueName is "fast"', "queues", execution(queueName="batch")),
    (execution(queueName=""), "queueName: namespace team-a may name", "queues", execution(queueName="batch")),
    *(
        (
            execution(**tolerating(**refused)),
            f'tolerations[1] is "{seen}"',
            "tolerations",
            execution(**tolerating(**allowed)),
        )
        for refused, seen, allowed in (
            ({"key": "dedicated", "value": "other"}, "dedicated=other", {"key": "dedicated", "value": "training"}),
            ({"key": "dedicated", "operator": "Exists"}, "dedicated", {"key": "nvidia.com/gpu", "value": "A100"}),
            (
                {"operator": "Exists"},
                "every taint",
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"},
            ),
        )
    ),
    *(
        (source(uri), "sources[0].uri", "sourcePrefixes", source("s3://bucket/team-a/rows.csv"))
        for uri in (
            "s3://bucket/team-ab/rows.csv",
            "s3://bucket/team-b/rows.csv",
            "s3://bucket/team-a",
            "s3://bucket/team-a/../team-b/rows.csv",
            "s3://bucket/team-a/./rows.csv",
            "s3://bucket/team-a//rows.csv",
            "s3://bucket/team-a/%2e%2e/team-b/rows.csv",
            "s3://bucket/team-a/%2E./x.csv",
            "s3://bucket/team-a%2fx.csv",
            "s3://bucket/team-a/%252e%252e/x.csv",
            "s3://bucket/team-*/rows.csv",
            "s3://bucket-b/team-a/rows.csv",
            "https://data.example.com/opened/rows.csv",
            "https://data.example.com.evil.org/open/rows.csv",
            "https://data.example.com:8443/open/rows.csv",
        )
    ),
    (
        {"output": {"uri": "s3://bucket/team-b/job/"}},
        "spec.output.uri",
        "outputPrefixes",
        {"output": {"uri": "s3://bucket/team-a/job/"}},
    ),
    (
        {"output": {"uri": "s3://models/job/", "cacheUri": "s3://bucket/team-ab/"}},
        "output.cacheUri",
        "outputPrefixes",
        {"output": {"uri": "s3://models/job/", "cacheUri": "s3://bucket/team-a/"}},
    ),
    *(
        (at_endpoint(refused), f'spec.storage.endpoint is "{refused}"', "allowedEndpoints", at_endpoint(allowed))
        for refused, allowed in (
            ("http://10.1.3.7:9000", "http://10.1.2.7:9000"),
            ("http://[::ffff:10.1.3.7]:9000", "http://[::ffff:10.1.2.7]:9000"),
            ("http://8.8.8.8", "http://s3.team-a.svc.cluster.local"),
            ("https://mine.example", "https://data.example.com/"),
            ("http://data.example.com", "https://DATA.example.com:443"),
            ("https://data.example.com.evil.example", "https://bucket.data.example.com"),
            ("https://s3.team-b.svc", "http://name.of.the.network:9000"),
        )
    ),
    (
        {"dataset": of_storage("http://10.1.3.7:9000")},
        'spec.dataset.sources[0].storage.endpoint is "http://10.1.3.7:9000"',
        "allowedEndpoints",
        {"dataset": of_storage("http://s3.team-a.svc")},
    ),
]


@pytest.mark.parametrize(("spec", "seen", "setting", "advised"), EXCESSES)
def test_an_excess_is_refused_with_value_limit_and_setting_and_the_advice_is_allowed(
    spec: dict[str, Any], seen: str, setting: str, advised: dict[str, Any]
) -> None:
    found = problems(spec)
    assert found
    assert any(seen in words for words in found)
    for words in found:
        assert f"(tenancy.namespaces.team-a.{setting} of the operator's chart)" in words
        assert "namespace team-a may" in words
    assert problems(advised) == []


def test_all_excesses_are_told_at_once() -> None:
    spec = execution(parallelism=500, queueName="fast") | {"output": {"uri": "s3://elsewhere/"}}
    assert len(problems(spec)) == 3


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            execution(parallelism=500),
            "spec.execution.parallelism is 500: namespace team-a may have a parallelism of at most 100 "
            "(tenancy.namespaces.team-a.maxParallelism of the operator's chart). Write 100 or less, or ask the "
            "platform team, who sets it",
        ),
        (
            execution(resources={"limits": {"cpu": "1"}}),
            "spec.execution.resources.limits.memory: namespace team-a may have pods with at most 4Gi of memory, so "
            "this must be set (tenancy.namespaces.team-a.maxMemory of the operator's chart). Set 4Gi or less, or ask "
            "the platform team, who sets it",
        ),
        (
            {"output": {"uri": "s3://models/a/../b/"}},
            'spec.output.uri is "s3://models/a/../b/": namespace team-a may have no output but those below '
            "s3://models, s3://bucket/team-a/, and to tell that, it must not have the parts . or .. or "
            "empty ones (//): write the folder itself (tenancy.namespaces.team-a.outputPrefixes of the operator's "
            "chart). Write it so, or ask the platform team, who sets it",
        ),
    ],
)
def test_the_words_are_a_sentence_that_can_be_acted_on(spec: dict[str, Any], words: str) -> None:
    assert problems(spec) == [words]


def test_of_a_long_list_the_first_are_told_and_how_many_more_there_are() -> None:
    (words,) = problems(execution(queueName="fast"), {"queues": [f"queue-{number}" for number in range(100, 150)]})
    assert "no queue but queue-100, queue-101," in words
    assert "queue-109 and 40 more (" in words


def test_every_limit_has_a_rule_and_is_tried() -> None:
    assert RULES.keys() == Limits.model_fields.keys()
    assert {setting for _, _, setting, _ in EXCESSES} == {to_camel(field) for field in RULES}


def test_nothing_is_refused_without_a_limit() -> None:
    assert problems(execution(parallelism=10000, queueName="any", resources={}), {}) == []


DATA = "https://data.example.org/rows.csv"


@pytest.mark.parametrize(
    ("entries", "refused", "allowed"),
    [
        (
            ["s3.storage.svc"],
            [DATA, "https://8.8.8.8/a.csv", "https://10.1.2.3/a.csv"],
            ["https://s3.storage.svc/a.csv"],
        ),
        (["s3.storage.svc", "public"], ["https://10.1.2.3/a.csv", "https://[fd12::7]/a.csv"], [DATA]),
        (["s3.storage.svc", "public:8443"], [DATA, "https://8.8.8.8/a.csv"], ["https://8.8.8.8:8443/a.csv"]),
        (["10.1.0.0/16"], ["https://8.8.8.8/a.csv", "https://127.0.0.1/a.csv"], [DATA, "https://10.1.2.3/a.csv"]),
        (["bucket.example.org"], ["https://other.example.org/a.csv"], ["https://example.org/a.csv"]),
        ([], [DATA, "https://10.1.2.3/a.csv"], []),
        (["*"], [], [DATA, "https://10.1.2.3/a.csv"]),
    ],
    ids=["hosts alone", "public ones too", "at a port", "a network", "a bucket in front", "none", "all"],
)
def test_of_endpoints_that_is_refused_which_no_entry_can_cover_wherever_its_name_leads(
    entries: list[str], refused: list[str], allowed: list[str]
) -> None:
    for uri in refused:
        (words,) = problems(source(uri), {"allowedEndpoints": entries})
        named = f"no endpoint but {', '.join(entries)}" if entries else "no endpoint"
        assert words.startswith(f'spec.dataset.sources[0].uri is "{uri}": namespace team-a may connect to {named} (')
    for uri in allowed:
        assert problems(source(uri), {"allowedEndpoints": entries}) == []


def test_the_clouds_own_storage_is_no_endpoint_that_a_spec_names() -> None:
    assert problems({"storage": {"region": "eu-central-1"}}, {"allowedEndpoints": []}) == []


def test_an_empty_list_or_map_allows_none() -> None:
    (words,) = problems(execution(queueName="any"), {"queues": []})
    assert "may name no queue (" in words
    assert problems(execution(queueName=""), {"queues": []}) == []
    (words,) = problems(execution(resources=resources("nvidia.com/gpu", "1")), {"extendedResources": {}})
    assert "may have no extended resource (" in words


SETTINGS = TenancySettings.model_validate(
    {
        "all": {"maxCells": 1, "maxParallelism": 1, "maxCpu": "1", "queues": ["slow"], "estimatorPrefixes": []},
        "selectors": [
            {"matchLabels": {"tier": "gold"}, "limits": {"maxCells": 2, "maxParallelism": 2}},
            {"matchLabels": {"tier": "gold", "more": "yes"}, "limits": {"maxParallelism": 9, "queues": ["fast"]}},
        ],
        "namespaces": {"team-a": {"maxCells": 3, "queues": ["*"], "estimatorPrefixes": ["*"]}},
    }
)


@pytest.mark.parametrize(
    ("name", "labels", "limits"),
    [
        ("team-b", {}, {"max_cells": "all", "max_parallelism": "all", "max_cpu": "all", "queues": "all"}),
        ("team-b", {"more": "yes"}, {"max_cells": "all", "max_parallelism": "all", "max_cpu": "all", "queues": "all"}),
        (
            "team-b",
            {"tier": "gold", "more": "yes", "other": ""},
            {
                "max_cells": "selectors[0].limits",
                "max_parallelism": "selectors[0].limits",
                "max_cpu": "all",
                "queues": "selectors[1].limits",
            },
        ),
        (
            "team-a",
            {"tier": "gold"},
            {"max_cells": "namespaces.team-a", "max_parallelism": "selectors[0].limits", "max_cpu": "all"},
        ),
    ],
)
def test_a_name_goes_before_labels_these_before_all_and_a_star_is_no_limit(
    name: str, labels: dict[str, str], limits: dict[str, str]
) -> None:
    found = SETTINGS.limits_of(name, labels)
    found.pop("estimator_prefixes", None)
    assert {field: limit.setting for field, limit in found.items()} == {
        field: f"tenancy.{where}.{to_camel(field)}" for field, where in limits.items()
    }
    assert found["max_cpu"] == Limit("1", "tenancy.all.maxCpu")
    assert ("estimator_prefixes" in SETTINGS.limits_of(name, labels)) is (name == "team-b")


def test_a_limit_of_all_may_leave_a_place_for_the_name_of_the_namespace() -> None:
    settings = TenancySettings.model_validate({"all": {"outputPrefixes": ["s3://models/{namespace}/"]}})
    own, other = (job(output={"uri": f"s3://models/{team}/job/"}).spec for team in ("team-a", "team-b"))
    limits = settings.limits_of("team-a", {})
    assert check(own, "team-a", limits) == ()
    (problem,) = check(other, "team-a", limits)
    assert "no output but those below s3://models/team-a/ (tenancy.all.outputPrefixes" in str(problem)


@pytest.mark.parametrize(
    "uri", ["HTTPS://DATA.example.com:443/open/x.csv", "https://data.example.com/open/x.csv?a=/../b"]
)
def test_case_and_default_port_of_a_server_do_not_matter(uri: str) -> None:
    assert place_of(uri).is_below(place_of("https://data.example.com/open"))


@pytest.mark.parametrize("uri", ["https://data.example.com@evil.org/open/x", "https://a.org\\b.org/x", "x"])
def test_what_has_two_readings_has_no_place(uri: str) -> None:
    with pytest.raises(ValueError, match="must"):
        place_of(uri)


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"sourcePrefixes": ["s3://a/../b"]}, "parts"),
        ({"maxCell": 1}, "maxCell"),
        ({"maxMemory": "4 GB"}, "maxMemory"),
        ({"estimatorPrefixes": ["light-gbm"]}, "estimatorPrefixes"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(limits: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        TenancySettings.model_validate({"all": limits})
