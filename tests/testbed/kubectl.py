"""kubectl as a function."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.testbed.instance import Instance
from tests.testbed.shell import environment, run
from tests.testbed.waiting import wait_until


@dataclass(frozen=True)
class Kubectl:
    """Run our own kubectl against one cluster: `kubectl("get", "pods")` returns what it prints.

    It raises TestbedError with what kubectl said when it fails. `stdin` feeds `-f -`.
    """

    program: str
    kubeconfig: Path

    @classmethod
    def of(cls, instance: Instance) -> "Kubectl":
        return cls(f"{instance.bin_dir}/kubectl", instance.kubeconfig)

    def __call__(self, *words: str, stdin: str | None = None, timeout_seconds: float = 120) -> str:
        env = environment(KUBECONFIG=str(self.kubeconfig))
        return run([self.program, *words], env=env, stdin=stdin, timeout_seconds=timeout_seconds)

    def get(self, *words: str) -> Any:
        """Return the object, or the list, as parsed JSON."""
        return json.loads(self("get", *words, "-o", "json"))

    def apply(self, *objects: dict[str, Any], namespace: str | None = None) -> None:
        """Apply objects in their order."""
        where = ["--namespace", namespace] if namespace else []
        many = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", *where, "-f", "-", stdin=json.dumps(many))

    def wait_until_served(self, *definitions: str) -> None:
        """Wait until CRDs are established and described, each named "crd/…" or "--filename=…".

        `kubectl wait` fails on a CRD that is so new that it has no conditions at all. The API server describes a kind
        (OpenAPI, which `kubectl explain` reads) a moment after it has established it.
        """

        def missing() -> str | None:
            found = self.get(*definitions)
            every = found.get("items", [found])
            late = [one["metadata"]["name"] for one in every if not _is_established(one)]
            if late:
                return f"Not established: {late}"
            described = json.loads(self("get", "--raw", "/openapi/v3"))["paths"]
            return next(
                (f"Not described: {path}" for one in every for path in _paths(one) if path not in described), None
            )

        wait_until(missing, timeout_seconds=60, what="The API server serves new kinds")


def _paths(definition: dict[str, Any]) -> list[str]:
    """Return what the API server's list of OpenAPI documents calls the served versions of a CRD."""
    spec = definition["spec"]
    return [f"apis/{spec['group']}/{version['name']}" for version in spec["versions"] if version["served"]]


def _is_established(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
