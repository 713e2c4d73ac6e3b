"""Stages of their own size and place, on the real cluster: what the template says reaches every pod."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cluster_jobs import RESOURCES, ClusterJobs, condition, two_column_table

pytestmark = pytest.mark.cluster

LARGER = {"requests": {"cpu": "300m", "memory": "170Mi"}, "limits": {"memory": "800Mi", "ephemeral-storage": "1Gi"}}


@pytest.fixture
def priority_class(jobs: ClusterJobs) -> Iterator[str]:
    """A PriorityClass."""
    name = f"gridfold-{secrets.token_hex(3)}"
    made = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 7}
    jobs.kubectl("apply", "-f", "-", stdin=json.dumps(made))
    yield name
    jobs.kubectl("delete", "priorityclass", name)


@pytest.fixture
def service_account(jobs: ClusterJobs) -> str:
    """A ServiceAccount in the jobs' namespace."""
    made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "trainer"}}
    jobs.kubectl.apply(made, namespace=jobs.namespace)
    return "trainer"


def pod_of(jobs: ClusterJobs, name: str, stage: str) -> dict[str, Any]:
    return jobs.children("pods", name, stage)[0]


def test_every_stage_has_the_template_and_one_override_is_for_its_own_stage_and_a_name_that_is_missing_is_told(
    jobs: ClusterJobs, priority_class: str, service_account: str
) -> None:
    missing = f"{priority_class}-late"
    template = {
        "labels": {"team": "search"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "priorityClassName": missing,
        "serviceAccountName": service_account,
    }
    own = {"resources": LARGER, "template": {"labels": {"team": "data"}, "nodeSelector": {}}}
    execution = {"resources": RESOURCES, "template": template, "prepare": own}
    name = jobs.apply(jobs.manifest("places", jobs.upload(two_column_table()), execution=execution))
    status = jobs.wait(name, "says what it lacks", lambda s: missing in condition(s, "Running")["message"])
    words = condition(status, "Running")["message"]
    assert f"create the PriorityClass {missing}, or name one that exists in spec.execution.template.prior" in words
    patch = json.dumps({"spec": {"execution": {"template": {"priorityClassName": priority_class}}}})
    jobs.kubectl("patch", "trainingjob", name, "--namespace", jobs.namespace, "--type", "merge", "-p", patch)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status

    pods = {stage: pod_of(jobs, name, stage) for stage in ("prepare", "cell", "refit")}
    for pod in pods.values():
        assert (pod["spec"]["priorityClassName"], pod["spec"]["priority"]) == (priority_class, 7)
        assert pod["spec"]["serviceAccountName"] == service_account
        assert not any("kube-api-access" in volume["name"] for volume in pod["spec"]["volumes"]), "no token of the API"
    assert {stage: pod["metadata"]["labels"]["team"] for stage, pod in pods.items()} == {
        "prepare": "data",
        "cell": "search",
        "refit": "search",
    }
    limits = {stage: pod["spec"]["containers"][0]["resources"]["limits"]["memory"] for stage, pod in pods.items()}
    assert limits == {"prepare": "800Mi", "cell": "700Mi", "refit": "700Mi"}
    assert [pods[stage]["spec"].get("nodeSelector") for stage in ("prepare", "cell")] == [
        None,
        {"kubernetes.io/os": "linux"},
    ]
    (scratch,) = (volume for volume in pods["prepare"]["spec"]["volumes"] if volume["name"] == "scratch")
    assert scratch["emptyDir"] == {"sizeLimit": "1Gi"}


def test_temporary_files_that_are_too_large_for_the_pod_are_told_by_prepare_and_its_advice_helps(
    jobs: ClusterJobs,
) -> None:
    def prepare(size: str) -> dict[str, Any]:
        return {"resources": {**RESOURCES, "limits": {"memory": "700Mi", "ephemeral-storage": size}}}

    manifest = jobs.manifest("cramped", jobs.upload(two_column_table(150_000)))
    manifest["spec"]["execution"]["prepare"] = prepare("1Mi")
    name = jobs.apply(manifest)
    failed = condition(jobs.wait_until_it_ends(name), "Failed")
    assert failed["reason"] == "ScratchTooSmall"
    assert "spec.execution.prepare.resources.limits.ephemeral-storage is 1Mi; raise it to" in failed["message"]
    (advised,) = re.findall(r"raise it to (\d+Mi) at least", failed["message"])
    patch = json.dumps({"spec": {"execution": {"prepare": prepare(advised)}}})
    jobs.kubectl("patch", "trainingjob", name, "--namespace", jobs.namespace, "--type", "merge", "-p", patch)
    jobs.wait(name, "has its data", lambda s: condition(s, "DatasetReady")["status"] == "True")
