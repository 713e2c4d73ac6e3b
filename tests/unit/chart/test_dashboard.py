"""The dashboard and what kube-state-metrics is told: what they ask for is there."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridfold.api.crd import build_crd
from gridfold.api.status import State
from tests.promtool import promtool
from tests.unit.chart.test_alerts import names_in, told_names

FILES = Path(__file__).parents[3] / "charts/gridfold/files"
DASHBOARD = json.loads((FILES / "dashboard.json").read_text("utf-8"))
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
(TRAINING_JOBS,) = yaml.safe_load((FILES / "kube-state-metrics.yaml").read_text("utf-8"))["spec"]["resources"]
SCHEMA: dict[str, Any] = build_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
METADATA = {"properties": {"name": {"type": "string"}, "namespace": {"type": "string"}}}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_metrics_that_there_are(query: str) -> None:
    assert names_in(query)
    assert names_in(query) - told_names() == set()


def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    queries = [str(one.values[0]).replace("$__rate_interval", "5m") for one in QUERIES]
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stderr + checked.stdout
    assert f"{len(queries)} rules found" in checked.stdout


def test_jobs_of_all_leaders_are_counted_together_and_a_pod_that_stands_by_takes_nothing_away(tmp_path: Path) -> None:
    (query,) = (str(one.values[0]) for one in QUERIES if "gridfold_jobs" in str(one.values[0]))
    jobs = {("a", "Running"): 3, ("b", "Running"): 5, ("b", "Complete"): 2, ("c", "Running"): 0}
    series = [
        {"series": f'gridfold_jobs{{pod="{pod}",state="{state}"}}', "values": f"{number}x5"}
        for (pod, state), number in jobs.items()
    ]
    wanted = [{"labels": f'{{state="{state}"}}', "value": value} for state, value in (("Running", 8), ("Complete", 2))]
    asked = {"expr": query, "eval_time": "3m", "exp_samples": wanted}
    test = {"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [asked]}]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test), "utf-8")
    ran = promtool("test", "rules", str(tmp_path / "test.yaml"))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_two_panels_lie_on_each_other() -> None:
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places) > 10


def at(path: list[str], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field; KeyError where there is none. A list is taken for its items, as there."""
    for name in path:
        schema = schema.get("items", schema)
        schema = METADATA if name == "metadata" else schema["properties"][name]
    return schema


@pytest.mark.parametrize("metric", TRAINING_JOBS["metrics"], ids=lambda metric: metric["name"])
def test_a_metric_of_single_jobs_reads_fields_that_there_are(metric: dict[str, Any]) -> None:
    each = metric["each"]
    read = each[each["type"][0].lower() + each["type"][1:]]
    found = at(read["path"], SCHEMA)
    for path in metric.get("labelsFromPath", {}).values():
        assert at(path, SCHEMA)["type"] == "string"
    for path in read.get("labelsFromPath", {}).values():
        assert at(path, found)["type"] == "string"
    if "valueFrom" in read:
        found = at(read["valueFrom"], found)
    assert found["type"] in {"integer", "string"}, "neither a number, nor a decimal, a time or a condition's status"
    assert metric["help"]


def test_single_jobs_are_told_in_each_state_by_name_and_namespace() -> None:
    (states,) = [one["each"]["stateSet"] for one in TRAINING_JOBS["metrics"] if one["each"]["type"] == "StateSet"]
    assert states["list"] == [*State]
    assert TRAINING_JOBS["groupVersionKind"] == {"group": "gridfold.dev", "version": "v1alpha1", "kind": "TrainingJob"}
    for path in TRAINING_JOBS["labelsFromPath"].values():
        assert at(path, SCHEMA)
