"""Write the chart's dashboard for Grafana, or with --check tell whether it is as it would be written.

By hand: it is one kind of panel, a dictionary of ten keys. grafanalib has had no release since January 2024, and
grafana-foundation-sdk is a package for each version of Grafana (2 MB of generated builders), of which one would have to
be chosen, while every newer Grafana migrates a schemaVersion. What can be wrong is the queries, which promtool and a
real Prometheus judge in the tests.
"""

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "charts" / "gridfold" / "files" / "dashboard.json"
WIDTH, HEIGHT, COLUMNS = 8, 7, 3
RATE = "$__rate_interval"
TIMES = f"sum by (le) (rate(gridfold_reconcile_duration_seconds_bucket[{RATE}]))"
#: Of the operator's processes alone.
OURS = "* on (instance) group_left (version) gridfold_build_info"

#: Title, what it shows, unit of Grafana, and its queries with their legends.
PANELS: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("TrainingJobs", "By state.", "short", (("sum by (state) (gridfold_jobs)", "{{state}}"),)),
    (
        "Cells",
        "That need no more work, a second, by outcome.",
        "cps",
        ((f"sum by (outcome) (rate(gridfold_cells_total[{RATE}]))", "{{outcome}}"),),
    ),
    (
        "Leaders",
        "How many operators say that they lead: 1 is right.",
        "short",
        (("sum by (served) (gridfold_leader)", "{{served}}"), ("sum(gridfold_unserved_namespaces)", "not served")),
    ),
    (
        "Waiting",
        "How long jobs wait for a worker, and for their first status.",
        "s",
        (
            ("max(gridfold_queue_oldest_seconds)", "for a worker"),
            ("max(gridfold_oldest_job_without_status_seconds)", "for a first status"),
        ),
    ),
    ("Queue", "Jobs that are due and wait.", "short", (("sum(gridfold_queue_depth)", "due"),)),
    (
        "Looks at jobs",
        "A second, by how they ended.",
        "ops",
        ((f"sum by (result) (rate(gridfold_reconcile_duration_seconds_count[{RATE}]))", "{{result}}"),),
    ),
    (
        "How long a look takes",
        "Median, 99 of 100, and the longest that goes on.",
        "s",
        (
            (f"histogram_quantile(0.5, {TIMES})", "half"),
            (f"histogram_quantile(0.99, {TIMES})", "99 %"),
            ("max(gridfold_reconcile_longest_running_seconds)", "goes on"),
        ),
    ),
    (
        "Requests to the API server",
        "A second, by verb and resource.",
        "reqps",
        ((f"sum by (verb, resource) (rate(gridfold_api_requests_total[{RATE}]))", "{{verb}} {{resource}}"),),
    ),
    (
        "Requests without an answer to stand by",
        "A second, by code. 404 and 409 are part of the work.",
        "reqps",
        ((f'sum by (code) (rate(gridfold_api_requests_total{{code!~"2..|404|409"}}[{RATE}]))', "{{code}}"),),
    ),
    (
        "Statuses written",
        "A second, by how that ended.",
        "wps",
        ((f"sum by (result) (rate(gridfold_status_writes_total[{RATE}]))", "{{result}}"),),
    ),
    (
        "Begun anew",
        "Watches of pods by cause, and waves with more memory, an hour.",
        "short",
        (
            ("sum by (cause) (increase(gridfold_watch_restarts_total[1h]))", "watch: {{cause}}"),
            ("sum(increase(gridfold_out_of_memory_waves_total[1h]))", "wave with more memory"),
        ),
    ),
    (
        "Nodes for jobs",
        "Granted and ready, by provider.",
        "short",
        (
            ("sum by (provider) (gridfold_capacity_requested_nodes)", "{{provider}} granted"),
            ("sum by (provider) (gridfold_capacity_ready_nodes)", "{{provider}} ready"),
            ("sum by (provider, reason) (gridfold_capacity_troubled_jobs)", "{{provider}}: {{reason}}"),
        ),
    ),
    (
        "Node-hours of a day",
        "By provider.",
        "short",
        (("sum by (provider) (increase(gridfold_capacity_node_seconds_total[1d])) / 3600", "{{provider}}"),),
    ),
    (
        "Memory",
        "Of the operator's processes.",
        "bytes",
        ((f"process_resident_memory_bytes {OURS}", "{{instance}} {{version}}"),),
    ),
    (
        "Processor",
        "Of the operator's processes, in cores.",
        "short",
        ((f"rate(process_cpu_seconds_total[{RATE}]) {OURS}", "{{instance}}"),),
    ),
)


def build_panel(number: int) -> dict[str, Any]:
    """Return one panel in its place."""
    title, words, unit, queries = PANELS[number]
    row, column = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "description": words,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend}
            for index, (query, legend) in enumerate(queries)
        ],
    }


def build_dashboard() -> dict[str, Any]:
    """Return the whole dashboard."""
    return {
        "uid": "gridfold-operator",
        "title": "Gridfold",
        "tags": ["gridfold"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [build_panel(number) for number in range(len(PANELS))],
    }


def main() -> int:
    text = json.dumps(build_dashboard(), indent=1) + "\n"
    if "--check" not in sys.argv:
        FILE.write_text(text, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != text:
        print(f"{FILE.name} is not what hack/dashboard.py writes; run `make crds`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
