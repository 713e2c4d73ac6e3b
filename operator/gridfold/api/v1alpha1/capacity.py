"""The part of the spec about nodes for this job alone."""

from typing import Annotated

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import Bool, Int

#: The provider that gives no nodes.
NONE = "none"
PROVIDER_PATTERN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


class CapacitySettings(ApiModel):
    """Nodes for this job alone, from what the platform has, when its pods find no room. All are handed back."""

    provider: Annotated[str, Field(min_length=1, max_length=63, pattern=PROVIDER_PATTERN)] = Field(
        NONE,
        description="Who gives nodes when pods of this job find no room: the name of a provider that the platform has "
        "configured. none: nobody is asked, and pods wait for room, or for what the cluster's autoscaler does by "
        "itself.",
    )
    ahead: Bool = Field(
        False,
        description="Whether nodes are asked for while the data is still being prepared, so that they are there when "
        "the first cell is; what turns out not to be needed, as results were there already, is handed back at once. "
        "Only with a provider that gives nodes before a pod waits for them (not Karpenter): status.capacity tells.",
    )
    max_nodes: Annotated[Int, Field(ge=1, le=1000)] = Field(
        10, description="Most nodes that this job may have from its provider at a time."
    )
    max_node_hours: Annotated[Int, Field(ge=1, le=100_000)] | None = Field(
        None,
        description="Most hours of nodes, nodes times the hours that they are there, that this job may have in all. "
        "When they are used up the nodes are handed back, and cells go on where there is room without them.",
    )
