"""spec.execution.resources: compute resources of a pod."""

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import Quantity


class ResourceList(ApiModel):
    """Amounts of compute resources."""

    cpu: Quantity | None = Field(None, description='Processors, such as "1" or "500m".')
    memory: Quantity | None = Field(None, description="Memory, such as 2Gi.")


def _default_requests() -> ResourceList:
    return ResourceList(cpu="1", memory="1Gi")


class Resources(ApiModel):
    """Compute resources of each pod of the trainer."""

    requests: ResourceList = Field(
        default_factory=_default_requests, description="What the scheduler sets aside for the pod."
    )
    limits: ResourceList = Field(default_factory=ResourceList, description="What the pod may use at most.")
