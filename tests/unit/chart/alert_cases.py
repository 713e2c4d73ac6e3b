"""For each alert: series under which it fires with these labels, and series under which it is quiet.

Series as promtool writes them, one value a minute: `0x60` is 61 times 0, `0+1x60` grows by 1 a minute.
"""

from dataclasses import dataclass, field

Series = dict[str, str]


@dataclass(frozen=True)
class Case:
    """One alert."""

    fires: Series
    quiet: tuple[Series, ...]
    labels: dict[str, str] = field(default_factory=dict)


EXCEPTIONS = 'gridfold_reconcile_duration_seconds_count{result="exception"}'
CASES = {
    "GridfoldDown": Case({"up": "0x90"}, ({'gridfold_build_info{version="1"}': "1x90"},)),
    "GridfoldNobodyLeads": Case(
        {'gridfold_leader{served="team",pod="a"}': "0x90", 'gridfold_leader{served="team",pod="b"}': "0x90"},
        ({'gridfold_leader{served="team",pod="a"}': "0x90", 'gridfold_leader{served="team",pod="b"}': "1x90"},),
        {"served": "team"},
    ),
    "GridfoldTwoLead": Case(
        {'gridfold_leader{served="team",pod="a"}': "1x90", 'gridfold_leader{served="team",pod="b"}': "1x90"},
        (
            {'gridfold_leader{served="team",pod="a"}': "1x90", 'gridfold_leader{served="other",pod="a"}': "1x90"},
            # One hands over to the other, and both are seen leading at one scrape.
            {'gridfold_leader{served="team",pod="a"}': "1x89 1", 'gridfold_leader{served="team",pod="b"}': "0x88 1 1"},
        ),
        {"served": "team"},
    ),
    "GridfoldNamespaceNotServed": Case(
        {'gridfold_unserved_namespaces{namespace="gf",pod="a"}': "2x90"},
        (
            {'gridfold_unserved_namespaces{namespace="gf",pod="a"}': "0x90"},
            {'gridfold_unserved_namespaces{namespace="gf",pod="a"}': "0x85 1x4"},
        ),
        {"namespace": "gf", "pod": "a"},
    ),
    "GridfoldJobUnanswered": Case(
        {"gridfold_oldest_job_without_status_seconds": "0+60x90"},
        ({"gridfold_oldest_job_without_status_seconds": "5x90"},),
    ),
    "GridfoldQueueWaits": Case(
        {"gridfold_queue_oldest_seconds": "90x90"}, ({"gridfold_queue_oldest_seconds": "30x85 90x4"},)
    ),
    "GridfoldReconcileStuck": Case(
        {"gridfold_reconcile_longest_running_seconds": "0+60x90"},
        ({"gridfold_reconcile_longest_running_seconds": "60x90"},),
    ),
    "GridfoldReconcileFaults": Case({EXCEPTIONS: "0+1x90"}, ({EXCEPTIONS: "7x90"},)),
    "GridfoldApiServerAway": Case(
        {
            'gridfold_api_requests_total{verb="get",resource="jobs",code="200"}': "0+60x90",
            'gridfold_api_requests_total{verb="get",resource="jobs",code="none"}': "0+6x90",
            'gridfold_api_requests_total{verb="get",resource="jobs",code="503"}': "0+6x90",
        },
        (
            {
                'gridfold_api_requests_total{verb="get",resource="jobs",code="200"}': "0+60x90",
                'gridfold_api_requests_total{verb="get",resource="jobs",code="404"}': "0+60x90",
                'gridfold_api_requests_total{verb="get",resource="jobs",code="503"}': "0+3x90",
            },
        ),
    ),
    "GridfoldForbidden": Case(
        {'gridfold_api_requests_total{verb="list",resource="pods",code="403"}': "0+1x90"},
        (
            # A quota forbids a Job: its TrainingJob says so, and its owner can do something.
            {'gridfold_api_requests_total{verb="create",resource="jobs",code="403"}': "0+1x90"},
            {'gridfold_api_requests_total{verb="list",resource="pods",code="403"}': "5x90"},
        ),
        {"verb": "list", "resource": "pods"},
    ),
    "GridfoldStatusNotWritten": Case(
        {'gridfold_status_writes_total{result="refused"}': "0+1x90"},
        (
            {
                'gridfold_status_writes_total{result="done"}': "0+9x90",
                'gridfold_status_writes_total{result="conflict"}': "0+1x90",
            },
        ),
        {"result": "refused"},
    ),
    "GridfoldWatchBreaks": Case(
        {'gridfold_watch_restarts_total{cause="gap"}': "0+1x120"},
        ({'gridfold_watch_restarts_total{cause="gap"}': "0x60 0+1x10 10x60"},),
    ),
    "GridfoldNodesTroubled": Case(
        {'gridfold_capacity_troubled_jobs{provider="big",reason="ProviderFailed"}': "1x90"},
        (
            {'gridfold_capacity_troubled_jobs{provider="big",reason="ProviderFailed"}': "0x70 1x20"},
            {'gridfold_capacity_troubled_jobs{provider="big",reason="NodesLate"}': "1x90"},
        ),
        {"provider": "big", "reason": "ProviderFailed"},
    ),
    "GridfoldNodesLate": Case(
        {'gridfold_capacity_troubled_jobs{provider="big",reason="NodesLate"}': "1x90"},
        (
            {'gridfold_capacity_troubled_jobs{provider="big",reason="NodesLate"}': "0x60 1x30"},
            {'gridfold_capacity_troubled_jobs{provider="big",reason="ProviderFailed"}': "1x90"},
            # Of jobs that come and go some nodes are always on their way, and none of them is late.
            {
                'gridfold_capacity_requested_nodes{provider="big"}': "3x90",
                'gridfold_capacity_ready_nodes{provider="big"}': "1x90",
            },
        ),
        {"provider": "big"},
    ),
    "GridfoldCellsFail": Case(
        {
            'gridfold_cells_total{outcome="failed"}': "0+3x120",
            'gridfold_cells_total{outcome="succeeded"}': "0+1x120",
        },
        (
            {
                'gridfold_cells_total{outcome="failed"}': "0+1x120",
                'gridfold_cells_total{outcome="succeeded"}': "0+3x120",
            },
            {
                'gridfold_cells_total{outcome="failed"}': "0x90 5x30",
                'gridfold_cells_total{outcome="succeeded"}': "0x120",
            },
        ),
    ),
}
