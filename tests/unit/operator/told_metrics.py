"""The metrics that the operator tells: type and labels of each."""

OURS: dict[str, tuple[str, set[str]]] = {
    "gridfold_build_info": ("gauge", {"version"}),
    "gridfold_leader": ("gauge", {"served"}),
    "gridfold_jobs": ("gauge", {"state"}),
    "gridfold_oldest_job_without_status_seconds": ("gauge", set()),
    "gridfold_cells": ("counter", {"outcome"}),  # the parser takes _total away
    "gridfold_out_of_memory_waves": ("counter", set()),
    "gridfold_status_writes": ("counter", {"result"}),
    "gridfold_api_requests": ("counter", {"verb", "resource", "code"}),
    "gridfold_watch_restarts": ("counter", {"cause"}),
    "gridfold_unserved_namespaces": ("gauge", set()),
    "gridfold_queue_depth": ("gauge", set()),
    "gridfold_queue_oldest_seconds": ("gauge", set()),
    "gridfold_reconcile_longest_running_seconds": ("gauge", set()),
    "gridfold_reconcile_duration_seconds": ("histogram", {"result"}),
    "gridfold_capacity_requested_nodes": ("gauge", {"provider"}),
    "gridfold_capacity_ready_nodes": ("gauge", {"provider"}),
    "gridfold_capacity_node_seconds": ("counter", {"provider"}),
    "gridfold_capacity_troubled_jobs": ("gauge", {"provider", "reason"}),
}
