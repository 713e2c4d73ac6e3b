"""What time does to a job on the cluster, and what the list and Events say of one that waits."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, SECRET, ClusterJobs, condition, two_column_table
from tests.e2e.test_steering import WIDE, assert_complete, patch
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

EIGHT_CELLS = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0], "fit_intercept": [True, False]}]}
KINDS = ("jobs", "pods", "configmaps")


def wait_until_nothing_is_left(jobs: ClusterJobs, name: str) -> None:
    wait_until(
        lambda: f"{left} are left." if (left := [kind for kind in KINDS if jobs.children(kind, name)]) else None,
        timeout_seconds=60,
        what=f"The Jobs of {name} go, and all that belongs to them",
    )


def test_a_job_that_takes_too_long_goes_on_where_it_was_when_its_message_is_followed_even_after_its_jobs_are_gone(
    jobs: ClusterJobs,
) -> None:
    execution = {"parallelism": 1, "timeoutSeconds": 600, "ttlSecondsAfterFinished": 0}
    name = jobs.apply(jobs.manifest("slow", jobs.upload(two_column_table()), search=EIGHT_CELLS, execution=execution))
    status = jobs.wait(name, "estimates its end", lambda s: "estimatedCompletionTime" in s)
    assert set(status["leaderboard"][0]["scores"]) == {"accuracy", "precision", "recall", "f1"}
    assert {"mean", "std"} == set(status["leaderboard"][0]["scores"]["f1"])

    patch(jobs, name, {"execution": {"timeoutSeconds": 1}})
    status = jobs.wait(name, "fails", lambda s: s.get("state") == "Failed")
    assert (status["reason"], condition(status, "Failed")["reason"]) == ("DeadlineExceeded", "DeadlineExceeded")
    assert "raise timeoutSeconds" in condition(status, "Failed")["message"]
    done = status["cells"]["succeeded"]
    assert 1 <= done < 8
    wait_until_nothing_is_left(jobs, name)
    assert jobs.status(name) == status

    patch(jobs, name, {"execution": {"timeoutSeconds": 600, "parallelism": 4}})
    status = assert_complete(jobs, name)
    # The cell that ran when time was up may have stored its result before it was ended: then that is found.
    assert (status["progress"], status["cells"]["failed"]) == ("8/8", 0)
    assert done <= status["cells"]["succeeded"] <= 8
    wait_until_nothing_is_left(jobs, name)
    wide = jobs.kubectl("get", "tj", name, "--namespace", jobs.namespace, "--output", "wide")
    assert jobs.status(name) == status, "nothing flips when the Jobs are gone"
    assert status["duration"] in wide
    counts = Counter(event["reason"] for event in jobs.told(name, "Completed"))
    assert (counts["DeadlineExceeded"], counts["Retrying"], counts["Prepared"], counts["Completed"]) == (1, 1, 1, 1)


def test_more_and_fewer_cells_run_when_parallelism_is_edited_and_those_that_stay_are_the_same(
    jobs: ClusterJobs,
) -> None:
    def running() -> set[str]:
        stay = [p for p in jobs.children("pods", name, "cell") if "deletionTimestamp" not in p["metadata"]]
        return {p["metadata"]["uid"] for p in stay if p["status"]["phase"] == "Running"}

    manifest = jobs.manifest("resized", jobs.upload(two_column_table()), execution={"parallelism": 1}, **LONG_CELLS)
    name = jobs.apply(manifest)
    jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running") == 1)
    first = running()
    patch(jobs, name, {"execution": {"parallelism": 2}})
    jobs.wait(name, "runs two", lambda s: s["cells"]["running"] == 2)
    assert first < running()
    patch(jobs, name, {"execution": {"parallelism": 1}})
    jobs.wait(name, "runs one", lambda s: s["cells"]["running"] == 1)
    assert len(running()) == 1


#: Five jobs of this size have room beside each other, so that none of them waits for another cause than its own.
LIGHT = {"requests": {"cpu": "50m", "memory": "100Mi"}, "limits": {"memory": "700Mi"}}
LIMIT_RANGE = {
    "kind": "LimitRange",
    "metadata": {"name": "small"},
    "spec": {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]},
}
QUOTA = {"kind": "ResourceQuota", "metadata": {"name": "no-pods"}, "spec": {"hard": {"pods": "0"}}}
HALF_SECRET = {"kind": "Secret", "metadata": {"name": "half-a-secret"}, "stringData": {"AWS_ACCESS_KEY_ID": "x"}}


def test_a_job_that_waits_says_for_what_in_the_list_and_tells_when_that_begins_and_ends(jobs: ClusterJobs) -> None:
    """Five causes in one namespace: those of single jobs side by side, those of the namespace one after the other."""
    source = jobs.upload(two_column_table())

    def start(purpose: str, reason: str, **spec: Any) -> str:
        execution = {"resources": LIGHT, **spec.pop("execution", {})}
        name = jobs.apply(jobs.manifest(purpose, source, execution=execution, **spec))
        waiting[name] = reason
        return name

    def wait_until_told(*names: str) -> None:
        for name in names:
            jobs.wait(name, f"waits for {waiting[name]}", lambda s, r=waiting[name]: s.get("reason") == r)
            row = jobs.kubectl("get", "tj", name, "--namespace", jobs.namespace, "--no-headers").split()
            assert row[1:3] == ["Preparing", waiting[name]]

    def in_force(forbids: dict[str, Any]) -> str | None:
        """Return what is missing until no pod is let through: a quota counts once its controller has seen it."""
        name = (forbids["kind"], forbids["metadata"]["name"], "--namespace", jobs.namespace)
        seen = jobs.kubectl.get(*name).get("status", {}).get("hard") or forbids is not QUOTA
        return None if seen else "It has no status."

    def storage(secret: str) -> dict[str, Any]:
        return {"endpoint": jobs.testbed.s3_endpoint, "region": "us-east-1", "credentialsSecretName": secret}

    waiting: dict[str, str] = {}
    jobs.kubectl.apply({"apiVersion": "v1", **HALF_SECRET}, namespace=jobs.namespace)
    secretless = start("secretless", "FailedMount", storage=storage("no-such-secret"))
    keyless = start("keyless", "FailedMount", storage=storage("half-a-secret"))
    wide = start("wide", "Unschedulable", execution={"resources": WIDE})
    wait_until_told(secretless, keyless, wide)
    for purpose, forbids in (("limited", LIMIT_RANGE), ("counted", QUOTA)):
        jobs.kubectl.apply({"apiVersion": "v1", **forbids}, namespace=jobs.namespace)
        try:
            wait_until(lambda f=forbids: in_force(f), timeout_seconds=60, what=f"{purpose} counts", every_seconds=0.2)
            wait_until_told(start(purpose, "FailedCreate"))
        finally:
            jobs.kubectl("delete", forbids["kind"], forbids["metadata"]["name"], "--namespace", jobs.namespace)
    for name in (secretless, keyless):
        patch(jobs, name, {"storage": {"credentialsSecretName": SECRET}})
    patch(jobs, wide, {"execution": {"resources": LIGHT}})
    for name, cause in waiting.items():
        jobs.wait(name, "gets on", lambda s: "reason" not in s and condition(s, "DatasetReady")["status"] == "True")
        told = [(e["deprecatedFirstTimestamp"], e["type"], e["reason"]) for e in jobs.told(name, "Prepared")]
        begun = [time for time, kind, _ in told if kind == "Warning"]
        assert [reason for _, kind, reason in told if kind == "Warning"] == [cause], json.dumps(told)
        # A prepare that is over before the operator looks again is Prepared at once.
        ended = [time for time, kind, reason in told if kind == "Normal" and reason in {"Preparing", "Prepared"}]
        assert any(time >= begun[0] for time in ended), told
