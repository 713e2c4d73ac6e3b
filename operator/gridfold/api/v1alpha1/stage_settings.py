"""spec.execution.prepare and refit: what is otherwise for one stage than for the cells."""

from pydantic import Field

from gridfold.api.base import ApiModel
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
