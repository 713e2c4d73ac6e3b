"""Jobs in a queue of the real Kueue: admitted, explained, preempted, resumed."""

from typing import Any

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, Status, condition, two_column_table
from tests.testbed.kueue import queue, running_kueue
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

HALF_CPU = {"requests": {"cpu": "500m", "memory": "160Mi"}, "limits": {"memory": "700Mi"}}
SMALL = {"requests": {"cpu": "100m", "memory": "160Mi"}, "limits": {"memory": "700Mi"}}
EXECUTION: dict[str, Any] = {"resources": HALF_CPU, "prepare": {"resources": SMALL}, "refit": {"resources": SMALL}}


def says(status: Status, reason: str, words: str = "") -> bool:
    running = condition(status, "Running")
    return running["status"] == "False" and running["reason"] == reason and words in running["message"]


def test_a_queue_admits_explains_preempts_and_resumes(jobs: ClusterJobs) -> None:
    bed = jobs.testbed.require_own()
    source = jobs.upload(two_column_table())
    urgent = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": f"urgent-{jobs.namespace}"},
        "value": 1000,
    }
    with running_kueue(bed):
        jobs.kubectl.apply(*queue("team", "1100m", jobs.namespace), urgent)
        try:
            _walk(jobs, source, urgent["metadata"]["name"])
        finally:
            jobs.delete(*jobs.names)
            jobs.kubectl("delete", "priorityclass", urgent["metadata"]["name"])


def _walk(jobs: ClusterJobs, source: str, urgent: str) -> None:
    # A queue that does not exist: its name and what to do; an edit heals it.
    wide = {**EXECUTION, "parallelism": 3}
    manifest = jobs.manifest("wide", source, **LONG_CELLS, execution={**wide, "queueName": "nowhere"})
    manifest["spec"]["search"] = {"grid": [{"n_estimators": [100_000, 100_001, 100_002]}]}
    name = jobs.apply(manifest)
    status = jobs.wait(name, "finds no queue", lambda s: says(s, "Inadmissible", "LocalQueue nowhere doesn't exist"))
    assert "create the LocalQueue nowhere in the job's namespace" in condition(status, "Running")["message"]
    assert status["reason"] == "Inadmissible"
    manifest["spec"]["execution"]["queueName"] = "team"
    jobs.kubectl.apply(manifest)

    # More cells at a time than there will ever be quota for.
    status = jobs.wait(name, "is told of its quota", lambda s: says(s, "Queued", "insufficient quota for cpu"))
    assert "set spec.execution.minParallelism" in condition(status, "Running")["message"]
    (wave,) = jobs.children("jobs", name, "cell")
    assert (wave["spec"]["suspend"], wave["spec"]["parallelism"]) == (True, 3)

    # Its advice is followed: partial admission lowers parallelism, and nobody fights it.
    manifest["spec"]["execution"]["minParallelism"] = 1
    jobs.kubectl.apply(manifest)
    jobs.wait(name, "runs two cells", lambda s: s.get("cells", {}).get("running") == 2)
    (wave,) = jobs.children("jobs", name, "cell")
    assert (wave["spec"]["suspend"], wave["spec"]["parallelism"]) == (False, 2)

    # A job of higher priority takes the quota; when it is gone, the first goes on by itself.
    urgently = {"parallelism": 2, "queueName": "team", "template": {"priorityClassName": urgent}}
    other = jobs.apply(jobs.manifest("urgent", source, **LONG_CELLS, execution={**EXECUTION, **urgently}))
    status = jobs.wait(name, "is preempted", lambda s: says(s, "Preempted"))
    said = "in the queue team of Kueue, which has taken its quota back: Preempted"
    assert said in condition(status, "Running")["message"]
    assert (status["cells"]["running"], status["cells"]["pending"], status["cells"]["failed"]) == (0, 3, 0)
    jobs.delete(other)
    jobs.wait(name, "goes on by itself", lambda s: s["cells"]["running"] >= 1)
    (again,) = jobs.children("jobs", name, "cell")
    assert again["metadata"]["uid"] == wave["metadata"]["uid"], "the same wave"

    # Our own suspend, partial admission or not: the quota is given back, and the wave admitted anew afterwards.
    jobs.kubectl.apply(manifest | {"spec": {**manifest["spec"], "suspend": True}})
    jobs.wait(name, "is suspended", lambda s: s["state"] == "Suspended" and s["cells"]["running"] == 0)
    wait_until(lambda: _pods(jobs, name), timeout_seconds=60, what="No pod of a suspended job runs")
    jobs.kubectl.apply(manifest | {"spec": {**manifest["spec"], "suspend": False}})
    jobs.wait(name, "goes on", lambda s: s["cells"]["running"] == 2)


def _pods(jobs: ClusterJobs, name: str) -> str | None:
    left = [pod["status"]["phase"] for pod in jobs.children("pods", name, "cell")]
    return f"There are {left}." if {"Running", "Pending"} & {*left} else None
