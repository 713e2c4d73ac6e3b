"""A second release of the chart beside one that has brought the kind, as docs/install.md has it."""

import pytest

from tests.cluster.installation import CHART, Installation, chart_values, helm, make_namespace
from tests.e2e.cluster_jobs import ClusterJobs, two_column_table
from tests.e2e.test_steering import assert_complete
from tests.testbed.errors import TestbedError
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster


def test_a_second_release_is_refused_the_kind_and_serves_its_own_namespace_without_it(
    jobs: ClusterJobs, testbed: Cluster, images: dict[str, str], session_bucket: Bucket, namespace: str
) -> None:
    kubectl, values = testbed.kubectl, chart_values(images, (namespace,))
    system = make_namespace(kubectl, "gridfold-second")
    words = ("install", "gridfold", str(CHART), "--namespace", system)
    try:
        with pytest.raises(TestbedError, match="exists and cannot be imported into the current release"):
            helm(testbed, *words, values=values)
        assert kubectl.get("deployments", "--namespace", system)["items"] == []
        helm(testbed, *words, "--set", "crds.install=false", values=values)
        second = Installation(kubectl, system, (namespace,))
        second.wait_until_ready()
        its_jobs = ClusterJobs(testbed, namespace, session_bucket, second)
        its_jobs.add_credentials()
        for made in (its_jobs, jobs):
            assert_complete(made, made.apply(made.manifest("beside", made.upload(two_column_table()))))
        its_jobs.delete(*its_jobs.names)
    finally:
        helm(testbed, "uninstall", "gridfold", "--namespace", system, "--ignore-not-found")
        kubectl("delete", "namespace", system, "--wait=false")
