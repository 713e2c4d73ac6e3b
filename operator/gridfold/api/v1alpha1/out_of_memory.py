"""spec.execution.outOfMemory: what happens to a pod that needs more memory than it has."""

from typing import Annotated

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import Int, Quantity


class OutOfMemory(ApiModel):
    """More memory for those that run out of it, instead of much memory for all."""

    factor: Annotated[Int, Field(ge=2, le=16)] = Field(
        2, description="Each further try has so many times the memory of the one before, request and limit."
    )
    max_memory: Quantity = Field(
        description="No try has more memory than this, such as 16Gi. What needs still more has failed."
    )
