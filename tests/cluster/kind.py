"""The kind TrainingJob on a test's cluster."""

import json

from gridfold.api.crd import build_crd
from tests.testbed.kubectl import Kubectl
from tests.testbed.waiting import wait_until

NAME = "trainingjobs.gridfold.dev"


def ensure_kind(kubectl: Kubectl) -> None:
    """Have the API server serve TrainingJobs as the models are now; a kind that is being deleted goes first."""

    def held() -> str:
        return f"Finalizers: {finalizers(kubectl)}"

    going = "--output=jsonpath={.metadata.deletionTimestamp}"
    if kubectl("get", "crd", NAME, "--ignore-not-found", going):
        words = ("get", "crd", NAME, "--ignore-not-found", "--output=name")
        wait_until(lambda: kubectl(*words) or None, timeout_seconds=60, what="The old kind goes", explain=held)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(build_crd()))
    kubectl.wait_until_served(f"crd/{NAME}")


def finalizers(kubectl: Kubectl) -> dict[str, list[str]]:
    """Return the finalizers of every TrainingJob that has any, by namespace/name: until they go, the kind cannot."""
    found = [job["metadata"] for job in kubectl.get("trainingjobs", "--all-namespaces")["items"]]
    return {f"{job['namespace']}/{job['name']}": job["finalizers"] for job in found if job.get("finalizers")}


def let_go(kubectl: Kubectl, namespace: str) -> None:
    """Take the finalizers from a namespace's TrainingJobs, for an operator that there never was."""
    patch = json.dumps({"metadata": {"finalizers": None}})
    for job in finalizers(kubectl):
        where, _, name = job.partition("/")
        if where == namespace:
            kubectl("patch", "trainingjob", name, "--namespace", namespace, "--type=merge", "--patch", patch)
