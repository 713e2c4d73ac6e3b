"""kubectl as a function."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.testbed.instance import Instance
from tests.testbed.shell import environment, run


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
