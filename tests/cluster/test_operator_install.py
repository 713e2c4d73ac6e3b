"""The installed operator: its rights on a real API server, and the default of serving every namespace."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.installation import Installation, chart_values, installed, make_namespace
from tests.cluster.rights import ALLOWED, ELECTED, SEES_LEADERS, rights
from tests.cluster.test_operator_process import started
from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
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
    assert rights(everywhere, namespace) == ALLOWED | SEES_LEADERS
    assert rights(everywhere, "kube-system") == ALLOWED | SEES_LEADERS | ELECTED
    assert everywhere.restarts() == 0


def pods_left(jobs: ClusterJobs, name: str) -> str | None:
    left = jobs.children("pods", name)
    return f"{len(left)} pods are left." if left else None


def test_a_namespace_with_running_cells_is_gone_within_a_minute_and_so_are_cells_of_a_job_that_a_finalizer_holds(
    everywhere: Installation, testbed: Cluster, bucket: Bucket
) -> None:
    served = make_namespace(testbed.kubectl, "leaving")
    jobs = ClusterJobs(testbed, served, bucket, everywhere)
    jobs.add_credentials()
    source = jobs.upload(two_column_table())
    held, running = (jobs.apply(jobs.manifest(purpose, source, **LONG_CELLS)) for purpose in ("held", "running"))
    for name in (held, running):
        jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) > 0)

    def set_finalizers(*names: str) -> None:
        patch = json.dumps({"metadata": {"finalizers": list(names)}})
        jobs.kubectl("patch", "trainingjob", held, "--namespace", served, "--type", "merge", "-p", patch)

    set_finalizers("example.com/audit")
    jobs.kubectl("delete", "trainingjob", held, "--namespace", served, "--wait=false")
    wait_until(lambda: pods_left(jobs, held), timeout_seconds=60, what="The cells of the held job end")
    set_finalizers()

    jobs.kubectl("delete", "namespace", served, "--wait=false")

    def missing() -> str | None:
        found = jobs.kubectl("get", "namespace", served, "--ignore-not-found", "-o", "json")
        return f"It is there: {found[-1500:]}" if found.strip() else None

    wait_until(missing, timeout_seconds=60, what="The namespace goes", explain=everywhere.log)
    assert everywhere.restarts() == 0


def test_a_namespace_with_an_operator_of_its_own_is_left_to_it_and_served_again_when_that_is_gone(
    everywhere: Installation, testbed: Cluster, namespace: str, bucket: Bucket, tmp_path: Path
) -> None:
    def wait_until_said(words: str) -> None:
        def missing() -> str | None:
            return None if f"namespace {namespace} is {words}" in everywhere.log() else f"It has not said {words!r}."

        wait_until(missing, timeout_seconds=60, what="The operator of all namespaces", explain=everywhere.log)

    def image_of(name: str) -> str:
        status = jobs.wait(name, "is begun or refused", lambda s: s.get("state") in {"Preparing", "Failed"})
        assert status["state"] == "Preparing", status["conditions"]
        (job,) = jobs.children("jobs", name)
        image: str = job["spec"]["template"]["spec"]["containers"][0]["image"]
        return image

    jobs = ClusterJobs(testbed, namespace, bucket, everywhere)
    own = {"image": "never-pulled-own:1", "allowedEndpoints": ["*"]}
    with started(tmp_path, str(testbed.kubeconfig), namespace, trainer=own) as (process, _):
        wait_until_said("left to an operator of its own")
        name = jobs.apply(jobs.manifest("own", f"{bucket.uri}/rows.csv"))
        assert image_of(name) == "never-pulled-own:1"
        process.terminate()
        process.wait(timeout=20)
    wait_until_said("served with all others again")
    name = jobs.apply(jobs.manifest("shared", f"{bucket.uri}/rows.csv"))
    assert image_of(name) != "never-pulled-own:1"
