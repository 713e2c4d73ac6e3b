"""The alerts: each fires when it is to and is quiet when it is to, asks for metrics that there are, and has a page."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.promtool import promtool
from tests.unit.chart.alert_cases import CASES, Series
from tests.unit.operator.told_metrics import OURS

ROOT = Path(__file__).parents[3]
RULES = ROOT / "charts/gridfold/files/rules.yaml"
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
}
LOOKED_AT = "90m"


def names_in(query: str) -> set[str]:
    """Return the metrics of ours that a query asks for."""
    return set(re.findall(r"\bgridfold_\w+", query))


def told_names() -> set[str]:
    """Return the names of all series that the operator tells."""
    ends = {"gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
    return {name + end for name, (kind, _) in OURS.items() for end in ends[kind]}


def judged(alert: str, series: Series, expected: list[dict[str, Any]], folder: Path) -> str:
    """Return what promtool has against an alert's being so, under such series; "": nothing."""
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [{"eval_time": LOOKED_AT, "alertname": alert, "exp_alerts": expected}],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(test), "utf-8")
    ran = promtool("test", "rules", str(folder / "test.yaml"))
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_each_alert_has_a_case_and_each_case_an_alert() -> None:
    assert CASES.keys() == ALERTS.keys()


@pytest.mark.parametrize("alert", CASES)
def test_an_alert_fires(alert: str, tmp_path: Path) -> None:
    case = CASES[alert]
    told = judged(alert, case.fires, [], tmp_path)
    assert "exp:" in told, "it does not fire"
    assert f'alertname="{alert}"' in told
    assert f'severity="{ALERTS[alert]["labels"]["severity"]}"' in told
    assert [label for label, value in case.labels.items() if f'{label}="{value}"' not in told] == []
    assert "<no value>" not in told
    assert "<error" not in told


@pytest.mark.parametrize(("alert", "series"), [(alert, quiet) for alert, case in CASES.items() for quiet in case.quiet])
def test_an_alert_is_quiet(alert: str, series: Series, tmp_path: Path) -> None:
    assert judged(alert, series, [], tmp_path) == ""


def test_promtool_finds_no_fault_in_the_rules() -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_asks_for_metrics_that_there_are_and_has_a_page(alert: str) -> None:
    rule = ALERTS[alert]
    assert names_in(rule["expr"])
    assert names_in(rule["expr"]) - told_names() == set()
    url = rule["annotations"]["runbook_url"]
    assert url == f"docs/runbooks/{alert}.md"
    page = (ROOT / url).read_text("utf-8")
    assert page.startswith(f"# {alert}\n")
    assert [title for title in ("## What it means", "## Look", "## Mend") if f"\n{title}\n" not in page] == []
    assert f"(runbooks/{alert}.md)" in (ROOT / "docs/metrics.md").read_text("utf-8")


def test_every_runbook_is_of_an_alert() -> None:
    assert {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")} == ALERTS.keys()
