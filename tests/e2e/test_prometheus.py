"""A real Prometheus scrapes the operator while a job runs, with the chart's rules and the dashboard's queries."""

import json
import re
from pathlib import Path

import pytest

from tests.cluster.installation import CHART, chart_values, installed
from tests.e2e.cluster_jobs import ClusterJobs, two_column_table
from tests.prometheus import scraping
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster
RULES, DASHBOARD = CHART / "files/rules.yaml", CHART / "files/dashboard.json"


def test_prometheus_sees_a_job_and_its_cells_and_can_evaluate_all_rules_and_queries(
    jobs: ClusterJobs, tmp_path: Path
) -> None:
    operator = jobs.operator
    pod = operator.pod()["metadata"]["name"]
    with scraping(jobs.kubectl, operator.namespace, pod, RULES, tmp_path) as prometheus:
        cells = 'gridfold_cells_total{outcome="succeeded"}'
        prometheus.wait("The operator is scraped", cells, least=0)
        before = prometheus.value(cells) or 0
        name = jobs.apply(jobs.manifest("scraped", jobs.upload(two_column_table())))
        jobs.wait_until_it_ends(name)
        prometheus.wait("Its cells are told", cells, least=before + 2)
        prometheus.wait("It is told as complete", 'gridfold_jobs{state="Complete"}')
        prometheus.wait("One leads", "sum(gridfold_leader) == 1")
        created = 'gridfold_api_requests_total{verb="create", resource="jobs", code="201"}'
        prometheus.wait("Prepare, the wave and refit are told", created, least=3)
        told = json.dumps(prometheus.query('{__name__=~"gridfold_.+"}'))
        assert name not in told, "no series belongs to a single job"

        groups = prometheus.ask("/api/v1/rules")["groups"]
        assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
        panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
        queries = [target["expr"].replace("$__rate_interval", "1m") for panel in panels for target in panel["targets"]]
        for query in queries:
            prometheus.query(query)  # none is refused, whatever it finds
        # No provider of nodes is there, and perhaps no request has failed.
        filled = [query for query in queries if "gridfold_capacity_" not in query and "code!~" not in query]

        def empty() -> str | None:
            left = [query for query in filled if not prometheus.query(query)]
            return f"Nothing is found by {left}." if left else None

        wait_until(empty, timeout_seconds=60, what="Every query finds something", every_seconds=0.3)


def hastened(rules: str) -> str:
    """Return the chart's rules with a second in the place of each minute."""
    return re.sub(r"(for: |\[)(\d+)([mh])\b", lambda found: found[1] + found[2] + {"m": "s", "h": "m"}[found[3]], rules)


def test_cells_that_fail_a_lease_that_nobody_has_and_an_operator_that_is_gone_raise_their_alerts(
    testbed: Cluster, images: dict[str, str], session_bucket: Bucket, namespace: str, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(hastened(RULES.read_text("utf-8")), "utf-8")
    with installed(testbed, chart_values(images, (namespace,))) as operator:
        jobs = ClusterJobs(testbed, namespace, session_bucket, operator)
        jobs.add_credentials()
        pod = operator.pod()["metadata"]["name"]
        with scraping(testbed.kubectl, operator.namespace, pod, rules, tmp_path) as prometheus:
            prometheus.wait("The operator leads", "sum(gridfold_leader)")
            prometheus.wait_for_alerts()

            # The fold that has the largest number is asked about a category that its fit has never seen: an IndexError.
            rows = [f"{row},{row % 7},{('no', 'yes')[row % 2]}" for row in range(90)]
            source = jobs.upload("\n".join(["a,b,y", *rows, ""]))
            spec = {
                "estimator": {
                    "className": "sklearn.naive_bayes.CategoricalNB",
                    "preprocessing": {"numeric": {"scale": "None"}},
                },
                "search": {"grid": [{"alpha": [number / 10 for number in range(1, 25)]}]},
                "execution": {"packing": {"mode": "Fixed", "cellsPerPod": 24}},
            }
            jobs.apply(jobs.manifest("lost", source, **spec))
            prometheus.wait_for_alerts("GridfoldCellsFail")

            held = {"spec": {"holderIdentity": "somebody/else", "leaseDurationSeconds": 3600}}
            lease = ("lease", "gridfold-operator", "--namespace", namespace)
            testbed.kubectl("patch", *lease, "--type=merge", "--patch", json.dumps(held))
            prometheus.wait_for_alerts("GridfoldNobodyLeads")

            testbed.kubectl("delete", "deployment", "gridfold", "--namespace", operator.namespace)
            prometheus.wait_for_alerts("GridfoldDown")
