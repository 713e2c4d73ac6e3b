"""The operator installed by its chart, as a platform team would."""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Cluster
from tests.testbed.shell import environment, run
from tests.testbed.waiting import wait_until

CHART = Path(__file__).parents[2] / "charts" / "gridfold"
OPERATORS = "app.kubernetes.io/component=operator"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def helm(testbed: Cluster, *words: str, values: dict[str, Any] | None = None) -> str:
    """Run helm on the test's cluster and return what it prints; values go in by standard input."""
    program = f"{testbed.own.instance().bin_dir}/helm" if testbed.own else shutil.which("helm")
    if program is None:
        pytest.skip("There is no helm on the path; install it to test the chart on this cluster.")
    argv = [program, *words, *(["--values", "-"] if values is not None else [])]
    stdin = None if values is None else json.dumps(values)
    return run(argv, env=environment(KUBECONFIG=testbed.kubeconfig), stdin=stdin, timeout_seconds=180)


@dataclass(frozen=True)
class Installation:
    """An installed operator."""

    kubectl: Kubectl
    namespace: str  #: the operator's own
    served: tuple[str, ...]  #: the namespaces it serves; none: all

    @property
    def service_account(self) -> str:
        return f"system:serviceaccount:{self.namespace}:gridfold"

    def pods(self) -> dict[str, dict[str, Any]]:
        """Return the operator's pods that are to stay, by name."""
        found = self.kubectl.get("pods", "--namespace", self.namespace, f"--selector={OPERATORS}")["items"]
        return {pod["metadata"]["name"]: pod for pod in found if not pod["metadata"].get("deletionTimestamp")}

    def pod(self) -> dict[str, Any]:
        """Return the operator's one pod, of several the one that leads."""
        found = self.pods()
        return found[self.leaders()[0]] if len(found) > 1 else next(iter(found.values()))

    def leaders(self) -> list[str]:
        """Return which of its pods leads each of the namespaces that it serves."""
        found = []
        for namespace in self.served or ("kube-system",):
            words = ("--namespace", namespace, "--ignore-not-found", "--output=jsonpath={.spec.holderIdentity}")
            owner, _, pod = self.kubectl("get", "lease", "gridfold-operator", *words).partition("/")
            found.append(pod if owner == self.namespace else "")
        return found

    def wait_until_ready(self) -> None:
        """Wait until all its pods are as they are to be, say that they see the cluster, and one of them leads."""

        def missing() -> str | None:
            found = self.kubectl.get("deployment", "gridfold", "--namespace", self.namespace)
            status, wanted = found["status"], found["spec"]["replicas"]
            numbers = {status.get(name) for name in ("replicas", "updatedReplicas", "readyReplicas")}
            if numbers != {wanted} or status["observedGeneration"] != found["metadata"]["generation"]:
                return f"Its status is {json.dumps(status)}."
            leaders, pods = self.leaders(), self.pods()
            return None if pods.keys() >= set(leaders) else f"{leaders} lead, and its pods are {[*pods]}."

        wait_until(missing, timeout_seconds=120, what="The operator is ready", every_seconds=0.3, explain=self.explain)

    def explain(self) -> str:
        """Return the lines that help to find out why it is not ready."""
        events = self.kubectl("events", "--namespace", self.namespace)
        pods = self.kubectl("get", "pods", "--namespace", self.namespace, "--output=wide")
        log = self.kubectl("logs", "--namespace", self.namespace, f"--selector={OPERATORS}")
        return f"{pods}\n{events[-3000:]}\n{log}"

    def restarts(self) -> int:
        """Return how often the kubelet has started the operator again."""
        statuses = self.pod()["status"].get("containerStatuses") or [{"restartCount": 0}]
        return int(statuses[0]["restartCount"])

    def log(self) -> str:
        """Return the last lines of the operator's log."""
        return self.kubectl("logs", "--namespace", self.namespace, "deployment/gridfold", "--tail=200")


def make_namespace(kubectl: Kubectl, prefix: str) -> str:
    """Make a namespace under restricted Pod Security and return its name."""
    name = f"{prefix}-{secrets.token_hex(3)}"
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
    return name


def chart_values(
    images: dict[str, str], served: tuple[str, ...], allowed: tuple[str, ...] = ("*",), **changes: Any
) -> dict[str, Any]:
    """Return the chart's values for locally built images, and one replica: what it is about is seldom another.

    The storage of a test is at a private address, whatever cluster it runs on; so the default allows all.
    """
    values: dict[str, Any] = {
        "image": {**_image(images["operator"]), "pullPolicy": "IfNotPresent"},
        "trainer": {
            "image": {**_image(images["trainer"]), "pullPolicy": "IfNotPresent"},
            "env": {},
            "allowedEndpoints": list(allowed),
        },
        "watchNamespaces": list(served),
        "fullnameOverride": "gridfold",
        "replicas": 1,
    }
    if core := os.environ.get("OPENBLAS_CORETYPE"):  # the same bits as on this machine
        values["trainer"]["env"]["OPENBLAS_CORETYPE"] = core
    return values | changes


def _image(reference: str) -> dict[str, str]:
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}


def upgrade(testbed: Cluster, namespace: str, values: dict[str, Any]) -> None:
    """Have the chart installed in a namespace, or as it is now; what somebody has removed of it is made again."""
    # The kind may be there from another test.
    words = ["upgrade", "--install", "--take-ownership", "gridfold", str(CHART)]
    helm(testbed, *words, "--namespace", namespace, values=values)


@contextlib.contextmanager
def installed(testbed: Cluster, values: dict[str, Any]) -> Iterator[Installation]:
    """Have the operator installed, ready, for the time of the block."""
    kubectl = testbed.kubectl
    namespace = make_namespace(kubectl, "gridfold-system")
    try:
        upgrade(testbed, namespace, values)
        installation = Installation(kubectl, namespace, tuple(values["watchNamespaces"]))
        installation.wait_until_ready()
        yield installation
    finally:
        helm(testbed, "uninstall", "gridfold", "--namespace", namespace, "--ignore-not-found")
        kubectl("delete", "namespace", namespace, "--wait=false")
