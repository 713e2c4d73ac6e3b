"""A release that takes the kind with it (`crds.keep: false`) in the middle of jobs, and one that comes after it.

The kind belongs to the whole cluster, and this is the cluster that all tests share: one of its own would cost CI a
minute. It is safe for the others. Tests of a cluster run one after the other, and no TrainingJob is kept from one
module to the next; one that a finalizer keeps all the same would keep the kind in deletion, so it is looked for before.
What is kept, the session's operator, is part of this test: its job goes, and it outlives the kind and serves it again.
Whatever fails here, the kind is back at the end. Nobody else's cluster is touched.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.installation import chart_values, helm, upgrade
from tests.cluster.kind import NAME, ensure_kind, finalizers
from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, two_column_table
from tests.e2e.own_operator import own_operator
from tests.e2e.test_steering import assert_complete
from tests.e2e.test_whole_jobs import scores
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

FOUR_CELLS = {"grid": [{"C": [0.01, 1.0], "fit_intercept": [True, False]}]}


@pytest.fixture
def others(jobs: ClusterJobs) -> ClusterJobs:
    """The jobs of the session's operator, which knows nothing of the release that goes."""
    return jobs


@pytest.fixture
def going(testbed: Cluster, images: dict[str, str], others: ClusterJobs, bucket: Bucket) -> Iterator[ClusterJobs]:
    """The jobs of a release that the kind goes with. It is back before the others' jobs are cleaned up."""
    testbed.require_own()
    wait_until(lambda: held(testbed), timeout_seconds=60, what="No TrainingJob of another test holds the kind")
    try:
        with own_operator(testbed, images, bucket, crds={"install": True, "keep": False}) as made:
            yield made
    finally:
        ensure_kind(testbed.kubectl)


def held(testbed: Cluster) -> str | None:
    found = finalizers(testbed.kubectl)
    return f"Their finalizers are {found}." if found else None


def test_the_kind_goes_with_the_release_and_a_job_that_is_applied_again_after_it_finds_its_cells(
    going: ClusterJobs, others: ClusterJobs, testbed: Cluster, images: dict[str, str]
) -> None:
    restarts = others.operator.restarts()  # another test may have killed it before
    make_orphan(going)
    source = going.upload(two_column_table())
    long: dict[str, Any] = {**LONG_CELLS, "execution": {"parallelism": 1}}
    in_mid_cell = {jobs.apply(jobs.manifest("long", source, **long)): jobs for jobs in (going, others)}
    for name, its_jobs in in_mid_cell.items():
        its_jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) > 0)
    manifest = going.manifest("disturbed", source, search=FOUR_CELLS, execution={"parallelism": 1})
    disturbed = going.apply(manifest)
    going.wait(disturbed, "has a result", lambda s: s.get("cells", {}).get("succeeded", 0) >= 1)
    wait_until_the_garbage_collector_knows_the_kind(going)

    helm(testbed, "uninstall", "gridfold", "--namespace", going.operator.namespace)

    def left() -> str | None:
        found = [testbed.kubectl("get", "crd", NAME, "--ignore-not-found", "--output=name")]
        for name, its_jobs in [(disturbed, going), *in_mid_cell.items()]:
            for kind in ("jobs", "pods", "configmaps"):
                found += [f"{kind} {child['metadata']['name']}" for child in its_jobs.children(kind, name)]
        return f"Left are {', '.join(filter(None, found))}." if any(found) else None

    wait_until(left, timeout_seconds=90, what="The kind and all that belongs to it go", explain=others.operator.log)
    stored = stored_cells(going, disturbed)
    assert stored

    upgrade(testbed, going.operator.namespace, chart_values(images, (going.namespace,)))
    going.operator.wait_until_ready()
    undisturbed = others.apply(others.manifest("undisturbed", source, search=FOUR_CELLS))
    going.apply(manifest)
    status = assert_complete(going, disturbed)
    assert (status["cells"]["cached"], status["cells"]["succeeded"]) == (len(stored), 4 - len(stored))
    assert stored.items() <= stored_cells(going, disturbed).items(), "nothing that is stored is deleted or written anew"
    assert scores(going.results(status)) == scores(others.results(assert_complete(others, undisturbed)))
    assert others.operator.restarts() == restarts
    assert "Traceback" not in others.operator.log()


ORPHAN = "orphan"


def make_orphan(jobs: ClusterJobs) -> None:
    """Make a ConfigMap of a TrainingJob that is not there."""
    owner = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "name": "never", "uid": "there"}
    metadata = {"name": ORPHAN, "ownerReferences": [owner]}
    jobs.kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, namespace=jobs.namespace)


def wait_until_the_garbage_collector_knows_the_kind(jobs: ClusterJobs) -> None:
    """Wait until the orphan is gone: new kinds are looked for every 30 s, and this one may be newer than that."""

    def missing() -> str | None:
        words = ("get", "configmap", ORPHAN, "--namespace", jobs.namespace, "--ignore-not-found", "--output=name")
        return "The orphan is there." if jobs.kubectl(*words) else None

    wait_until(missing, timeout_seconds=120, what="The garbage collector knows the kind", every_seconds=0.3)


def stored_cells(jobs: ClusterJobs, name: str) -> dict[str, str]:
    """Return when each result of a job's cells was written."""
    listed = jobs.bucket.client.list_objects_v2(Bucket=jobs.bucket.name, Prefix=f"{name}/cache/cells/")
    return {entry["Key"]: str(entry["LastModified"]) for entry in listed.get("Contents", ())}
