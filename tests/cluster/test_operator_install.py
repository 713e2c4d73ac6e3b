"""The installed operator: its rights on a real API server, and the default of serving every namespace."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.installation import Installation, chart_values, installed
from tests.e2e.cluster_jobs import ClusterJobs, condition
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def everywhere(testbed: Cluster, images: dict[str, str]) -> Iterator[Installation]:
    """An operator that serves all namespaces."""
    with installed(testbed, chart_values(images, ())) as installation:
        yield installation


def may(installation: Installation, verb: str, group: str, resource: str, namespace: str) -> bool:
    """Ask the API server what the operator may do."""
    resource, _, subresource = resource.partition("/")
    attributes = {
        "namespace": namespace,
        "verb": verb,
        "group": group,
        "resource": resource,
        "subresource": subresource,
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": installation.service_account, "resourceAttributes": attributes},
    }
    answer = json.loads(installation.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review)))
    allowed: bool = answer["status"]["allowed"]
    return allowed


FORBIDDEN = [
    ("get", "", "secrets"),
    ("list", "", "secrets"),
    ("create", "", "pods"),
    ("delete", "", "pods"),
    ("create", "", "pods/exec"),
    ("get", "", "pods/log"),
    ("patch", "", "configmaps"),
    ("create", "", "serviceaccounts/token"),
    ("patch", "", "nodes"),
    ("patch", "gridfold.dev", "trainingjobs"),
    ("delete", "gridfold.dev", "trainingjobs"),
    ("create", "rbac.authorization.k8s.io", "rolebindings"),
    ("create", "apps", "deployments"),
]


def test_it_serves_a_namespace_that_is_made_later_and_has_no_right_that_it_does_not_need(
    everywhere: Installation, testbed: Cluster, namespace: str, bucket: Bucket
) -> None:
    jobs = ClusterJobs(testbed, namespace, bucket, everywhere)
    name = jobs.apply(jobs.manifest("served", f"{bucket.uri}/rows.csv"))
    status = jobs.wait(name, "is accepted", lambda s: condition(s, "Accepted")["status"] == "True")
    assert status["state"] == "Preparing"
    (job,) = jobs.children("jobs", name)
    assert job["metadata"]["labels"]["gridfold.dev/stage"] == "prepare"
    assert may(everywhere, "create", "batch", "jobs", namespace)
    assert [what for what in FORBIDDEN if may(everywhere, *what, namespace)] == []
    assert everywhere.restarts() == 0
