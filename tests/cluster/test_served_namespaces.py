"""An operator of several namespaces, of which one goes and comes back while the other is served on."""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.installation import RESTRICTED, Installation, chart_values, installed, make_namespace, upgrade
from tests.cluster.rights import ALLOWED, ELECTED, rights
from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, Status, condition, two_column_table
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster


@pytest.fixture
def served(testbed: Cluster) -> Iterator[tuple[str, str]]:
    """Two namespaces."""
    names = make_namespace(testbed.kubectl, "stays"), make_namespace(testbed.kubectl, "goes")
    yield names
    testbed.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)


def is_accepted(status: Status) -> bool:
    return condition(status, "Accepted")["status"] == "True"


def said(installation: Installation, words: str) -> Callable[[], str | None]:
    return lambda: None if words in installation.log() else f"It has not said {words!r}."


def test_a_namespace_that_goes_is_told_leaves_the_other_alone_and_is_served_again_when_it_is_back(
    testbed: Cluster, images: dict[str, str], bucket: Bucket, served: tuple[str, str]
) -> None:
    stays, goes = served
    kubectl, values = testbed.kubectl, chart_values(images, served, resyncSeconds=5)

    def apply_job(installation: Installation, namespace: str) -> tuple[ClusterJobs, str]:
        jobs = ClusterJobs(testbed, namespace, bucket, installation)
        jobs.add_credentials()
        return jobs, jobs.apply(jobs.manifest("long", jobs.upload(two_column_table()), **LONG_CELLS))

    with installed(testbed, values) as installation:
        found = {namespace: rights(installation, namespace) for namespace in (*served, "default", "kube-system")}
        served_ones = {stays: ALLOWED | ELECTED, goes: ALLOWED | ELECTED}
        assert found == {**served_ones, "default": set(), "kube-system": set()}

        jobs, name = apply_job(installation, goes)
        jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) > 0)
        kubectl("delete", "namespace", goes, "--wait=false")
        wait_until(
            lambda: kubectl("get", "namespace", goes, "--ignore-not-found", "-o", "json").strip() or None,
            timeout_seconds=60,
            what="The namespace goes",
            explain=installation.log,
        )
        words = f"namespace {goes} is not served, and tried again: "
        wait_until(said(installation, words), timeout_seconds=60, what="The operator", explain=installation.log)

        jobs, name = apply_job(installation, stays)
        jobs.wait(name, "is accepted", is_accepted, seconds=30)
        jobs.delete(name)

        kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": goes, "labels": RESTRICTED}})
        upgrade(testbed, installation.namespace, values)
        jobs, name = apply_job(installation, goes)
        jobs.wait(name, "is accepted", is_accepted, seconds=90)

        kubectl("delete", "rolebinding", "gridfold", "--namespace", goes)
        words = "403: trainingjobs.gridfold.dev is forbidden"
        wait_until(said(installation, words), timeout_seconds=60, what="The operator", explain=installation.log)
        assert installation.restarts() == 0
        assert installation.pod()["status"]["containerStatuses"][0]["ready"]
