"""spec.execution.template: where pods may run."""

from typing import Annotated, Literal

from pydantic import Field

from gridfold.api.base import ApiModel


class Toleration(ApiModel):
    """A taint that the pods tolerate, as in a pod's spec."""

    key: Annotated[str, Field(max_length=316)] | None = Field(None, description="Key of the taint; without it, all.")
    operator: Literal["Exists", "Equal"] = Field(
        "Equal", description="Equal compares the value; Exists does not look at it."
    )
    value: Annotated[str, Field(max_length=63)] | None = Field(None, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect of the taint; without it, all."
    )


class PodTemplate(ApiModel):
    """Where the cells' pods may run."""

    node_selector: Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=32)] = Field(
        default_factory=dict, description="Labels that a node must have to run a cell."
    )
    tolerations: Annotated[list[Toleration], Field(max_length=32)] = Field(
        default_factory=list, description="Taints of nodes that cells tolerate."
    )
