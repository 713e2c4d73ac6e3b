"""What the API server says of the chart's admission policies."""

from tests.testbed.kubectl import Kubectl
from tests.testbed.waiting import wait_until


def assert_checked_without_mistake(kubectl: Kubectl, name: str) -> None:
    """Wait until the API server has checked the types of a policy's expressions, and see that it found no mistake."""

    def unchecked() -> str | None:
        found = kubectl.get("validatingadmissionpolicy", name)
        status = found.get("status", {})
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            return "It has not been looked at."
        assert not status.get("typeChecking", {}).get("expressionWarnings"), status
        return None

    wait_until(unchecked, timeout_seconds=30, what="The API server has checked the policy")
