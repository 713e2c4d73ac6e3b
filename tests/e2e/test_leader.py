"""Two replicas, of which the leader is killed in the middle of a job, and the other one replaced by a rollout."""

from collections.abc import Iterator

import pytest

from tests.cluster.installation import chart_values, installed, make_namespace
from tests.e2e.cluster_faults import kill_pod
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster

EIGHT_CELLS = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0], "fit_intercept": [True, False]}]}


@pytest.fixture
def jobs(testbed: Cluster, images: dict[str, str], session_bucket: Bucket) -> Iterator[ClusterJobs]:
    """The jobs of an operator with two replicas."""
    namespace = make_namespace(testbed.kubectl, "e2e")
    election = {"leaseSeconds": 10}
    try:
        with installed(
            testbed, chart_values(images, (namespace,), replicas=2, leaderElection=election)
        ) as installation:
            made = ClusterJobs(testbed, namespace, session_bucket, installation)
            made.add_credentials()
            yield made
    finally:
        testbed.kubectl("delete", "namespace", namespace, "--wait=false")


def test_a_leader_that_is_killed_and_one_that_is_replaced_are_followed_and_no_cell_runs_twice(
    jobs: ClusterJobs,
) -> None:
    jobs.testbed.require_own()
    operator = jobs.operator
    manifest = jobs.manifest("led", jobs.upload(two_column_table()), search=EIGHT_CELLS, execution={"parallelism": 1})
    name = jobs.apply(manifest)
    jobs.wait(name, "has finished a cell", lambda s: s.get("cells", {}).get("succeeded", 0) > 0)
    (first,) = operator.leaders()
    kill_pod(jobs, operator.pods()[first])
    operator.wait_until_ready()
    (second,) = operator.leaders()
    assert second != first
    jobs.kubectl("rollout", "restart", "deployment/gridfold", "--namespace", operator.namespace)
    operator.wait_until_ready()
    (third,) = operator.leaders()
    assert third not in {first, second}
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status
    assert status["cells"]["succeeded"] == 8
    assert jobs.pods_per_index(name) == {f"0/{index}": 1 for index in range(8)}, "a cell ran twice"
