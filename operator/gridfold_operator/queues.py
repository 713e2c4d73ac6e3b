"""Jobs in a queue of Kueue: how they are made, and how their parallelism is changed. Pure.

Kueue, not the operator, decides when such a Job runs, by the Job's spec.suspend. It is made suspended, so that no pod
starts before Kueue has seen it, and a suspend is never taken back here.
"""

from typing import Any

from gridfold.api import labels
from gridfold.api.v1alpha1 import Execution

Manifest = dict[str, Any]


def put_in_queue(job: Manifest, execution: Execution) -> None:
    """Put a Job's manifest into the queue that the spec names, if it does. Its pods are not put there themselves."""
    if not execution.queue_name:
        return
    job["metadata"]["labels"][labels.QUEUE] = execution.queue_name
    job["spec"]["suspend"] = True
    least = execution.min_parallelism
    if least is None or "completionMode" not in job["spec"]:  # prepare and refit have one pod
        return
    annotations = job["metadata"]["annotations"]
    annotations[labels.MIN_PARALLELISM] = str(least)
    if least < _pods(job["spec"], job["spec"]["parallelism"]):
        annotations[labels.QUEUE_MIN_PARALLELISM] = str(least)


def parallelism_patches(job: Manifest, parallelism: int) -> list[Manifest]:
    """Return the patches, in order, that change a Job's parallelism.

    A Job in a queue is suspended with it: its pods end, and Kueue admits it by its new size. Where Kueue may lower the
    parallelism itself, its webhook refuses the change, so that right is taken away before and given again after.
    """
    metadata, spec = job["metadata"], job["spec"]
    if labels.QUEUE not in (metadata.get("labels") or {}):
        return [{"spec": {"parallelism": parallelism}}]
    annotations = metadata.get("annotations") or {}
    patches: list[Manifest] = []
    if labels.QUEUE_MIN_PARALLELISM in annotations and not spec.get("suspend"):
        patches.append(_patch({"suspend": True}, None))
    least = annotations.get(labels.MIN_PARALLELISM)
    fits = least is not None and int(least) < _pods(spec, parallelism)
    return [*patches, _patch({"suspend": True, "parallelism": parallelism}, least if fits else None)]


def _patch(spec: Manifest, least: str | None) -> Manifest:
    return {"metadata": {"annotations": {labels.QUEUE_MIN_PARALLELISM: least}}, "spec": spec}


def _pods(spec: Manifest, parallelism: int) -> int:
    """Return for how many pods Kueue finds quota: a wave may have fewer cells than may run at a time."""
    return min(parallelism, int(spec.get("completions", parallelism)))
