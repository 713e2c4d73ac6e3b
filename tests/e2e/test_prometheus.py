"""A real Prometheus scrapes the operator while a job runs, with the chart's rules and the dashboard's queries."""

import json
from pathlib import Path

import pytest

from tests.cluster.installation import CHART
from tests.e2e.cluster_jobs import ClusterJobs, two_column_table
from tests.prometheus import scraping

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
        assert prometheus.value("sum(gridfold_leader)") == 1
        created = 'gridfold_api_requests_total{verb="create", resource="jobs", code="201"}'
        assert (prometheus.value(created) or 0) >= 3, "prepare, the wave and refit"
        told = json.dumps(prometheus.query('{__name__=~"gridfold_.+"}'))
        assert name not in told, "no series belongs to a single job"

        groups = prometheus.ask("/api/v1/rules")["groups"]
        assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
        panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
        queries = [target["expr"].replace("$__rate_interval", "1m") for panel in panels for target in panel["targets"]]
        empty = {query for query in queries if not prometheus.query(query)}
        # No provider of nodes is there, and perhaps no request has failed.
        assert {query for query in empty if "gridfold_capacity_" not in query and "code!~" not in query} == set()
