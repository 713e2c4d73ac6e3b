"""job.json on its way to the pods of a stage: carried by the pod itself, or in a ConfigMap.

The one pod of prepare or refit has it as an annotation that is a file inside, so that these stages need nothing beside
their Job that could be missing. The pods of a wave share a ConfigMap: thousands of them cannot carry the spec each.
"""

import json
from typing import Any

from gridfold.api import labels
from gridfold.api.handoff import JOB_FILE, StageInput

#: An object's annotations hold 256 KiB together; a longer job.json (a grid of very many values) is in a ConfigMap.
CARRIED_BYTES = 64 * 1024


def told(stage_input: StageInput) -> dict[str, Any]:
    """Return what a pod reads: nothing of nodes, as an older trainer image of a run knows no such field."""
    document = stage_input.document()
    document["spec"].pop("capacity")
    return document


def write_job_file(stage_input: StageInput) -> str:
    """Return the content of job.json."""
    return json.dumps(told(stage_input), separators=(",", ":"), ensure_ascii=False)


def carry_job_file(pod: dict[str, Any], text: str) -> bool:
    """Have a pod carry its job.json in place of its ConfigMap, the first source of its first volume; tell whether."""
    if len(text.encode()) > CARRIED_BYTES:
        return False
    field = {"fieldPath": f"metadata.annotations['{labels.JOB_FILE}']"}
    pod["metadata"]["annotations"][labels.JOB_FILE] = text
    pod["spec"]["volumes"][0]["projected"]["sources"][0] = {
        "downwardAPI": {"items": [{"path": JOB_FILE, "fieldRef": field}]}
    }
    return True
