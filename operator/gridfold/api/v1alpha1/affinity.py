"""Affinity of pods to nodes, in the words of a pod's spec."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Int

LabelKey = Annotated[str, Field(min_length=1, max_length=316)]
LabelValue = Annotated[str, Field(max_length=63)]


def _values_fit(requirement: "NodeSelectorRequirement") -> bool:
    if requirement.operator in {"Exists", "DoesNotExist"}:
        return not requirement.values
    if requirement.operator in {"Gt", "Lt"}:
        return len(requirement.values) == 1 and requirement.values[0].isdigit()
    return bool(requirement.values)


class NodeSelectorRequirement(ApiModel):
    """What one label, or field, of a node must be."""

    key: LabelKey = Field(description="Key of the node's label.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = Field(
        description="In and NotIn compare with values, Gt and Lt with the one whole number that is there; Exists and "
        "DoesNotExist look at the key alone."
    )
    values: Annotated[list[LabelValue], Field(max_length=32)] = Field(
        default_factory=list, description="Values to compare with."
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "values",
            "self.operator in ['Exists', 'DoesNotExist'] ? (!has(self.values) || size(self.values) == 0) : "
            "(has(self.values) && (self.operator in ['Gt', 'Lt'] ? (size(self.values) == 1 && "
            "self.values[0].matches('^[0-9]+$')) : size(self.values) > 0))",
            "must be given for In and NotIn, be one whole number for Gt and Lt, and be left out for Exists and "
            "DoesNotExist",
            _values_fit,
            lambda r: r.values,
        ),
    )


Requirements = Annotated[list[NodeSelectorRequirement], Field(max_length=8)]


class NodeSelectorTerm(ApiModel):
    """Requirements that a node must meet, all of them."""

    match_expressions: Requirements = Field(default_factory=list, description="About the node's labels.")
    match_fields: Requirements = Field(
        default_factory=list, description="About the node's fields, of which there is metadata.name."
    )


class NodeSelector(ApiModel):
    """Terms of which a node must meet one."""

    node_selector_terms: Annotated[list[NodeSelectorTerm], Field(min_length=1, max_length=8)] = Field(
        description="A node must meet one of these."
    )


class PreferredSchedulingTerm(ApiModel):
    """A term that makes a node the better choice."""

    weight: Annotated[Int, Field(ge=1, le=100)] = Field(description="How much it counts beside other preferences.")
    preference: NodeSelectorTerm = Field(description="What the node should be like.")


class NodeAffinity(ApiModel):
    """Which nodes the pods need, and which they prefer."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = Field(
        None, description="Without such a node, the pod waits."
    )
    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredSchedulingTerm], Field(max_length=8)
    ] = Field(default_factory=list, description="Such a node is taken where there is one.")


class Affinity(ApiModel):
    """Where the pods may run, more freely than nodeSelector can say it."""

    node_affinity: NodeAffinity | None = Field(None, description="Which nodes the pods need or prefer.")
