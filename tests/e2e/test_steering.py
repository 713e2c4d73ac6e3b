"""How its owner steers a job on the cluster: the advice of a failed one, another try, suspend and resume."""

import json
import re
import secrets
from typing import Any

import pytest

from tests.e2e.cluster_jobs import RESOURCES, ClusterJobs, condition, two_column_table
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

TIGHT = {"requests": {"cpu": "400m", "memory": "24Mi"}, "limits": {"memory": "24Mi"}}
WIDE = {"requests": {"cpu": "64", "memory": "160Mi"}, "limits": {"memory": "700Mi"}}


def patch(jobs: ClusterJobs, name: str, spec: dict[str, Any]) -> None:
    words = ("patch", "trainingjob", name, "--namespace", jobs.namespace, "--type", "merge", "-p")
    jobs.kubectl(*words, json.dumps({"spec": spec}))


def assert_complete(jobs: ClusterJobs, name: str) -> dict[str, Any]:
    status = jobs.wait(name, "completes", lambda s: condition(s, "Complete")["status"] == "True")
    assert condition(status, "Failed")["status"] != "True"
    assert condition(status, "CapacityReady")["status"] != "False"
    return status


def test_a_job_that_ran_out_of_memory_completes_when_its_message_is_followed(jobs: ClusterJobs) -> None:
    name = jobs.apply(jobs.manifest("tight", jobs.upload(two_column_table()), execution={"resources": TIGHT}))
    status = jobs.wait_until_it_ends(name)
    failed = condition(status, "Failed")
    assert failed["reason"] == "OutOfMemory"
    assert "raise spec.execution.resources.limits.memory" in failed["message"]
    patch(jobs, name, {"execution": {"resources": RESOURCES}})
    assert_complete(jobs, name)
    assert [event["reason"] for event in jobs.events(name)].count("Retrying") == 1


def test_a_job_whose_data_was_missing_is_tried_again_by_a_change_of_retry(jobs: ClusterJobs) -> None:
    source = jobs.upload("a,b,y\n")
    jobs.bucket.client.delete_object(Bucket=jobs.bucket.name, Key=source.removeprefix(f"{jobs.bucket.uri}/"))
    name = jobs.apply(jobs.manifest("late", source))
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Failed")["reason"] == "ObjectMissing"
    key = source.removeprefix(f"{jobs.bucket.uri}/")
    jobs.bucket.client.put_object(Bucket=jobs.bucket.name, Key=key, Body=two_column_table().encode())
    patch(jobs, name, {"retry": 1})
    assert_complete(jobs, name)


def test_a_stage_that_waits_for_a_node_takes_over_the_request_that_was_lowered(jobs: ClusterJobs) -> None:
    name = jobs.apply(jobs.manifest("wide", jobs.upload(two_column_table()), execution={"resources": WIDE}))
    jobs.wait(name, "finds no node", lambda s: condition(s, "CapacityReady")["reason"] == "Unschedulable")
    patch(jobs, name, {"execution": {"resources": RESOURCES}})
    assert_complete(jobs, name)


def test_a_quota_on_jobs_is_told_once_in_words_and_heals_when_it_goes(jobs: ClusterJobs) -> None:
    hard = {"count/jobs.batch": "0"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-jobs"}, "spec": {"hard": hard}}
    jobs.kubectl.apply(quota, namespace=jobs.namespace)
    try:
        name = jobs.apply(jobs.manifest("jobless", jobs.upload(two_column_table())))
        status = jobs.wait(name, "says what refuses it", lambda s: condition(s, "Running")["reason"] == "QuotaExceeded")
        message = condition(status, "Running")["message"]
        assert "exceeded quota: no-jobs" in message
        assert "Raise the quota" in message
        assert "/apis/" not in message
    finally:
        jobs.kubectl("delete", "resourcequota", "no-jobs", "--namespace", jobs.namespace)
    assert_complete(jobs, name)
    assert [event["reason"] for event in jobs.events(name)].count("QuotaExceeded") == 1


def test_a_suspended_job_keeps_its_results_and_goes_on_where_it_was(jobs: ClusterJobs) -> None:
    refused = jobs.apply(
        jobs.manifest("refused", "s3://nowhere/x.csv", search={"grid": [{"C": [1, 2]}], "maxCells": 1})
    )
    jobs.wait(refused, "is refused", lambda s: condition(s, "Accepted")["status"] == "False")
    version = jobs.kubectl.get("trainingjob", refused, "--namespace", jobs.namespace)["metadata"]["resourceVersion"]

    grid = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0], "fit_intercept": [True, False]}]}
    execution = {"parallelism": 1}
    name = jobs.apply(jobs.manifest("paused", jobs.upload(two_column_table()), search=grid, execution=execution))
    jobs.wait(name, "has a result", lambda s: s.get("cells", {}).get("succeeded", 0) >= 1)
    patch(jobs, name, {"suspend": True})
    jobs.wait(name, "is suspended", lambda s: s.get("state") == "Suspended")
    wait_until(
        lambda: (
            f"{left} run."
            if (left := sum(p["status"]["phase"] == "Running" for p in jobs.children("pods", name)))
            else None
        ),
        timeout_seconds=60,
        what="The suspended job's pods go",
    )
    status = jobs.status(name)
    assert condition(status, "Suspended")["status"] == "True"
    done = status["cells"]["succeeded"]
    assert 1 <= done < 8
    patch(jobs, name, {"suspend": False})
    status = assert_complete(jobs, name)
    assert (status["progress"], condition(status, "Suspended")["status"]) == ("8/8", "False")
    counts = jobs.pods_per_index(name)
    assert [counts[f"0/{index}"] for index in range(done)] == [1] * done

    now = jobs.kubectl.get("trainingjob", refused, "--namespace", jobs.namespace)["metadata"]["resourceVersion"]
    assert now == version, "a refused job is written at rest"
    jobs.told(name, "Completed")
    told = jobs.kubectl("describe", "trainingjob", name, "--namespace", jobs.namespace)
    order = re.findall(r"^ +(?:Normal|Warning) +(\w+) ", told[told.index("Events:") :], re.MULTILINE)
    wanted = ["Preparing", "Prepared", "Searching", "Suspended", "Refitting", "Completed"]
    assert set(wanted) <= set(order), order
    firsts = [order.index(reason) for reason in wanted]
    assert firsts == sorted(firsts), order


def test_progress_does_not_fall_when_somebody_deletes_the_jobs_of_a_run(jobs: ClusterJobs) -> None:
    grid, execution = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0]}]}, {"parallelism": 1}
    name = jobs.apply(jobs.manifest("robbed", jobs.upload(two_column_table()), search=grid, execution=execution))
    status = jobs.wait(name, "has a result", lambda s: s.get("cells", {}).get("succeeded", 0) >= 1)
    before = int(status["progress"].partition("/")[0])
    (wave,) = (job["metadata"]["name"] for job in jobs.children("jobs", name, "cell"))
    jobs.kubectl("delete", "job", wave, "--namespace", jobs.namespace)
    seen = []
    jobs.wait(name, "completes", lambda s: seen.append(s["progress"]) or condition(s, "Complete")["status"] == "True")
    progress = [int(text.partition("/")[0]) for text in seen]
    assert progress[0] >= before
    assert progress == sorted(progress)
    assert progress[-1] == 4


def test_an_input_that_somebody_deleted_while_its_pods_waited_is_made_again(jobs: ClusterJobs) -> None:
    mark = f"test.gridfold.dev/{secrets.token_hex(4)}"
    anywhere = {"template": {"nodeSelector": {"kubernetes.io/os": "linux"}}}
    execution = {"template": {"nodeSelector": {mark: ""}}, "prepare": anywhere, "refit": anywhere}
    name = jobs.apply(jobs.manifest("inputless", jobs.upload(two_column_table()), execution=execution))
    jobs.wait(
        name, "has cells without a node", lambda s: s.get("state") == "Running" and s.get("reason") == "Unschedulable"
    )
    (lost,) = (found["metadata"] for found in jobs.children("configmaps", name))
    jobs.kubectl("delete", "configmap", lost["name"], "--namespace", jobs.namespace)
    jobs.kubectl("label", "nodes", "--all", f"{mark}=")
    try:
        assert_complete(jobs, name)
    finally:
        jobs.kubectl("label", "nodes", "--all", f"{mark}-")
    (again,) = (found["metadata"] for found in jobs.children("configmaps", name))
    assert again["uid"] != lost["uid"]
