"""job.json on its way to the pods of a stage: carried by the pod itself, or in a ConfigMap.

The one pod of prepare or refit has it as an annotation that is a file inside, so that these stages need nothing beside
their Job that could be missing. The pods of a wave share a ConfigMap: thousands of them cannot carry the spec each. So
does a job with a signed URL: whatever collects logs reads the annotations of pods, and stores them with each line.
"""

import json
from typing import Any

from gridfold.api import labels
from gridfold.api.confidential import is_confidential
from gridfold.api.handoff import JOB_FILE, StageInput

#: An object's annotations hold 256 KiB together; a longer job.json (a grid of very many values) is in a ConfigMap.
CARRIED_BYTES = 64 * 1024


def told(stage_input: StageInput) -> dict[str, Any]:
    """Return what a pod reads: of the spec only what is not the default, and nothing of nodes.

    A run keeps its trainer image over an upgrade of the operator, and an older image refuses fields that it does not
    know. Those that nobody has set have their default there, too: a default never changes.
    """
    document = stage_input.document()
    document["spec"] = stage_input.spec.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True, exclude={"capacity"}
    )
    return document


def write_job_file(stage_input: StageInput) -> str:
    """Return the content of job.json."""
    return json.dumps(told(stage_input), separators=(",", ":"), ensure_ascii=False)


def carry_job_file(pod: dict[str, Any], stage_input: StageInput) -> bool:
    """Have a pod carry its job.json in place of its ConfigMap, the first source of its first volume; tell whether."""
    text = write_job_file(stage_input)
    signed = any(is_confidential(source.uri) for source in stage_input.spec.dataset.sources)
    if signed or len(text.encode()) > CARRIED_BYTES:
        return False
    field = {"fieldPath": f"metadata.annotations['{labels.JOB_FILE}']"}
    pod["metadata"]["annotations"][labels.JOB_FILE] = text
    pod["spec"]["volumes"][0]["projected"]["sources"][0] = {
        "downwardAPI": {"items": [{"path": JOB_FILE, "fieldRef": field}]}
    }
    return True
