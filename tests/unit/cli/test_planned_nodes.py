"""What `gridfold plan` says of nodes, their hours and their cost."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gridfold.api.inspection import PlanReport
from gridfold.api.node_provider import NodeProvider
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import parse_training_job
from gridfold_cli.commands.plan import plan
from gridfold_cli.commands.planned_nodes import Platform, Work, describe_nodes
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.platform import load_providers
from tests.unit.cli.jobs import document, with_spec

BIG = {"name": "big", "kind": "Karpenter", "shape": {"cpu": "4", "memory": "16Gi"}}
ONE_CPU = {"resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}


def spec(cells: int = 40, capacity: dict[str, Any] | None = None, **execution: Any) -> TrainingJobSpec:
    found = with_spec(document(cells, **ONE_CPU | execution), capacity=capacity or {"provider": "big"})
    return parse_training_job(found).spec


def lines(wanted: TrainingJobSpec, work: Work, **provider: Any) -> dict[str, str]:
    platform = Platform((NodeProvider.model_validate(BIG | provider),), Path("values.yaml"))
    return dict(describe_nodes(wanted, work, platform))


def test_the_nodes_are_those_that_the_cells_fill_which_run_at_a_time() -> None:
    found = lines(spec(), Work(40, 90.0), pricePerHour=0.2, currency="USD")
    assert found == {
        "Nodes": "at most 5 of big, without other room in the cluster: 20 cells at a time, cpu 1, memory 2Gi each; "
        "a node gives cpu 4, memory 16Gi",
        "Node hours": "0.25 for 40 cells, if they take as long as those measured, beside what pods and nodes take to "
        "come and to go",
        "Cost": "0.05 USD for these node hours, at 0.2 USD an hour of a node",
    }


def test_pods_of_several_cells_fill_fewer_nodes_for_as_long() -> None:
    found = lines(spec(packing={"mode": "Fixed", "cellsPerPod": 5}), Work(40, 90.0))
    assert found["Nodes"].startswith("at most 2 of big, without other room in the cluster: 8 pods of 5 cells at a time")
    assert found["Node hours"].startswith("0.25 for 40 cells")


@pytest.mark.parametrize(
    ("capacity", "provider", "nodes", "words"),
    [
        ({}, {}, 5, "a node gives cpu 4, memory 16Gi"),
        ({"maxNodes": 2}, {}, 2, "5 would be filled, but spec.capacity.maxNodes is 2: cells take turns"),
        ({}, {"maxNodesPerJob": 3}, 3, "5 would be filled, but the platform gives a job 3: cells take turns"),
        ({}, {"maxNodesPerNamespace": 4, "maxNodes": 2}, 2, "the platform gives a job 2: cells take turns"),
    ],
)
def test_the_lowest_limit_holds_and_is_named(
    capacity: dict[str, Any], provider: dict[str, Any], nodes: int, words: str
) -> None:
    text = lines(spec(capacity={"provider": "big", **capacity}), Work(40), **provider)["Nodes"]
    assert text.startswith(f"at most {nodes} of big")
    assert text.endswith(words)


@pytest.mark.parametrize(
    ("capacity", "execution", "hours"),
    [  # 5 nodes, 40 cells, 20 at a time
        ({}, {"cellTimeoutSeconds": 360}, "at most 1: if each of 40 cells takes all of its 360 seconds"),
        ({}, {"timeoutSeconds": 7200}, "at most 10: 5 nodes for 120m (spec.execution.timeoutSeconds)"),
        ({"maxNodeHours": 4}, {}, "at most 4: spec.capacity.maxNodeHours"),
        ({"maxNodes": 1}, {}, "at most 10: if each of 40 cells takes all"),
    ],
)
def test_without_a_measured_cell_the_hours_are_what_cannot_be_exceeded(
    capacity: dict[str, Any], execution: dict[str, Any], hours: str
) -> None:
    found = lines(spec(capacity={"provider": "big", **capacity}, **execution), Work(40), pricePerHour=2, currency="EUR")
    assert found["Node hours"].startswith(hours)
    assert found["Cost"].startswith(f"at most {2 * int(hours.split()[2].rstrip(':'))}.00 EUR")


@pytest.mark.parametrize(
    ("memory", "nodes", "grown"), [("4Gi", 5, None), ("8Gi", 5, 10), ("16Gi", 5, 12), ("64Gi", 5, 12)]
)
def test_cells_that_run_out_of_memory_may_fill_more_nodes_and_that_counts_for_the_bound(
    memory: str, nodes: int, grown: int | None
) -> None:
    resources = {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "2Gi"}}
    execution = {"resources": resources, "outOfMemory": {"maxMemory": memory}, "cellTimeoutSeconds": 86400}
    wanted = spec(capacity={"provider": "big", "maxNodes": 12}, timeoutSeconds=3600, **execution)
    found = lines(wanted, Work(40))
    assert found["Nodes"].startswith(f"at most {nodes} of big")
    assert (f", or {grown} where all are tried again with more memory" in found["Nodes"]) == bool(grown)
    assert found["Node hours"].startswith(f"at most {grown or nodes}: {grown or nodes} nodes for 60m")


def test_what_costs_less_than_a_cent_does_not_cost_nothing() -> None:
    found = lines(spec(), Work(40, 0.1), pricePerHour=0.2, currency="USD")
    assert found["Node hours"].startswith("less than 0.001 for 40 cells")
    assert found["Cost"].startswith("less than 0.01 USD for these")


def test_measured_hours_are_not_more_than_the_spec_allows() -> None:
    found = lines(spec(capacity={"provider": "big", "maxNodeHours": 1}), Work(40, 3000.0))
    assert found["Node hours"].startswith("at most 1: spec.capacity.maxNodeHours")


def test_without_settings_only_what_the_spec_bounds_is_told() -> None:
    found = dict(describe_nodes(spec(capacity={"provider": "big", "maxNodes": 3}), Work(40, 90.0), None))
    assert found["Nodes"].startswith("at most 3 of big (spec.capacity.maxNodes); how many are enough")
    assert found["Nodes"].endswith("give --settings")
    assert found["Node hours"].startswith("at most")
    assert "Cost" not in found


@pytest.mark.parametrize(
    ("execution", "words"),
    [
        ({"resources": {"requests": {"cpu": "8"}}}, "a pod wants cpu 8, and a node gives 4; lower spec.execution.res"),
        ({"resources": {"limits": {"nvidia.com/gpu": "1"}}}, "wants nvidia.com/gpu 1, and a node gives none"),
        ({"refit": {"resources": {"requests": {"memory": "64Gi"}}}}, "for refit: no node of big has room"),
    ],
)
def test_a_pod_that_no_node_has_room_for_is_told(execution: dict[str, Any], words: str) -> None:
    platform = Platform((NodeProvider.model_validate(BIG),), Path("values.yaml"))
    assert words in next(iter(describe_nodes(spec(**execution), Work(40), platform)))[1]


@pytest.mark.parametrize(
    ("wanted", "settings", "nodes"),
    [
        (spec(capacity={"provider": "none"}), False, None),
        (spec(capacity={"provider": "none"}), True, "none asked for: spec.capacity.provider is none; providers in v"),
        (spec(capacity={"provider": "huge"}), True, "none: spec.capacity.provider is huge, which is not configured"),
        (spec(queueName="team"), True, "none asked of big: the queue of spec.execution.queueName sees to nodes"),
    ],
)
def test_who_asks_nobody_is_told_so(wanted: TrainingJobSpec, settings: bool, nodes: str | None) -> None:
    platform = Platform((NodeProvider.model_validate(BIG),), Path("values.yaml")) if settings else None
    found = [*describe_nodes(wanted, Work(40), platform)]
    assert (
        found == [] if nodes is None else [(title, text[: len(nodes)]) for title, text in found] == [("Nodes", nodes)]
    )


def test_when_every_cell_has_a_result_one_node_is_for_the_refit() -> None:
    found = lines(spec(), Work(0, 90.0))
    assert found["Nodes"].startswith(
        "at most 1 of big, without other room in the cluster: the refit, cpu 1, memory 2Gi;"
    )
    assert found["Node hours"].startswith("at most 24: 1 node for 24h")


VALUES = (
    "capacity:\n  providers:\n    - {name: big, kind: Scale, shape: {cpu: '4'}, target: {name: x}, pricePerHour: 0.1, "
)
SETTINGS = VALUES + "currency: USD}\n"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\ndata:\n  settings.yaml: |\n    "


@pytest.mark.parametrize(
    "text",
    [
        SETTINGS,
        CONFIG_MAP + SETTINGS.replace("\n", "\n    "),
        "kind: Role\n---\n" + CONFIG_MAP + SETTINGS.replace("\n", "\n    "),
    ],
    ids=["values", "ConfigMap", "among other documents"],
)
def test_providers_are_read_of_values_and_of_the_operators_settings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(text, encoding="utf-8")
    (provider,) = load_providers(path)
    assert (provider.name, dict(provider.shape), str(provider.price_per_hour)) == ("big", {"cpu": "4"}, "0.1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: TrainingJob\nspec: {}\n", r"has no settings of Gridfold in it; expected the values of the chart"),
        ("", "has no settings"),
        ("capacity: [", r"platform\.yaml:2:1: "),
        (VALUES + "}\n", r"providers\[0\]: .*pricePerHour and currency go together"),
        (SETTINGS.replace("'4'", "four"), r"providers\[0\]\.shape\.cpu: .*seen: .*four"),
    ],
)
def test_a_file_that_is_no_settings_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=words):
        load_providers(path)


def test_the_command_tells_of_nodes_after_all_else_and_of_a_wrong_file_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, values = tmp_path / "job.yaml", tmp_path / "values.yaml"
    job.write_text(json.dumps(with_spec(document(40, **ONE_CPU), capacity={"provider": "big"})), encoding="utf-8")
    values.write_text(SETTINGS.replace("'4'", "'4', memory: 16Gi"), encoding="utf-8")
    monkeypatch.setattr("gridfold_cli.commands.plan.inspect", lambda *_: PlanReport(prepared=True, cached=30))
    done = CliRunner().invoke(plan, [str(job), "--settings", str(values)])
    assert done.exit_code == 0, done.output
    assert [line.split("  ")[0] for line in done.output.splitlines()][2:] == [
        "CPU hours",
        "Nodes",
        "Node hours",
        "Cost",
    ]
    assert "Nodes       at most 3 of big" in done.output  # for ten cells that are left
    assert CliRunner().invoke(plan, [str(job), "--settings", str(job)]).exit_code != 0


def test_the_values_of_the_chart_are_settings_without_a_provider() -> None:
    assert load_providers(Path(__file__).parents[3] / "charts/gridfold/values.yaml") == ()
