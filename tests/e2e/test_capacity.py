"""Nodes come when cells need them and go when they do not: the real Karpenter with simulated machines."""

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.testbed.karpenter import running_karpenter
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

CELLS = 40


def test_cells_without_a_node_say_so_get_nodes_and_give_them_back(jobs: ClusterJobs) -> None:
    testbed = jobs.testbed.require_own()
    grid = [{"C": [round(0.1 * step, 1) for step in range(1, CELLS + 1)]}]
    manifest = jobs.manifest("nodes", jobs.upload(two_column_table()), search={"grid": grid})
    manifest["spec"]["execution"] = {
        "parallelism": CELLS,
        "resources": {"requests": {"cpu": "1", "memory": "160Mi"}, "limits": {"memory": "700Mi"}},
        "template": {
            "nodeSelector": {"karpenter.sh/nodepool": "e2e"},
            "tolerations": [{"key": "testbed.gridfold.dev/simulated", "operator": "Exists", "effect": "NoSchedule"}],
        },
        "prepare": {"template": {"nodeSelector": {}, "tolerations": []}},
    }
    name = jobs.apply(manifest)
    status = jobs.wait(name, "finds no node", lambda s: condition(s, "CapacityReady")["reason"] == "Unschedulable")
    lacking = condition(status, "CapacityReady")
    assert lacking["status"] == "False"
    assert "nodes are available" in lacking["message"], "the scheduler's own words"
    assert "node affinity/selector" in lacking["message"]
    assert condition(status, "Running")["status"] == "False"

    # Simulated cells end at once: their nodes stay a little, so that the pods can be looked at.
    with running_karpenter(testbed, pool="e2e", consolidate_after="10s"):
        ready = jobs.wait(name, "has nodes", lambda s: condition(s, "CapacityReady")["status"] == "True")
        assert condition(ready, "CapacityReady")["reason"] == "PodsScheduled"
        pods = jobs.children("pods", name, "cell")
        nodes = {pod["spec"].get("nodeName") for pod in pods}
        assert len(pods) >= CELLS
        assert None not in nodes, "every pod is bound"
        pool = jobs.kubectl.get("nodes", "--selector", "karpenter.sh/nodepool=e2e")["items"]
        assert nodes <= {node["metadata"]["name"] for node in pool}, "and to the pool's nodes only"
        prepare = jobs.children("pods", name, "prepare")
        assert {pod["spec"]["nodeName"] for pod in prepare} == {testbed.instance().node_name}
        jobs.delete(name)

        def missing() -> str | None:
            left = jobs.kubectl.get("nodes", "--selector", "karpenter.sh/nodepool=e2e")["items"]
            return f"{len(left)} nodes are left." if left else None

        wait_until(missing, timeout_seconds=120, what="The nodes are given back", every_seconds=0.5)
    assert jobs.children("jobs", name) == []
