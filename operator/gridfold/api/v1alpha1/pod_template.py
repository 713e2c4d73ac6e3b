"""spec.execution.template: how pods are labelled, where they may run, and as whom."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.affinity import Affinity, LabelKey, LabelValue
from gridfold.api.v1alpha1.fields import Int

LABEL_KEY_PATTERN = "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE_PATTERN = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
#: Labels that say whose a pod is: Gridfold's own, and those of Argo CD, the Job controller and Kueue.
RESERVED_LABELS = (
    "^(gridfold\\.dev/.*|argocd\\.argoproj\\.io/.*|batch\\.kubernetes\\.io/.*|kueue\\.x-k8s\\.io/.*|"
    "app\\.kubernetes\\.io/(instance|managed-by)|job-name|controller-uid)$"
)
#: Of a pod's spec; "" takes away in prepare and refit what execution.template says.
OptionalName = Annotated[str, Field(max_length=253, pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$")]
Labels = Annotated[dict[str, LabelValue], Field(max_length=32)]


def _strange(labels: dict[str, str] | None) -> dict[str, str]:
    return {
        key: value
        for key, value in (labels or {}).items()
        if not re.match(LABEL_KEY_PATTERN, key) or not re.match(LABEL_VALUE_PATTERN, value)
    }


def _reserved(labels: dict[str, str] | None) -> list[str]:
    return sorted(key for key in labels or {} if re.match(RESERVED_LABELS, key))


def _cel(pattern: str) -> str:
    return pattern.replace("\\", "\\\\")


def _labels_rule(field: str) -> Rule:
    name = re.sub("_(.)", lambda found: found.group(1).upper(), field)
    return Rule(
        name,
        f"!has(self.{name}) || self.{name}.all(k, k.matches('{_cel(LABEL_KEY_PATTERN)}') && "
        f"self.{name}[k].matches('{_cel(LABEL_VALUE_PATTERN)}'))",
        "must have keys such as team or example.com/team, and values of letters, digits, -, _ and . that begin and "
        "end with a letter or digit",
        lambda template: not _strange(getattr(template, field)),
        lambda template: _strange(getattr(template, field)),
    )


class Toleration(ApiModel):
    """A taint that the pods tolerate, as in a pod's spec."""

    key: LabelKey | None = Field(None, description="Key of the taint; without it (and operator Exists), all.")
    operator: Literal["Exists", "Equal"] = Field(
        "Equal", description="Equal compares the value; Exists does not look at it."
    )
    value: LabelValue | None = Field(None, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect of the taint; without it, all."
    )
    toleration_seconds: Annotated[Int, Field(ge=0, le=604800)] | None = Field(
        None, description="How long a pod stays where a taint NoExecute appears; without it, for ever."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "operator",
            "has(self.key) || self.operator == 'Exists'",
            "must be Exists where there is no key",
            lambda t: t.key is not None or t.operator == "Exists",
            lambda t: t.operator,
        ),
        Rule(
            "value",
            "!has(self.value) || self.value == '' || self.operator == 'Equal'",
            "must be left out where operator is Exists",
            lambda t: not t.value or t.operator == "Equal",
            lambda t: t.value,
        ),
        Rule(
            "tolerationSeconds",
            "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "is for the effect NoExecute only; name it, or leave tolerationSeconds out",
            lambda t: t.toleration_seconds is None or t.effect == "NoExecute",
            lambda t: t.toleration_seconds,
        ),
    )


class PodTemplate(ApiModel):
    """How pods are labelled, where they may run, and as whom."""

    labels: Labels | None = Field(
        None,
        description="Labels of the pods, beside Gridfold's own: for cost reports, network policies, or webhooks such "
        'as azure.workload.identity/use: "true".',
    )
    node_selector: Labels | None = Field(None, description="Labels that a node must have.")
    tolerations: Annotated[list[Toleration], Field(max_length=32)] | None = Field(
        None, description="Taints of nodes that the pods tolerate."
    )
    affinity: Affinity | None = Field(None, description="Which nodes the pods need or prefer, as in a pod's spec.")
    priority_class_name: OptionalName | None = Field(
        None, description="PriorityClass of the pods: which go first, and which are preempted, where room is scarce."
    )
    service_account_name: OptionalName | None = Field(
        None,
        description="ServiceAccount of the pods, in the job's namespace: their identity at AWS (IRSA and EKS Pod "
        "Identity), so that storage needs no Secret. They get no token of the Kubernetes API; AWS' webhook mounts its "
        "own.",
    )
    runtime_class_name: OptionalName | None = Field(None, description="RuntimeClass of the pods, such as gvisor.")
    rules: ClassVar[tuple[Rule, ...]] = (
        _labels_rule("labels"),
        _labels_rule("node_selector"),
        Rule(
            "labels",
            f"!has(self.labels) || self.labels.all(k, !k.matches('{_cel(RESERVED_LABELS)}'))",
            "must not name labels that say whose a pod is (gridfold.dev/…, app.kubernetes.io/instance and managed-by, "
            "those of Argo CD, the Job controller and Kueue); take them out",
            lambda template: not _reserved(template.labels),
            lambda template: _reserved(template.labels),
        ),
    )

    def over(self, base: "PodTemplate") -> "PodTemplate":
        """Return the template in which every field that is given here replaces that of another."""
        given = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        return base.model_copy(update=given)
