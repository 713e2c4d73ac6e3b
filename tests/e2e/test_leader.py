"""Two replicas, of which the leader is killed, stopped, cut off and replaced in the middle of a job."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.audit import out_of_turn, writes_of
from tests.e2e.cluster_faults import cut_off_pod, held_cell, kill_pod, stopped_pods
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.e2e.own_operator import own_operator
from tests.e2e.test_steering import patch
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

#: So long that the kubelet's probes, too, have got no answer.
STOPPED_SECONDS = 60.0
FOUR_CELLS = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0]}]}


@pytest.fixture
def jobs(testbed: Cluster, images: dict[str, str], session_bucket: Bucket) -> Iterator[ClusterJobs]:
    """The jobs of an operator with two replicas."""
    with own_operator(testbed, images, session_bucket, replicas=2, leaderElection={"leaseSeconds": 10}) as made:
        yield made


def test_a_leader_that_is_killed_stopped_cut_off_and_replaced_is_followed_and_writes_nothing_when_it_is_back(
    jobs: ClusterJobs,
) -> None:
    instance, operator = jobs.testbed.require_own().instance(), jobs.operator
    manifest = jobs.manifest("led", jobs.upload(two_column_table()), search=FOUR_CELLS, execution={"parallelism": 1})
    name = jobs.apply(manifest)
    led: list[str] = []

    def another() -> None:
        """Wait until a pod leads that has not led the moment before, and have it do something."""
        found: list[str] = []

        def missing() -> str | None:
            found[:] = operator.leaders()
            (leader,) = found
            return "The same one leads as before, or none." if leader in {"", *led[-1:]} else None

        wait_until(missing, timeout_seconds=120, what="Another one leads", explain=operator.explain)
        led.extend(found)
        patch(jobs, name, {"execution": {"ttlSecondsAfterFinished": 80_000 + len(led)}})
        generation = jobs.kubectl.get("trainingjob", name, "--namespace", jobs.namespace)["metadata"]["generation"]
        jobs.wait(name, "has been looked at", lambda s: s.get("observedGeneration") == generation)

    with held_cell(jobs, name, seconds=240):  # so that the job cannot end before all has happened
        another()
        kill_pod(jobs, operator.pods()[led[-1]])
        another()
        operator.wait_until_ready()
        with stopped_pods([operator.pods()[led[-1]]]):  # it goes on as soon as it is deposed
            another()
        operator.wait_until_ready()
        with stopped_pods([operator.pods()[led[-1]]]):
            until = time.monotonic() + STOPPED_SECONDS
            another()
            time.sleep(max(0.0, until - time.monotonic()))
        operator.wait_until_ready()
        with cut_off_pod(operator.pods()[led[-1]]):
            another()
        operator.wait_until_ready()
        jobs.kubectl("rollout", "restart", "deployment/gridfold", "--namespace", operator.namespace)
        operator.wait_until_ready()  # one of the old ones may lead until then
        another()
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status
    assert status["cells"]["succeeded"] == 4
    assert jobs.pods_per_index(name) == {f"0/{index}": 1 for index in range(4)}, "a cell ran twice"
    writes = writes_of(instance.audit_log, operator.service_account)
    assert {write.pod for write in writes if write.resource == "trainingjobs/status"} >= set(led)
    assert out_of_turn(writes) == []
    late = [replace(write, received="9999") for write in writes if (write.pod, write.resource) == (led[0], "jobs")]
    assert len(out_of_turn([*writes, late[0]])) == 1, "a late write would be found"
