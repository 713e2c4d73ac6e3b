"""The words by which the real API server refuses a pod are those that Gridfold knows a remedy for."""

import json
from typing import Any

import pytest

from gridfold.domain.observed import Waiting
from gridfold.domain.remedies import told
from tests.cluster.test_testbed import restricted_pod
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl

pytestmark = pytest.mark.cluster

LARGE = {"requests": {"memory": "2Gi"}, "limits": {"memory": "2Gi"}}


def refusal(kubectl: Kubectl, namespace: str, **spec: Any) -> str:
    """Return the API server's words for a pod that it refuses; nothing is left behind."""
    pod = restricted_pod("refused", "never-pulled:1", "pass")
    pod["spec"]["containers"][0]["resources"] = spec.pop("resources", {})
    pod["spec"] |= spec
    with pytest.raises(TestbedError, match="orbidden") as raised:
        kubectl("create", "--dry-run=server", "--namespace", namespace, "-f", "-", stdin=json.dumps(pod))
    return str(raised.value)


@pytest.mark.parametrize(
    ("spec", "remedy"),
    [
        ({"priorityClassName": "nope"}, "create the PriorityClass nope, or name one"),
        ({"serviceAccountName": "nope"}, "create the ServiceAccount nope in the job's namespace"),
        ({"runtimeClassName": "nope"}, "create the RuntimeClass nope, or name one"),
    ],
)
def test_a_name_that_is_not_there_is_refused_in_words_that_have_a_remedy(
    kubectl: Kubectl, namespace: str, spec: dict[str, str], remedy: str
) -> None:
    assert f"To do: {remedy}" in told(Waiting("FailedCreate", refusal(kubectl, namespace, **spec), 1))


def test_a_limit_range_and_a_quota_are_refused_in_words_that_have_a_remedy(kubectl: Kubectl, namespace: str) -> None:
    limits = {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}
    made = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": limits}
    kubectl.apply(made, namespace=namespace)
    words = told(Waiting("FailedCreate", refusal(kubectl, namespace, resources=LARGE), 1))
    assert "a LimitRange of the namespace allows a maximum of 1Gi of memory: change spec.execution.resources" in words
    kubectl("delete", "limitrange", "small", "--namespace", namespace)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tiny"}, "spec": {"hard": {"pods": "0"}}}
    kubectl.apply(quota, namespace=namespace)
    counts = "--for=jsonpath={.status.hard.pods}=0"  # which its controller says, and only then is a pod refused
    kubectl("wait", counts, "resourcequota/tiny", "--namespace", namespace, "--timeout=60s")
    words = told(Waiting("FailedCreate", refusal(kubectl, namespace), 1))
    assert "raise the ResourceQuota tiny, free some of it" in words
