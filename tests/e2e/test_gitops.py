"""A TrainingJob that a GitOps tool keeps applying while it runs: nothing drifts, nothing starts anew."""

import json

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, two_column_table

pytestmark = pytest.mark.cluster


def test_the_manifest_of_a_running_job_differs_in_nothing_and_may_be_applied_by_another_manager(
    jobs: ClusterJobs,
) -> None:
    manifest = jobs.manifest("gitops", jobs.upload(two_column_table()), **LONG_CELLS)
    name = jobs.apply(manifest)
    # Nothing is written from then on until one ends.
    jobs.wait(name, "both cells run", lambda status: status.get("cells", {}).get("running", 0) == 2)
    before = jobs.kubectl.get("trainingjob", name, "--namespace", jobs.namespace)
    text = json.dumps(manifest)
    again = ["--namespace", jobs.namespace, "--filename", "-"]
    assert jobs.kubectl("diff", *again, stdin=text) == ""
    by_argo = ["--server-side", "--field-manager=argocd-controller"]
    assert jobs.kubectl("diff", *by_argo, *again, stdin=text) == ""
    jobs.kubectl("apply", *by_argo, *again, stdin=text)
    after = jobs.kubectl.get("trainingjob", name, "--namespace", jobs.namespace)
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["spec"] == before["spec"]
    assert after["status"]["runDigest"] == before["status"]["runDigest"]
