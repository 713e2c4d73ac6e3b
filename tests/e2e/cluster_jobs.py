"""TrainingJobs on the cluster: made as a user makes them, watched as a user watches them."""

import csv
import io
import json
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gridfold.api import labels
from gridfold.domain.naming import label_value
from tests.cluster.installation import Installation
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

SECRET = "s3-credentials"
#: Cells of the tests are small; two processors run several of them side by side.
RESOURCES = {"requests": {"cpu": "400m", "memory": "160Mi"}, "limits": {"memory": "700Mi"}}
LIMIT_SECONDS = 600  #: of which a slow machine needs more than half
#: Parts of a spec: cells that run for minutes, for tests that end them before.
LONG_CELLS: dict[str, Any] = {
    "estimator": {"className": "sklearn.ensemble.RandomForestClassifier"},
    "search": {"grid": [{"n_estimators": [100_000, 100_001]}]},
}

Status = dict[str, Any]


@dataclass(frozen=True)
class ClusterJobs:
    """The TrainingJobs of one namespace, with their data in one bucket."""

    testbed: Cluster
    namespace: str
    bucket: Bucket
    operator: Installation
    names: list[str] = field(default_factory=list)

    @property
    def kubectl(self) -> Kubectl:
        return self.testbed.kubectl

    def add_credentials(self) -> None:
        """Put the Secret that jobs name into the namespace."""
        data = {
            "AWS_ACCESS_KEY_ID": self.testbed.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": self.testbed.s3_secret_key,
            "SOMETHING_ELSE": "must never reach a pod",
        }
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": data}
        self.kubectl.apply(secret, namespace=self.namespace)

    def upload(self, text: str) -> str:
        """Store a table and return its URI."""
        key = f"data/{secrets.token_hex(4)}.csv"
        self.bucket.client.put_object(Bucket=self.bucket.name, Key=key, Body=text.encode())
        return f"{self.bucket.uri}/{key}"

    def manifest(self, purpose: str, source: str, **spec: Any) -> dict[str, Any]:
        """Return a TrainingJob of a fresh name on a table with the columns a, b, y; parts of the spec replaced."""
        name = f"{purpose}-{secrets.token_hex(3)}"
        execution = {"resources": RESOURCES, **spec.pop("execution", {})}
        return {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "storage": {
                    "endpoint": self.testbed.s3_endpoint,
                    "region": "us-east-1",
                    "credentialsSecretName": SECRET,
                },
                "dataset": {"sources": [{"uri": source}], "target": "y"},
                "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
                "search": {"grid": [{"C": [0.1, 1.0]}]},
                "crossValidation": {"folds": 3},
                "execution": execution,
                "output": {"uri": f"{self.bucket.uri}/{name}/"},
                **spec,
            },
        }

    def apply(self, manifest: dict[str, Any]) -> str:
        """Have kubectl apply a resource and return its name."""
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        name: str = manifest["metadata"]["name"]
        self.names.append(name)
        return name

    def delete(self, *names: str) -> None:
        """Have kubectl delete resources; those that are gone are fine."""
        if names:
            self.kubectl("delete", "trainingjob", "--namespace", self.namespace, "--ignore-not-found", *names)

    def status(self, name: str) -> Status:
        found: Status = self.kubectl.get("trainingjob", name, "--namespace", self.namespace).get("status") or {}
        return found

    def wait(self, name: str, what: str, so: Callable[[Status], bool], seconds: float = LIMIT_SECONDS) -> Status:
        """Wait until a job's status is so, and return it."""
        seen: Status = {}

        def missing() -> str | None:
            seen.clear()
            seen.update(self.status(name))
            return None if so(seen) else f"It is {json.dumps(seen)[:3000]}"

        wait_until(
            missing,
            timeout_seconds=seconds,
            what=f"{name} {what}",
            every_seconds=0.3,
            explain=lambda: self.explain(name),
        )
        return seen

    def wait_until_it_ends(self, name: str) -> Status:
        """Wait until a job is Complete or Failed, and return its status."""
        return self.wait(name, "comes to its end", lambda s: s.get("state") in {"Complete", "Failed"})

    def told(self, name: str, *reasons: str) -> list[dict[str, Any]]:
        """Return the Events about a job once these are among them: each is written after its status."""
        found: list[dict[str, Any]] = []

        def missing() -> str | None:
            found[:] = self.events(name)
            lacking = {*reasons} - {event["reason"] for event in found}
            return f"Lacking are {sorted(lacking)}." if lacking else None

        wait_until(missing, timeout_seconds=60, what=f"{name} has its Events", every_seconds=0.3)
        return found

    def explain(self, name: str) -> str:
        """Return the lines that help to find out why a job does not get on."""
        selector = f"--selector={labels.JOB}={label_value(name)}"
        pods = self.kubectl("get", "jobs,pods", "--namespace", self.namespace, selector, "-o", "wide")
        try:
            log = self.operator.log()
        except TestbedError as error:
            log = str(error)
        return f"{pods}\noperator:\n{log}"

    def children(self, kind: str, name: str, stage: str = "") -> list[dict[str, Any]]:
        """Return a job's Jobs, pods or ConfigMaps."""
        selector = f"--selector={labels.JOB}={label_value(name)}" + (f",{labels.STAGE}={stage}" if stage else "")
        found: list[dict[str, Any]] = self.kubectl.get(kind, "--namespace", self.namespace, selector)["items"]
        return found

    def pods_per_index(self, name: str) -> Counter[str]:
        """Return how many pods each completion index of a job's waves has had, by "wave/index"."""
        pods = self.children("pods", name, "cell")
        return Counter(
            f"{pod['metadata']['labels']['gridfold.dev/wave']}/"
            f"{pod['metadata']['annotations']['batch.kubernetes.io/job-completion-index']}"
            for pod in pods
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the Events about a job."""
        selector = f"--field-selector=regarding.kind=TrainingJob,regarding.name={name}"
        found: list[dict[str, Any]] = self.kubectl.get("events.events.k8s.io", "--namespace", self.namespace, selector)[
            "items"
        ]
        return found

    def results(self, status: Status) -> list[dict[str, str]]:
        """Return the rows of results.csv."""
        return list(csv.DictReader(io.StringIO(self.left(status, "results.csv"))))

    def left(self, status: Status, name: str) -> str:
        """Return a file that a run has left in its folder."""
        prefix = status["results"]["uri"].removeprefix(f"{self.bucket.uri}/")
        body: bytes = self.bucket.client.get_object(Bucket=self.bucket.name, Key=f"{prefix}{name}")["Body"].read()
        return body.decode()


def condition(status: Status, kind: str) -> dict[str, str]:
    """Return a condition of a status, with the status "" where there is none."""
    found: dict[str, str] = next(
        (c for c in status.get("conditions", ()) if c["type"] == kind), {"status": "", "reason": "", "message": ""}
    )
    return found


def two_column_table(rows: int = 90, classes: tuple[str, ...] = ("no", "yes")) -> str:
    """Return a small table with a header whose classes can be told apart, mostly."""
    lines = ["a,b,y"]
    for row in range(rows):
        a, b = (row * 37 % 101) / 10, (row * 53 % 89) / 10
        lines.append(f"{a},{b},{classes[(a + b > 9.5) % len(classes)]}")
    return "\n".join(lines) + "\n"
