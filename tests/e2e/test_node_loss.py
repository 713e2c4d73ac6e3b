"""A node goes with the cells that run on it: nothing is counted as a failure, and the status tells what is missing."""

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, Status, condition, two_column_table
from tests.e2e.test_steering import assert_complete, patch
from tests.testbed.simulated import Placement, simulated_nodes, toleration
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

GROUP = "lost"
RUNS_FOR = "testbed.gridfold.dev/runs-for=1h"  #: or a simulated pod ends at once
CELLS = 2


def running(status: Status) -> tuple[int, int, int]:
    cells = status.get("cells") or {}
    return cells.get("running", 0), cells.get("pending", 0), cells.get("failed", 0)


def wait_for_new_pods(jobs: ClusterJobs, name: str, before: set[str]) -> set[str]:
    """Wait until every cell has a pod that was not there before, and return these pods' names."""
    found: set[str] = set()

    def missing() -> str | None:
        pods = {pod["metadata"]["name"]: pod for pod in jobs.children("pods", name, "cell")}
        found.clear()
        found.update(pods.keys() - before)
        return None if len(found) == CELLS else f"There are {sorted(found)}, and before there were {sorted(before)}."

    wait_until(missing, timeout_seconds=180, what="Every cell has a new pod", explain=lambda: jobs.explain(name))
    return found


def test_cells_of_a_node_that_is_lost_are_made_again_and_not_counted_as_failed(jobs: ClusterJobs) -> None:
    jobs.testbed.require_own()
    place = Placement({"testbed.gridfold.dev/nodes": GROUP}, [toleration(GROUP)])
    manifest = jobs.manifest("nodeless", jobs.upload(two_column_table()))
    manifest["spec"]["execution"] |= {
        "retries": 0,
        "template": {"nodeSelector": place.node_selector, "tolerations": place.tolerations},
        "prepare": {"template": {"nodeSelector": {}, "tolerations": []}},
        "refit": {"template": {"nodeSelector": {}, "tolerations": []}},
    }
    name = jobs.apply(manifest)
    jobs.wait(name, "finds no node", lambda s: condition(s, "CapacityReady")["reason"] == "Unschedulable")
    before = wait_for_new_pods(jobs, name, set())
    jobs.kubectl("annotate", "pods", "--namespace", jobs.namespace, *before, RUNS_FOR)
    with simulated_nodes(jobs.kubectl, GROUP):
        jobs.wait(name, "runs its cells", lambda s: running(s) == (CELLS, 0, 0))
        jobs.kubectl("delete", "node", f"{GROUP}-0", "--wait=false")
        # The cluster's collector of garbage takes the pods of a node that is gone after 40 to 60 seconds.
        after = wait_for_new_pods(jobs, name, before)
        status = jobs.wait(
            name,
            "tells it, and that nothing has failed, though no retry is allowed",
            lambda s: condition(s, "CapacityReady")["status"] == "False" and running(s) == (0, CELLS, 0),
        )
    assert condition(status, "CapacityReady")["reason"] == "Unschedulable"
    assert "nodes are available" in condition(status, "CapacityReady")["message"]
    assert condition(status, "Running")["status"] == "False"
    (wave,) = jobs.children("jobs", name, "cell")
    assert (wave["status"].get("failed", 0), wave["status"]["active"]) == (0, CELLS), f"{before} became {after}"
    patch(jobs, name, {"execution": {"template": None}})
    status = assert_complete(jobs, name)
    assert (status["cells"]["succeeded"], status["cells"]["failed"]) == (CELLS, 0)
    assert [row["outcome"] for row in jobs.results(status)] == ["succeeded"] * CELLS
