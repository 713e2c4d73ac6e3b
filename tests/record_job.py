"""Record a TrainingJob and its children as they are now: `python -m tests.record_job NAMESPACE NAME > FILE.json`.

Whom kubectl knows is asked. What no operator reads is left out, and the namespace is called `team`, so that the files
are small and tell nothing of where they come from.
"""

import json
import subprocess
import sys
from typing import Any

from gridfold.api import labels
from gridfold.domain.naming import label_value

NAMESPACE = "team"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: Of a pod's status and of its containers' no more is read.
POD_STATUS = ("phase", "reason", "message", "conditions", "containerStatuses")
CONTAINER_STATUS = ("name", "state", "lastState", "restartCount")
Document = dict[str, Any]


def record(job: Document, children: list[Document]) -> str:
    """Return the content of a file of recorded jobs."""
    namespace = job["metadata"]["namespace"]
    kept = {"job": _trimmed(job), "children": [_trimmed(child) for child in children]}
    text = json.dumps(kept, indent=1) + "\n"
    for quote in ('"', r"\""):  # job.json is a text in it
        text = text.replace(f"{quote}{namespace}{quote}", f"{quote}{NAMESPACE}{quote}")
    return text


def _trimmed(document: Document) -> Document:
    metadata = {
        key: value for key, value in document["metadata"].items() if key not in {"managedFields", "generateName"}
    }
    if "annotations" in metadata:
        metadata["annotations"] = {key: text for key, text in metadata["annotations"].items() if key != APPLIED}
    document = {**document, "metadata": metadata}
    if document["kind"] == "Job":
        containers = [{"image": one["image"]} for one in document["spec"]["template"]["spec"]["containers"]]
        document["spec"] = {**document["spec"], "template": {"spec": {"containers": containers}}}
    if document["kind"] == "Pod":
        document["spec"] = {"nodeName": document["spec"].get("nodeName", "")}
        status = {key: document["status"][key] for key in POD_STATUS if key in document["status"]}
        containers = [{key: one[key] for key in CONTAINER_STATUS} for one in status.pop("containerStatuses", ())]
        document["status"] = {**status, "containerStatuses": containers}
    return document


def _ask(*words: str) -> Any:
    asked = subprocess.run(["kubectl", *words, "--output=json"], capture_output=True, text=True, check=True)
    return json.loads(asked.stdout)


def main(namespace: str, name: str) -> None:
    where = ("--namespace", namespace)
    selector = f"--selector={labels.JOB}={label_value(name)}"
    children = _ask("get", "jobs.batch,pods,configmaps", selector, *where)["items"]
    sys.stdout.write(record(_ask("get", "trainingjobs", name, *where), children))


if __name__ == "__main__":
    main(*sys.argv[1:])
