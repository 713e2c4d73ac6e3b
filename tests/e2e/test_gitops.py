"""A TrainingJob that a GitOps tool keeps applying at every stage of its life: nothing drifts, nothing starts anew."""

import json
from typing import Any

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, Status, two_column_table
from tests.testbed.errors import TestbedError
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

NOWHERE = {"template": {"nodeSelector": {"test.gridfold.dev/nowhere": ""}}}
#: What of a spec keeps a job at a stage, or brings it there, by the stage's state.
STAGES: dict[str, dict[str, Any]] = {
    "Preparing": {"execution": {"prepare": NOWHERE}},
    "Suspended": {"suspend": True},
    "Refitting": {"execution": {"refit": NOWHERE}},
    "Complete": {},
    "Failed": {"estimator": {"className": "sklearn.linear_model.LogisticRegression", "parameters": {"max_iter": -1}}},
    "Running": LONG_CELLS,
}


def test_the_manifest_of_a_job_differs_in_nothing_at_any_stage_and_may_be_applied_by_another_manager(
    jobs: ClusterJobs,
) -> None:
    source = jobs.upload(two_column_table())
    manifests = {state: jobs.manifest(state.lower(), source, **spec) for state, spec in STAGES.items()}

    def check(state: str, name: str) -> None:
        jobs.wait(name, f"is {state}", lambda status: has_come(status, state))
        assert_nothing_drifts(jobs, name, manifests[state])
        assert jobs.status(name)["state"] == state

    *quiet, busy = STAGES  # the last one takes all processors
    names = {state: jobs.apply(manifests[state]) for state in quiet}
    for state, name in names.items():
        check(state, name)
    check(busy, jobs.apply(manifests[busy]))


def has_come(status: Status, state: str) -> bool:
    """Tell whether a job is at a stage, and long enough to have a pod there."""
    waits = state in {"Preparing", "Refitting"}
    runs = state != "Running" or status.get("cells", {}).get("running", 0) > 0
    return status.get("state") == state and runs and (status.get("reason") == "Unschedulable" or not waits)


def assert_nothing_drifts(jobs: ClusterJobs, name: str, manifest: dict[str, Any]) -> None:
    """Compare as kubectl and Argo CD do, and have another manager apply the same."""
    text, again = json.dumps(manifest), ["--namespace", jobs.namespace, "--filename", "-"]
    by_argo = ["--server-side", "--field-manager=argocd-controller"]
    before = jobs.kubectl.get("trainingjob", name, "--namespace", jobs.namespace)

    def different() -> str | None:
        """Return what differs; a status that is written between the two reads of a comparison differs but once."""
        try:
            return jobs.kubectl("diff", *again, stdin=text) + jobs.kubectl("diff", *by_argo, *again, stdin=text) or None
        except TestbedError as error:
            return str(error)

    wait_until(different, timeout_seconds=30, what=f"{name} is as it is applied")
    jobs.kubectl("apply", *by_argo, *again, stdin=text)
    after = jobs.kubectl.get("trainingjob", name, "--namespace", jobs.namespace)
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["spec"] == before["spec"]
    assert after["status"].get("runDigest") == before["status"].get("runDigest")
