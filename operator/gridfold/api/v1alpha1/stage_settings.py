"""spec.execution.prepare and refit: what is otherwise for one stage than for the cells."""

from typing import Annotated

from pydantic import Field

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1.fields import Int
from gridfold.api.v1alpha1.pod_template import PodTemplate
from gridfold.api.v1alpha1.resources import Resources


class StageSettings(ApiModel):
    """What is otherwise for this stage's one pod than for the cells'."""

    resources: Resources | None = Field(
        None,
        description="Replaces execution.resources for this stage, as a whole: requests and limits belong together.",
    )
    template: PodTemplate | None = Field(
        None,
        description="Each field that is given here replaces the same field of execution.template for this stage, as a "
        'whole (lists and maps are not merged); an empty one ({}, [], "") takes it away.',
    )
    timeout_seconds: Annotated[Int, Field(ge=1, le=604800)] | None = Field(
        None,
        description="A pod of this stage that runs longer is ended, and the job fails; waiting for a node does not "
        "count. Default: 21600 (six hours); for refit, twice execution.cellTimeoutSeconds where that is more.",
    )
