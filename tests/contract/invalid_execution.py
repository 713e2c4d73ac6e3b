"""The part of the table of invalid documents that is about spec.execution."""

from typing import Any

from tests.contract.edits import Edit, put


def affinity(operator: str, *values: str) -> dict[str, Any]:
    """Return an affinity with one requirement."""
    terms = [{"matchExpressions": [{"key": "zone", "operator": operator, "values": list(values)}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


#: Of the requirement of `affinity`.
VALUES = (
    "spec.execution.template.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
    "nodeSelectorTerms[0].matchExpressions[0].values"
)

EXECUTION: list[tuple[str, str, Edit]] = [
    ("spec.execution.packing.mode", "needs cellsPerPod", put("execution.packing", {"mode": "Fixed"})),
    ("spec.execution.packing.cellsPerPod", "is for mode Fixed", put("execution.packing", {"cellsPerPod": 5})),
    ("spec.execution.packing.cellsPerPod", "1", put("execution.packing", {"mode": "Fixed", "cellsPerPod": 0})),
    ("spec.execution.packing.cellsPerPod", "1000", put("execution.packing", {"mode": "Fixed", "cellsPerPod": 1001})),
    ("spec.execution.packing.mode", "Auto", put("execution.packing", {"mode": "auto"})),
    ("spec.execution.resources.requests.cpu", "", put("execution.resources.requests", {"cpu": 2})),
    ("spec.execution.resources", "nvidia.com/gpu", put("execution.resources.limits", {"gpu": "1"})),
    ("spec.execution.resources", "nvidia.com/gpu", put("execution.resources.requests", {"Memory": "1Gi"})),
    (
        "spec.execution.resources.requests",
        "above limits",
        put("execution.resources", {"requests": {"cpu": "1500m"}, "limits": {"cpu": "1"}}),
    ),
    (
        "spec.execution.prepare.resources.requests",
        "above limits",
        put("execution.prepare.resources", {"requests": {"memory": "2Gi"}, "limits": {"memory": "2G"}}),
    ),
    (
        "spec.execution.resources.requests",
        "must equal its limit",
        put("execution.resources.requests", {"nvidia.com/gpu": "1"}),
    ),
    ("spec.execution.resources", "whole number", put("execution.resources.limits", {"nvidia.com/gpu": "500m"})),
    ("spec.execution.resources", "at least 1Mi", put("execution.resources.limits", {"memory": "512m"})),
    ("spec.execution.refit.resources", "at least 1Mi", put("execution.refit.resources.requests", {"memory": "2"})),
    (
        "spec.execution.outOfMemory.maxMemory",
        "to begin with, 2Gi; raise maxMemory",
        put("execution", {"resources": {"limits": {"memory": "2Gi"}}, "outOfMemory": {"maxMemory": "1900Mi"}}),
    ),
    (
        "spec.execution.outOfMemory.maxMemory",
        "to begin with, 3G; raise maxMemory",
        put("execution", {"resources": {"requests": {"memory": "3G"}}, "outOfMemory": {"maxMemory": "2Gi"}}),
    ),
    (
        "spec.execution.outOfMemory.maxMemory",
        "to begin with, 1Gi; raise maxMemory",
        put("execution.outOfMemory.maxMemory", "512Mi"),
    ),
    ("spec.execution.minParallelism", "name it in queueName", put("execution.minParallelism", 2)),
    (
        "spec.execution.minParallelism",
        "above parallelism",
        put("execution", {"queueName": "team", "parallelism": 4, "minParallelism": 5}),
    ),
    ("spec.execution.queueName", "", put("execution.queueName", "Team A")),
    ("spec.execution.outOfMemory.factor", "", put("execution.outOfMemory", {"factor": 1, "maxMemory": "2Gi"})),
    ("spec.execution.outOfMemory.maxMemory", "", put("execution.outOfMemory", {"factor": 2})),
    ("spec.execution.template.labels", "take them out", put("execution.template.labels", {"gridfold.dev/run": "x"})),
    (
        "spec.execution.prepare.template.labels",
        "take them out",
        put("execution.prepare.template.labels", {"app.kubernetes.io/instance": "argo"}),
    ),
    ("spec.execution.template.labels", "must have keys", put("execution.template.labels", {"my team": "x"})),
    ("spec.execution.template.labels", "must have keys", put("execution.template.labels", {"team": "a b"})),
    ("spec.execution.template.nodeSelector", "must have keys", put("execution.template.nodeSelector", {"a/b/c": "x"})),
    (
        "spec.execution.template.tolerations[0].operator",
        "must be Exists",
        put("execution.template.tolerations", [{"effect": "NoSchedule"}]),
    ),
    (
        "spec.execution.template.tolerations[0].value",
        "left out",
        put("execution.template.tolerations", [{"key": "spot", "operator": "Exists", "value": "true"}]),
    ),
    (
        "spec.execution.template.tolerations[0].tolerationSeconds",
        "NoExecute",
        put("execution.template.tolerations", [{"key": "spot", "value": "a", "tolerationSeconds": 9}]),
    ),
    (VALUES, "must be given for In", put("execution.template.affinity", affinity("In"))),
    (
        VALUES,
        "be left out for Exists",
        put("execution.template.affinity", affinity("Exists", "a")),
    ),
    (
        VALUES,
        "one whole number",
        put("execution.template.affinity", affinity("Gt", "many")),
    ),
    ("spec.execution.template.priorityClassName", "", put("execution.template.priorityClassName", "High Priority")),
]
